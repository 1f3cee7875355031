"""What becomes of a case in each column: ours as the host converts it, and each of torch's two exporters alone.

A bare exporter gets the same function from tensors to tensors, the same example and every free axis, as a careful user would give them. Its graph agrees where ONNX
Runtime gives the model's own answers for every case of the proof's plan, by the proof's tolerances; it runs with the optimisations only, the proof runs ours without them too.
"""

from __future__ import annotations

import copy
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from converter.cases import plan
from converter.cases.data import Data
from converter.cases.plan import PlannedCase
from converter.request import Request
from measuring.conversion import converted, cpu_seconds
from measuring.faults import Answer, Unloadable, faults
from measuring.graphs import facts
from measuring.verdict import OURS, Verdict, failed, short
from torch_cases.case import Case

if TYPE_CHECKING:
    from converter_torch.model import TorchModel

DYNAMO = "dynamo"
TORCHSCRIPT = "torchscript"
COLUMNS = (DYNAMO, TORCHSCRIPT, OURS)
OPSET = 20


def judge(case: Case, column: str) -> Verdict:
    """Return what becomes of a case in a column."""
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        return _ours(case, folder) if column == OURS else _bare(case, column, folder)


def _ours(case: Case, folder: Path) -> Verdict:
    destination = folder / "graph.onnx"
    request = Request(case.source(folder), destination, inputs=case.inputs, axes=case.axes, options=case.options, data=_data(case, folder))
    return converted(request, case.row, case.setting)


def _data(case: Case, folder: Path) -> Data:
    if case.feeds is None:
        return Data()
    path = folder / "own.npz"
    np.savez(path, **case.feeds)
    return Data(arrays=(path,))


def _bare(case: Case, column: str, folder: Path) -> Verdict:
    model = case.load(folder)
    answers = [Answer(planned, feeds, model.run(copy.deepcopy(feeds))) for planned, feeds in _feeds(case, model)]
    path = folder / "graph.onnx"
    started = cpu_seconds()
    try:
        _EXPORTERS[column](model, path)
    except Exception as error:  # noqa: BLE001 - an exporter fails in its own ways
        return failed(case.row, case.setting, column, f"{type(error).__name__}: {_root(error)}")
    seconds = cpu_seconds() - started
    try:
        fault = next(faults(path, model, answers), "")
    except Unloadable as error:
        fault = str(error)
    return Verdict(case.row, case.setting, column, short(fault), converted=True, by=column, seconds=seconds, **facts(path))


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


def _root(error: BaseException) -> str:
    """Return what the innermost of an error's causes says."""
    while error.__cause__ is not None and error.__cause__ is not error:
        error = error.__cause__
    return str(error)
