"""What commands print about reports: tables of cases, inputs and outputs, the summary of several conversions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from converter.units import format_bytes

if TYPE_CHECKING:
    from converter.specs import Dim
    from converter.validation import Agreement, Attempt, Report


def table(rows: Sequence[Sequence[str]], indent: str = "  ") -> str:
    """Return rows as aligned columns, without trailing blanks."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    return "\n".join(indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def dims(shape: Sequence[Dim | None] | None) -> str:
    """Return dims as a person writes them: [batch, 3, width]; [...] where not even their number is known."""
    if shape is None:
        return "[...]"
    return f"[{', '.join('?' if dim is None else str(dim) for dim in shape)}]"


def signature(report: Report) -> str:
    """Return the inputs and outputs of the published graph, a line each."""
    graph = report.attempts[-1].graph
    rows = [(each.name, each.dtype, dims(each.dims)) for each in report.spec.inputs]
    if graph is not None:
        rows += [(name, dtype, dims(shape)) for name, (dtype, shape) in graph.outputs.items()]
    return table(rows)


def validation_table(report: Report, attempt: Attempt) -> str:
    """Return how each output of each case compares, a line each."""
    axes = list(report.spec.axes)
    head = ["case", "from", *axes, "output", "max abs", "max rel", "ulp", "result"]
    cases = {case.name: case for case in report.cases}
    rows = [head]
    for each in attempt.agreements:
        case = cases[each.case]
        sizes = [str(case.sizes.get(axis, "")) for axis in axes]
        plain = "" if each.optimised else ", unoptimised"
        rows.append([case.name.removeprefix("case "), case.origin + plain, *sizes, each.output, *_figures(each)])
    return table(rows)


def _figures(each: Agreement) -> list[str]:
    if each.fault and each.fault != "value":
        return ["", "", "", f"{each.fault}: {each.detail}"]
    verdict = "agrees" if each.agrees else each.detail
    return [
        f"{each.max_abs:.1e}",
        f"{each.max_rel:.1e}",
        f"{each.ulp:.0f}",
        verdict + (f", {each.ties} ties" if each.ties else "") + (f", {each.stepped} one step off" if each.stepped else ""),
    ]


def summary_row(source: Path | str, report: Report) -> list[str]:
    """Return one conversion as a row: source, framework, verdict, error, size, seconds."""
    size = format_bytes(report.published.stat().st_size) if report.published else ""
    verdict = "agrees" if report.agrees else "disagrees"
    worst = f"{report.max_abs:.1e}" if report.agrees else ""
    return [Path(source).name, report.framework, verdict, worst, size, f"{sum(report.seconds.values()):.1f} s"]
