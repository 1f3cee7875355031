"""What `converter bench` prints of a report: what was measured on what, the table, and what has to be known about its figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from converter.benching.quantiles import calls_for
from converter.cli import screens
from converter.units import format_share

if TYPE_CHECKING:
    from converter.benching import BenchReport
    from converter.benching.report import Row

FIGURES = ("p50", "p90", "p99", "± p50", "items/s", "× session.run")
_UNKNOWN = "–"
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def head(report: BenchReport) -> str:
    """Return the facts above the table, a line each."""
    machine, opponent = report.machine, report.opponent
    threads = "as ONNX Runtime chooses" if report.threads is None else str(report.threads)
    facts = [
        ["graph", f"{report.graph} on {report.device}"],
        ["threads", threads],
        ["machine", f"{machine.processor}, {machine.cores} cores, {machine.system}, Python {machine.python}"],
        ["packages", ", ".join(f"{name} {version}" for name, version in machine.packages.items())],
    ]
    if opponent is not None:
        pools = ", ".join(f"{kind} {count}" for kind, count in opponent.threads.items()) or "not known"
        facts.insert(1, ["source", f"{opponent.name}, {opponent.framework}: {opponent.summary}"])
        facts[2][1] += f"; the source's: {pools}"
    facts += [[choice.axis, f"{choice.sizes[0]}, {choice.why}"] for choice in report.choices if len(choice.sizes) == 1]
    if report.data:
        facts.append(["data", report.data])
    return screens.table(facts) + "\n"


def table(report: BenchReport) -> str:
    """Return the table as plain lines, figures aligned to the right."""
    rows = [_columns(report), *_rows(report)]
    words = len(rows[0]) - len(FIGURES)
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return screens.table([[cell if place < words else cell.rjust(widths[place]) for place, cell in enumerate(row)] for row in rows])


def print_table(report: BenchReport) -> None:
    """Print the table on a terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    columns = _columns(report)
    for place, column in enumerate(columns):
        shown.add_column(column, justify="right" if place >= len(columns) - len(FIGURES) else "left", no_wrap=True)
    previous = ""
    for row in _rows(report):
        if previous and row[0] != "" and len(columns) > len(FIGURES) + 1:
            shown.add_section()
        previous = row[0] or previous
        shown.add_row(*row)
    Console().print(shown)


def remarks(report: BenchReport) -> Iterator[str]:
    """Give what has to be known about the figures, a line each."""
    goal = report.goal
    wanted = f"±{format_share(goal.within)} at {format_share(goal.confidence)} confidence"
    if late := [result.title for result in report.results if not result.is_certain]:
        yield f"  the time was up before every median was known to {wanted}, at {'; '.join(late)}; --seconds gives more"
    else:
        yield f"  every median is known to {wanted}"
    reasons = {row.contender: row.reason for result in report.results for row in result.rows if row.reason}
    for contender, reason in reasons.items():
        yield f"  {contender} was not measured: {reason}"
    rows = [row for result in report.results for row in result.rows if row.calls]
    short = {name: quantile for name, quantile in (("p90", 0.9), ("p99", 0.99)) if any(getattr(row, name) is None for row in rows)}
    if short:
        yield f"  told from so many calls on: {', '.join(f'{name} {calls_for(quantile, goal.confidence)}' for name, quantile in short.items())}"


def _columns(report: BenchReport) -> list[str]:
    return [*_varying(report), "contender", *FIGURES]


def _varying(report: BenchReport) -> list[str]:
    """The axes that have several sizes: those columns that differ."""
    return [choice.axis for choice in report.choices if len(choice.sizes) > 1]


def _rows(report: BenchReport) -> Iterator[list[str]]:
    for result in report.results:
        for place, row in enumerate(result.rows):
            sizes = [str(result.sizes[axis]) if place == 0 else "" for axis in _varying(report)]
            yield [*sizes, row.contender, *_figures(row)]


def _figures(row: Row) -> list[str]:
    if not row.calls:
        return [_UNKNOWN] * len(FIGURES)
    width = _UNKNOWN if row.half_width is None else f"{100 * row.half_width:.1f} %"
    throughput = _UNKNOWN if row.throughput is None else _thousands(row.throughput)
    ratio = _UNKNOWN if row.ratio is None else f"{row.ratio:.2f}"
    return [_time(row.p50), _time(row.p90), _time(row.p99), width, throughput, ratio]


def _time(seconds: float | None) -> str:
    """Three significant digits in the unit that suits: 4.12 ms."""
    if seconds is None:
        return _UNKNOWN
    factor, unit = next(((factor, unit) for factor, unit in _UNITS if seconds >= factor), _UNITS[-1])
    value = seconds / factor
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"


def _thousands(number: float) -> str:
    """Three significant digits at least, thousands apart: 1 234 567."""
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f}" if number < 1000 else f"{number:,.0f}".replace(",", " ")
