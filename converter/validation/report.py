"""Everything about one conversion or validation. JSON and the command line's tables are views of it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converter.cases import Case
from converter.errors import ConverterError
from converter.graph import Graph
from converter.specs import ModelSpec
from converter.validation.comparison import Agreement
from converter.validation.diagnosis import diagnose
from converter.validation.tolerance import Tolerance


@dataclass(frozen=True)
class Attempt:
    """What became of one exporter: its error, or its graph and how that compares."""

    exporter: str
    graph: Graph | None = None
    agreements: tuple[Agreement, ...] = ()
    error: ConverterError | None = None
    diagnosis: str = ""
    note: str = ""  # the exporter's own

    @property
    def agrees(self) -> bool:
        """Whether the graph stood every case."""
        return self.graph is not None and bool(self.agreements) and all(each.agrees for each in self.agreements)

    @property
    def max_abs(self) -> float:
        """The largest absolute error of any output in any case."""
        return max((each.max_abs for each in self.agreements), default=0.0)

    @property
    def line(self) -> str:
        """What came of it, in a line."""
        if self.error is not None:
            return f"failed: {self.error.message}"
        if not self.agrees:
            return f"rejected: {self.diagnosis}"
        cases = len({each.case for each in self.agreements})
        worst = max(self.agreements, key=lambda each: each.max_abs)
        ties = sum(each.ties for each in self.agreements if each.optimised)
        tied = f", {ties} labels tie" if ties else ""
        steps = sum(each.stepped for each in self.agreements if each.optimised)
        stepped = (
            f", {steps} of {sum(each.size for each in self.agreements if each.optimised)} values one step of the quantised output off"
            if steps
            else ""
        )
        tiny = "".join(f"; {output} is smaller than the tolerance throughout: a smaller --atol would tell" for output in self._tiny())
        rounding = max(each.rounding for each in self.agreements)
        rounded = f"; the model's own rounding is {rounding:.1e}" if rounding else ""
        return f"{cases} of {cases} cases agree, worst {worst.max_abs:.1e}{tied}{stepped}{rounded}{tiny}"

    def _tiny(self) -> list[str]:
        """The outputs of which nothing but the tolerance says that they agree."""
        sized = {each.output for each in self.agreements if not each.tiny}
        return [output for output in dict.fromkeys(each.output for each in self.agreements) if output not in sized]

    def refuted(self, cases: Sequence[Case]) -> Mapping[str, int] | None:
        """Return the sizes of the first case that the graph got wrong, None where it got none wrong."""
        wrong = {each.case for each in self.agreements if not each.agrees}
        return next((case.sizes for case in cases if case.name in wrong), None)

    @staticmethod
    def judged(exporter: str, graph: Graph, agreements: Sequence[Agreement], cases: Sequence[Case], note: str = "") -> Attempt:
        """Return the attempt of a graph that was validated."""
        return Attempt(exporter, graph, tuple(agreements), None, diagnose(agreements, cases), note)


@dataclass(frozen=True)
class Report:
    """One conversion: what was tried, how it compared, and what was published (None: nothing)."""

    source: str
    framework: str
    spec: ModelSpec
    cases: tuple[Case, ...]
    attempts: tuple[Attempt, ...]
    tolerance: Tolerance = Tolerance()
    left_out: int = 0  # planned cases that the budget left out
    published: Path | None = None
    rejected: Path | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)  # by stage

    @property
    def agrees(self) -> bool:
        """Whether a graph agreed with the model and was published."""
        return any(attempt.agrees for attempt in self.attempts)

    @property
    def max_abs(self) -> float:
        """The largest absolute error of the last attempt."""
        return self.attempts[-1].max_abs if self.attempts else 0.0

    @property
    def proof(self) -> dict[str, str]:
        """What was proven, as metadata of the graph."""
        sizes = {axis: list(found) for axis, found in tried_sizes(self.cases, self.spec).items()}
        return {"converter.max_abs_error": f"{self.max_abs:.1e}", "converter.cases": str(len(self.cases)), "converter.sizes": json.dumps(sizes)}

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "source": self.source,
            "framework": self.framework,
            "agrees": self.agrees,
            "published": str(self.published) if self.published else None,
            "rejected": str(self.rejected) if self.rejected else None,
            "model": self.spec.to_json(),
            "tolerance": dataclasses.asdict(self.tolerance),
            "cases": [{"name": case.name, "origin": case.origin, "sizes": dict(case.sizes)} for case in self.cases],
            "cases_left_out": self.left_out,
            "attempts": [_attempt_to_json(attempt) for attempt in self.attempts],
            "seconds": dict(self.seconds),
        }


def tried_sizes(cases: Sequence[Case], spec: ModelSpec) -> dict[str, tuple[int, ...]]:
    """Return every size of each axis that a case has, ascending."""
    return {axis: tuple(sorted({case.sizes[axis] for case in cases if axis in case.sizes})) for axis in spec.axes}


def summarise(cases: Sequence[Case], spec: ModelSpec, left_out: int) -> str:
    """Return the cases in a line: "9 cases: batch 1 2 5, width 32 100 331"."""
    sizes = ", ".join(f"{axis} {' '.join(map(str, found))}" for axis, found in tried_sizes(cases, spec).items())
    rest = f"; {left_out} left out by the budget" if left_out else ""
    return f"{len(cases)} cases{': ' if sizes else ''}{sizes}{rest}"


def explain(attempts: Sequence[Attempt]) -> tuple[str, str]:
    """Return the message and the hint for attempts that all failed: a single one's own, else one line each."""
    failed = [(each.exporter, each.error) for each in attempts if each.error is not None]
    if not failed:
        return "the model has no exporter", "the plugin must offer at least one"
    if len(failed) == 1:
        return failed[0][1].message, failed[0][1].hint
    lines = "".join(f"\n  {exporter}: {error.message}" for exporter, error in failed)
    return f"no exporter produced a graph{lines}", failed[0][1].hint


def _attempt_to_json(attempt: Attempt) -> dict[str, Any]:
    graph, error = attempt.graph, attempt.error
    return {
        "exporter": attempt.exporter,
        "agrees": attempt.agrees,
        "diagnosis": attempt.diagnosis,
        "note": attempt.note,
        "error": {"kind": type(error).__name__, "message": error.message, "hint": error.hint} if error else None,
        "graph": {"opset": graph.opset, "nodes": graph.nodes, "outputs": {name: [dtype, list(dims)] for name, (dtype, dims) in graph.outputs.items()}}
        if graph
        else None,
        "agreements": [_agreement_to_json(each) for each in attempt.agreements],
    }


def _agreement_to_json(agreement: Agreement) -> dict[str, Any]:
    values = {**dataclasses.asdict(agreement), "agrees": agreement.agrees}
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()}
