"""How a graph that another exporter wrote differs from its model, by the rules of the proof; it runs with the optimisations only, the proof runs ours without them too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from converter.cases.plan import PlannedCase
from converter.framework import SourceModel
from converter.validation.comparison import compare
from converter.validation.tolerance import Tolerance


@dataclass(frozen=True)
class Answer:
    """What a model answers to the feeds of a planned case."""

    planned: PlannedCase
    feeds: Mapping[str, np.ndarray]
    wanted: Mapping[str, np.ndarray]

    @property
    def where(self) -> str:
        """The sizes, or what else tells the case from others."""
        return f"at {dict(self.planned.sizes)}" if self.planned.sizes else self.planned.origin


class Unloadable(Exception):
    """ONNX Runtime cannot load the graph."""


def faults(path: Path, model: SourceModel, answers: Iterable[Answer]) -> Iterator[str]:
    """Give how the graph's answers differ from the model's; what the model's own rounding explains is no fault. Raises Unloadable."""
    session = _session(path)
    for answer in answers:
        try:
            got = session.run(None, _fed(session, answer.feeds))
        except Exception as error:  # noqa: BLE001 - ONNX Runtime's errors have no common class
            yield f"{answer.where}: ONNX Runtime fails: {error}"
            continue
        yield from _differences(answer, got, model)


def _session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Unloadable(f"ONNX Runtime cannot load it: {error}") from error


def _fed(session: Any, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the feeds that the graph reads, by its own names: where these are not the model's, by their place."""
    names = [each.name for each in session.get_inputs()]
    if set(names) <= set(feeds) or len(names) != len(feeds):
        return {name: feed for name, feed in feeds.items() if name in names}
    return dict(zip(names, feeds.values(), strict=True))


def _differences(answer: Answer, got: Sequence[Any], model: SourceModel) -> Iterator[str]:
    if len(got) != len(answer.wanted):
        yield f"{answer.where}: {len(got)} outputs, not {len(answer.wanted)}"
        return
    for (name, want), have in zip(answer.wanted.items(), got, strict=True):
        found = compare(answer.where, name, np.asarray(have), want, Tolerance())
        if found.fault == "value":
            found = compare(answer.where, name, np.asarray(have), want, Tolerance(), None, model.rounding(answer.feeds).get(name, 0.0))
        if not found.agrees:
            yield f"{answer.where}: {name} {found.detail}"
