"""The plot of a benchmark: latency and throughput over the sizes, a line for each contender. matplotlib's Figure alone; no window, no state."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.errors import DestinationError, MissingPackage, UsageError

if TYPE_CHECKING:
    from converter.benching.report import BenchReport, Row

SUFFIXES = (".png", ".svg")
_REPRODUCIBLE: dict[str, dict[str, Any]] = {".svg": {"Date": None}, ".png": {"Software": None}}


def check_plot(path: Path) -> None:
    """See that a plot can be drawn to `path`, before the time for measuring is spent.

    Raises:
        UsageError: the suffix is none that is drawn.
        MissingPackage: matplotlib is not installed.
        DestinationError: it is a folder.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"a plot is written as .png or .svg, not to {path.name}", hint=f"--plot {path.with_suffix('.svg')}")
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingPackage("matplotlib", f"to draw {path.name}", extra="plot")
    if path.is_dir():
        raise DestinationError(f"{path} is a folder", hint="name a file: --plot bench.svg")


def draw(report: BenchReport, path: Path) -> None:
    """Draw the report to a .png or .svg file: the median call with a band up to the 90th percentile, and items a second."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "converter"}):
        figure = Figure(figsize=(10, 4.5), layout="constrained")
        latency, throughput = figure.subplots(1, 2)
        for contender in dict.fromkeys(row.contender for result in report.results for row in result.rows):
            _draw_contender(report, contender, latency, throughput)
        figure.suptitle(_headline(report))
        for axes, title in ((latency, "latency, ms (p50, band to p90)"), (throughput, "items a second")):
            axes.set_yscale("log")
            axes.set_title(title, fontsize="medium")
            axes.set_xticks(range(len(report.results)), _ticks(report))
            axes.set_xlabel(_varying(report) or "")
            axes.grid(visible=True, axis="y", which="major", alpha=0.3)
        latency.legend()
        figure.savefig(path, metadata=_REPRODUCIBLE[path.suffix.lower()], dpi=150)


def _draw_contender(report: BenchReport, contender: str, latency: Any, throughput: Any) -> None:
    rows = [(place, row) for place, result in enumerate(report.results) for row in result.rows if row.contender == contender and row.calls]
    places = [place for place, _ in rows]
    (line,) = latency.plot(places, [_milliseconds(row.p50) for _, row in rows], marker="o", label=contender)
    latency.fill_between(places, *_band([row for _, row in rows]), color=line.get_color(), alpha=0.15, linewidth=0)
    throughput.plot(places, [row.throughput for _, row in rows], marker="o", color=line.get_color())


def _band(rows: list[Row]) -> tuple[list[float], list[float]]:
    return [_milliseconds(row.p50) for row in rows], [_milliseconds(row.p90 or row.p50) for row in rows]


def _milliseconds(seconds: float | None) -> float:
    return (seconds or 0.0) * 1e3


def _headline(report: BenchReport) -> str:
    threads = "as ONNX Runtime chooses" if report.threads is None else str(report.threads)
    return f"{report.graph} on {report.device}; threads: {threads}, cores: {report.machine.cores}"


def _varying(report: BenchReport) -> str | None:
    """The one axis that has several sizes; None where several have, or none."""
    several = [choice.axis for choice in report.choices if len(choice.sizes) > 1]
    return several[0] if len(several) == 1 else None


def _ticks(report: BenchReport) -> list[str]:
    axis = _varying(report)
    return [str(result.sizes[axis]) if axis is not None else result.title.replace(", ", "\n") for result in report.results]
