"""Validate a graph that exists already: against a source model, against cases recorded earlier, or alone. The pipeline without its exporters."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from converter import dtypes
from converter.cases import Case, plan, record
from converter.cases.folders import read_cases
from converter.errors import GraphError, SourceNotFound, UnreadableSource
from converter.framework import SourceModel
from converter.graph import Graph, documents
from converter.graph.inspecting import Summary, inspect
from converter.loading import Loader
from converter.runtime import Session
from converter.runtime.opening.devices import choose_device
from converter.runtime.opening.ports import Port
from converter.runtime.tables.columns import columns_in
from converter.specs import Axis, Dim, Input, ModelSpec, Output, axis_names
from converter.validation import Attempt, Report, Tolerance, settle, summarise, validate
from converter.worker import arrays
from converter.worker.janitor import Janitor

if TYPE_CHECKING:
    from converter.cases.data import Data
    from converter.request import Request
    from converter.stages import Stages

FILE = "file"  # what stands in an Attempt for the exporter


def validate_against_source(path: Path, request: Request, stages: Stages) -> Report:
    """Judge the graph by the answers of the request's source; raises as `pipeline.convert` and GraphError."""
    _check(path, request.device, stages)
    with tempfile.TemporaryDirectory() as folder, Janitor() as janitor, Loader(request, janitor, Path(folder)) as loader:
        janitor.remove(Path(folder))
        with stages("load", loader.framework.name) as stage:
            model = loader.model()
            stage.detail = loader.spec.summary
        with stages("record", loader.framework.name) as stage:
            planned = plan(loader.spec.axes, request.data.cases(loader.spec), request.seeds)
            cases = record(model, planned, Path(folder) / "cases", stage.progress, request.budget)
            stage.detail = summarise(cases, loader.spec, 0)
        loader.close()  # its memory is wanted for the proof

        def measure(case: Case) -> None:
            loader.model().rounding(case.folder)

        return _judge(path, loader.framework.name, request.source.name, loader.spec, cases, request.tolerance, request.device, stages, measure)


def validate_against_cases(path: Path, folder: Path, tolerance: Tolerance, device: str, stages: Stages) -> Report:
    """Judge the graph by recorded cases; raises GraphError, SourceNotFound and UnreadableSource."""
    _check(path, device, stages)
    graph = inspect(path)
    with tempfile.TemporaryDirectory() as work:
        recorded, cases = read_cases(folder, ([value.name for value in graph.inputs], [value.name for value in graph.outputs]), Path(work))
        spec = recorded or spec_of(Session(path, device="cpu"), {})
        _check_outputs(spec, cases)
        return _judge(path, "cases", str(folder), spec, cases, tolerance, device, stages)


def _check_outputs(spec: ModelSpec, cases: Sequence[Case]) -> None:
    wanted = [output.name for output in spec.outputs]
    for case in cases:
        if not set(wanted) <= case.answers.keys():
            message = f"{case.name} records outputs {sorted(case.answers)}, the graph has {sorted(wanted)}"
            raise UnreadableSource(message, hint="are these the cases of another graph?")


def validate_alone(
    path: Path, data: Data, given: tuple[tuple[Input, ...], Mapping[str, Axis]], tolerance: Tolerance, device: str, seeds: int, stages: Stages
) -> Report:
    """Judge the graph by itself: valid, loadable, and the same with and without ONNX Runtime's optimisations. Raises GraphError."""
    _check(path, device, stages)
    model = GraphModel(path, *given)
    with tempfile.TemporaryDirectory() as work:
        with stages("record", FILE) as stage:
            planned = plan(model.spec.axes, data.cases(model.spec), seeds)
            cases = record(model, planned, Path(work), stage.progress)
            stage.detail = summarise(cases, model.spec, 0)
        return _judge(path, "onnx", path.name, model.spec, cases, tolerance, device, stages)


