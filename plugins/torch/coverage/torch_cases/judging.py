"""What becomes of a case in each column: ours as the host converts it, and each of torch's two exporters alone.

A bare exporter gets the same function from tensors to tensors, the same example and every free axis, as a careful user would give them. Its graph agrees where ONNX
Runtime gives the model's own answers for every case of the proof's plan, by the proof's tolerances; it runs with the optimisations only, the proof runs ours without them too.
"""

from __future__ import annotations

import copy
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime

from converter.cases import plan
from converter.cases.data import Data
from converter.cases.plan import PlannedCase
from converter.errors import ConverterError
from converter.pipeline import convert
from converter.request import Request
from converter.stages import Event, Stages
from converter.validation.comparison import compare
from converter.validation.tolerance import Tolerance
from torch_cases.case import Case

if TYPE_CHECKING:
    from converter_torch.model import TorchModel

OURS = "ours"
DYNAMO = "dynamo"
TORCHSCRIPT = "torchscript"
COLUMNS = (DYNAMO, TORCHSCRIPT, OURS)
OPSET = 20
_SHOWN = 300  # characters of a reason


@dataclass(frozen=True)
class Verdict:
    """What became of one case in one column; `reason` is "" where it agrees at every size.

    `converted` says whether there is a graph: of ours only one that agrees, since the proof publishes no other. `seconds` are of the CPU, of its export alone.
    `refused` marks a graph of ours that the proof refused.
    """

    row: str
    setting: str
    column: str
    reason: str = ""
    converted: bool = False
    refused: bool = False
    by: str = ""
    nodes: int = 0
    seconds: float = 0.0
    tried: Mapping[str, str] = field(default_factory=dict)  # of ours: what became of each exporter

    @property
    def agrees(self) -> bool:
        """Whether the graph gives what the model gives."""
        return not self.reason

    @property
    def is_wrong(self) -> bool:
        """Whether there is a graph that gives something else."""
        return self.converted and not self.agrees

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as JSON values."""
        return asdict(self)


def judge(case: Case, column: str) -> Verdict:
    """Return what becomes of a case in a column."""
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        return _ours(case, folder) if column == OURS else _bare(case, column, folder)


def failed(case: Case, column: str, reason: str) -> Verdict:
    """Return the verdict of a conversion that gave no graph."""
    return Verdict(case.row, case.setting, column, short(reason))


def short(reason: str) -> str:
    """Return a reason in one line, not too long."""
    line = " ".join(reason.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _ours(case: Case, folder: Path) -> Verdict:
    destination = folder / "graph.onnx"
    request = Request(case.source(folder), destination, inputs=case.inputs, axes=case.axes, options=case.options, data=_data(case, folder))
    clock = _ExportClock()
    try:
        report = convert(request, Stages((clock,)))
    except ConverterError as error:
        return failed(case, OURS, error.message)
    last = report.attempts[-1]
    tried = {each.exporter: short(each.line) for each in report.attempts}
    if last.agrees and last.graph is not None:
        return Verdict(
            case.row,
            case.setting,
            OURS,
            converted=True,
            by=last.exporter,
            nodes=last.graph.nodes,
            seconds=clock.seconds,
            tried=tried,
        )
    refused = next((each for each in report.attempts if each.graph is not None), last)
    return Verdict(case.row, case.setting, OURS, short(f"{refused.exporter}: {refused.line}"), refused=refused.graph is not None, tried=tried)


class _ExportClock:
    """Notes how many seconds of the CPU the last export took."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._started = 0.0

    def __call__(self, event: Event) -> None:
        """Be told of a stage."""
        if event.stage == "export" and event.state == "started":
            self._started = cpu_seconds()
        elif event.stage == "export" and event.state == "finished":
            self.seconds = cpu_seconds() - self._started


def cpu_seconds() -> float:
    """Return the seconds that the CPU has given to this process and to the children that it has waited for."""
    return sum(os.times()[:4])


def _data(case: Case, folder: Path) -> Data:
    if case.feeds is None:
        return Data()
    path = folder / "own.npz"
    np.savez(path, **case.feeds)
    return Data(arrays=(path,))


