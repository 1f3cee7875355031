"""What a benchmark found, as a value; the table, the JSON and the plot are views of it. Times are in seconds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from converter.benching.calls import PLAIN, Contender
from converter.benching.machine import Machine
from converter.benching.sampling import Goal, Measured
from converter.benching.sizes import Choice, title

FORMAT = 1  # of the JSON document


@dataclass(frozen=True)
class Row:
    """One contender at one combination of sizes; all None where it was not measured, with the `reason`.

    `half_width` is of the median's confidence interval, as a share of the median; `throughput` is in items a second; `ratio` is that of the medians to
    ONNX Runtime's own call. A percentile is None where the calls are too few for it.
    """

    contender: str
    reason: str = ""
    calls: int = 0
    turns: int = 0
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    half_width: float | None = None
    throughput: float | None = None
    ratio: float | None = None


@dataclass(frozen=True)
class Result:
    """Every contender at one combination of sizes; `is_certain`: the measurement ended because every median was known well enough, not for time."""

    sizes: Mapping[str, int]
    items: int
    rounds: int
    seconds: float
    is_certain: bool
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """The sizes in words."""
        return title(self.sizes)

    @property
    def half_width(self) -> float | None:
        """The widest of the rows' half-widths; None where one is not known."""
        widths = [row.half_width for row in self.rows if row.calls]
        return max(width for width in widths if width is not None) if widths and None not in widths else None


@dataclass(frozen=True)
class Opponent:
    """The source model: its name, its framework, its summary, and the threads of the libraries in its process, by their kind."""

    name: str
    framework: str
    summary: str
    threads: Mapping[str, int]


@dataclass(frozen=True)
class BenchReport:
    """A whole benchmark; `threads` is None where ONNX Runtime chose."""

    graph: str
    device: str
    threads: int | None
    goal: Goal
    machine: Machine
    choices: tuple[Choice, ...]
    results: tuple[Result, ...]
    opponent: Opponent | None = None
    data: str = ""
    """Where real feeds come from; empty where they are random."""

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "format": FORMAT,
            "graph": self.graph,
            "settings": {"device": self.device, "threads": self.threads, "data": self.data, **dataclasses.asdict(self.goal)},
            "machine": dataclasses.asdict(self.machine),
            "source": dataclasses.asdict(self.opponent) if self.opponent is not None else None,
            "axes": {choice.axis: {"sizes": list(choice.sizes), "why": choice.why} for choice in self.choices},
            "results": [{**dataclasses.asdict(result), "half_width": result.half_width} for result in self.results],
        }


def result(sizes: Mapping[str, int], items: int, contenders: Sequence[Contender], measured: Measured, goal: Goal) -> Result:
    """Return what was measured at one combination of sizes."""
    rows = tuple(_row(each, measured, items, goal.confidence) for each in contenders)
    return Result(dict(sizes), items, measured.rounds, measured.seconds, measured.is_certain, rows)


def _row(contender: Contender, measured: Measured, items: int, confidence: float) -> Row:
    if contender.turn is None:
        return Row(contender.name, contender.reason)
    sample, plain = measured.samples[contender.name], measured.samples.get(PLAIN)
    return Row(
        contender.name,
        calls=len(sample.calls),
        turns=len(sample.turns),
        p50=sample.median,
        p90=sample.quantile(0.9, confidence),
        p99=sample.quantile(0.99, confidence),
        half_width=sample.half_width(confidence),
        throughput=items / sample.median if sample.median else None,
        ratio=sample.median / plain.median if plain is not None and plain.median else None,
    )
