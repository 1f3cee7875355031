"""Run a finished graph on every recorded case and compare. Nothing here sees a framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from converter.cases import Case
from converter.errors import GraphError, InputError
from converter.runtime import Session
from converter.specs import Output
from converter.validation.comparison import Agreement, compare, near_ties
from converter.validation.tolerance import Tolerance


def unheard(_done: int, _total: int) -> None:
    """Progress that nobody asked for."""


def validate(
    graph: Path,
    outputs: Sequence[Output],
    cases: Sequence[Case],
    tolerance: Tolerance = Tolerance(),
    device: str = "cpu",
    progress: Callable[[int, int], None] = unheard,
    names: Mapping[str, str] | None = None,
) -> tuple[Agreement, ...]:
    """Return how each output of each case compares: with all of ONNX Runtime's optimisations, the first and the largest case also with none.

    `names` maps the model's input and output names to the graph's where they differ. Raises GraphError where ONNX Runtime cannot load the graph, and DeviceUnavailable.
    """
    session = Session(graph, device=device)
    plain = {cases[0].name, max(cases, key=_elements).name}
    agreements: list[Agreement] = []
    for number, case in enumerate(cases):
        agreements += _judge(session, outputs, case, tolerance, names or {}, optimised=True)
        progress(number + 1, len(cases) + len(plain))
    del session  # two of a large model are twice its weights
    unoptimised = Session(graph, device=device, optimised=False)
    for number, case in enumerate(each for each in cases if each.name in plain):
        agreements += _judge(unoptimised, outputs, case, tolerance, names or {}, optimised=False)
        progress(len(cases) + number + 1, len(cases) + len(plain))
    return tuple(agreements)


def _elements(case: Case) -> int:
    return sum(array.size for array in case.feeds.values())


def _judge(
    session: Session, outputs: Sequence[Output], case: Case, tolerance: Tolerance, names: Mapping[str, str], *, optimised: bool
) -> list[Agreement]:
    try:
        got = session.run({names.get(name, name): feed for name, feed in case.feeds.items()})
    except (GraphError, InputError) as error:
        return [Agreement(case.name, "", "run", f"the graph fails: {error.message}", optimised=optimised)]
    strict = tolerance.atol is not None  # the user's own bound is the last word
    answers, rounding = case.answers, None if strict else case.rounding
    found = []
    for output in outputs:
        tied = _ties(output, answers, tolerance)
        graph = got[names.get(output.name, output.name)]
        agreement = compare(
            case.name,
            output.name,
            graph,
            answers[output.name],
            tolerance,
            tied,
            (rounding or {}).get(output.name, 0.0),
            0.0 if strict else output.step,
        )
        if not agreement.agrees:
            agreement = _swapped(agreement, graph, answers, tolerance) or agreement
        found.append(replace(agreement, optimised=optimised))
    return found


def _swapped(wrong: Agreement, graph: np.ndarray, answers: Mapping[str, np.ndarray], tolerance: Tolerance) -> Agreement | None:
    """Where the graph gives under this name what the model gives under another one, say so."""
    for name, answer in answers.items():
        if name != wrong.output and graph.size and compare(wrong.case, name, graph, np.asarray(answer), tolerance).agrees:
            return replace(wrong, fault="swapped", detail=f"the graph gives what the model calls {name}")
    return None


def _ties(output: Output, answers: Mapping[str, np.ndarray], tolerance: Tolerance) -> np.ndarray | None:
    if not output.label_of:
        return None
    tied, labels = near_ties(np.asarray(answers[output.label_of]), tolerance), answers[output.name]
    return tied.reshape(labels.shape) if tied.size == labels.size else None  # scores that are no row for each label excuse nothing