class GraphModel(SourceModel):
    """A graph as its own source: ONNX Runtime's answers without optimisations."""

    exporters = ()

    def __init__(self, path: Path, inputs: tuple[Input, ...] = (), axes: Mapping[str, Axis] | None = None) -> None:
        self._session = Session(path, device="cpu", optimised=False)
        spec = spec_of(self._session, axes or {})
        self.inputs, self.outputs, self.axes, self.metadata = (
            inputs or spec.inputs,
            spec.outputs,
            spec.axes if not inputs else axes or {},
            spec.metadata,
        )

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """See SourceModel; raises GraphError and InputError."""
        return self._session.run(feeds)

    def record(self, folder: Path, seed: int, sizes: Mapping[str, int], feeds: Path | None = None, *, twice: bool = False) -> None:
        """Write feeds and answers to `folder`, as a loaded model does."""
        given = arrays.read(feeds) if feeds is not None else self.sample(np.random.default_rng(seed), sizes)
        arrays.write(given, folder / "inputs")
        for name in ("outputs", "again") if twice else ("outputs",):
            arrays.write(self.run(given), folder / name)


def _check(path: Path, device: str, stages: Stages) -> None:
    choose_device(device)  # what cannot be is refused before the work, not after it
    if not path.is_file():
        raise SourceNotFound(str(path), hint="check the path")
    with stages("check", path.name):
        documents.check(path)


def _judge(
    path: Path,
    framework: str,
    source: str,
    spec: ModelSpec,
    cases: Sequence[Case],
    tolerance: Tolerance,
    device: str,
    stages: Stages,
    measure: Callable[[Case], None] | None = None,
) -> Report:
    with stages("validate", FILE) as stage:
        summary = inspect(path)
        names = names_in_graph(spec, summary)
        judge = partial(validate, path, spec.outputs, cases, tolerance, device, stage.progress, names)
        found = settle(judge, cases, tolerance, measure)
        outputs = {value.name: (value.dtype, value.dims or ()) for value in summary.outputs}
        graph = Graph(path, None, outputs, summary.opsets.get("", 0), sum(summary.operators.values()))
        judged = Attempt.judged(FILE, graph, found, cases)
        stage.detail = judged.line
    return Report(source, framework, spec, tuple(cases), (judged,), tolerance, seconds=dict(stages.seconds))


def names_in_graph(spec: ModelSpec, graph: Session | Summary) -> dict[str, str]:
    """Return the graph's name for each of the model's: its own, or by position where there are as many. Raises GraphError."""
    names: dict[str, str] = {}
    sides = (
        ("inputs", [each.name for each in spec.inputs], [port.name for port in graph.inputs]),
        ("outputs", [each.name for each in spec.outputs], [port.name for port in graph.outputs]),
    )
    for side, wanted, found in sides:
        if not set(wanted) <= set(found) and len(wanted) != len(found):
            raise GraphError(f"the graph has {side} {found}, the model has {wanted}", hint="is this the graph of another model?")
        names |= {name: name for name in wanted} if set(wanted) <= set(found) else dict(zip(wanted, found, strict=True))
    return names


def spec_of(session: Session, axes: Mapping[str, Axis]) -> ModelSpec:
    """What a graph declares of itself; a dim without a readable name becomes an axis of its own."""
    columns = columns_in(session.metadata)
    inputs = tuple(
        Input(
            port.name,
            dtype_of(port),
            tuple(_dim(dim, f"{port.name}_dim_{place}") for place, dim in enumerate(port.dims or ())),
            columns=columns.get(port.name, ()),
        )
        for port in session.inputs
    )
    named = {name: axes.get(name, Axis()) for name in axis_names(inputs)}
    return ModelSpec(inputs, tuple(Output(port.name) for port in session.outputs), named, metadata=dict(session.metadata))


def dtype_of(port: Port) -> str:
    """Return the name of a port's dtype; raises GraphError for a sequence, map or optional, which no case can hold."""
    if port.dtype is None:
        raise GraphError(f"'{port.name}' is a {port.type}, and cases hold dense tensors only", hint="validate a graph with tensors at its border")
    return dtypes.name_of(port.dtype)


def _dim(dim: Dim | None, own: str) -> Dim:
    readable = isinstance(dim, int) or (isinstance(dim, str) and re.fullmatch(r"[A-Za-z_]\w*(\s*\+\s*\w+)*", dim))
    return dim if readable and dim is not None else re.sub(r"\W", "_", own)