def _bare(case: Case, column: str, folder: Path) -> Verdict:
    model = case.load(folder)
    answers = [(planned, feeds, model.run(copy.deepcopy(feeds))) for planned, feeds in _feeds(case, model)]
    path = folder / "graph.onnx"
    started = cpu_seconds()
    try:
        _EXPORTERS[column](model, path)
    except Exception as error:  # noqa: BLE001 - an exporter fails in its own ways
        return failed(case, column, f"{type(error).__name__}: {_root(error)}")
    seconds = cpu_seconds() - started
    nodes = len(onnx.load(path, load_external_data=False).graph.node)
    fault = next(_faults(path, model, answers), "")
    return Verdict(case.row, case.setting, column, short(fault), converted=True, by=column, nodes=nodes, seconds=seconds)


def _feeds(case: Case, model: TorchModel) -> Iterator[tuple[PlannedCase, dict[str, np.ndarray]]]:
    """Give the feeds of every case that the proof plans, and the case's own."""
    for planned in plan(model.axes):
        yield planned, model.sample(np.random.default_rng(planned.seed), planned.sizes)
    if case.feeds is not None:
        yield PlannedCase("its own feeds", 0, {}), dict(case.feeds)


def _dynamo(model: TorchModel, path: Path) -> None:
    import torch
    from torch.export import Dim, ShapesCollection

    example = model.example()
    shapes = ShapesCollection()  # type: ignore[no-untyped-call]
    for each, tensor in zip(model.inputs, example, strict=True):
        if free := {place: Dim.DYNAMIC for place, dim in enumerate(each.dims) if isinstance(dim, str)}:
            shapes[tensor] = free
    torch.onnx.export(
        model.flat,
        example,
        path,
        dynamo=True,
        dynamic_shapes=shapes.dynamic_shapes(model.flat, example),  # type: ignore[no-untyped-call]
        input_names=[each.name for each in model.inputs],
        output_names=[each.name for each in model.outputs],
        opset_version=OPSET,
        external_data=False,
        verbose=False,
    )


def _torchscript(model: TorchModel, path: Path) -> None:
    import torch

    names = [each.name for each in model.inputs]
    torch.onnx.export(
        model.flat,
        model.example(),
        path,
        dynamo=False,
        dynamic_axes={each.name: {place: dim for place, dim in enumerate(each.dims) if isinstance(dim, str)} for each in model.inputs},
        input_names=names,
        output_names=[each.name for each in model.outputs],
        opset_version=OPSET,
    )


_EXPORTERS: Mapping[str, Callable[[TorchModel, Path], None]] = MappingProxyType({DYNAMO: _dynamo, TORCHSCRIPT: _torchscript})


def _faults(path: Path, model: TorchModel, answers: list[tuple[PlannedCase, dict[str, np.ndarray], dict[str, np.ndarray]]]) -> Iterator[str]:
    """Give how the graph's answers differ from the model's, the sizes beside it; what the model's own rounding explains is no fault, as in the proof."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - ONNX Runtime's errors have no common class
        yield f"ONNX Runtime cannot load it: {error}"
        return
    read = {each.name for each in session.get_inputs()}
    for planned, feeds, wanted in answers:
        where = f"at {dict(planned.sizes)}" if planned.sizes else planned.origin
        try:
            got = session.run(None, {name: feed for name, feed in feeds.items() if name in read})
        except Exception as error:  # noqa: BLE001 - as above
            yield f"{where}: ONNX Runtime fails: {error}"
            continue
        if len(got) != len(wanted):
            yield f"{where}: {len(got)} outputs, not {len(wanted)}"
            continue
        for (name, want), have in zip(wanted.items(), got, strict=True):
            found = compare(where, name, np.asarray(have), want, Tolerance())
            if found.fault == "value":
                found = compare(where, name, np.asarray(have), want, Tolerance(), None, model.rounding(feeds).get(name, 0.0))
            if not found.agrees:
                yield f"{where}: {name} {found.detail}"


def _root(error: BaseException) -> str:
    """Return what the innermost of an error's causes says."""
    while error.__cause__ is not None and error.__cause__ is not error:
        error = error.__cause__
    return str(error)
