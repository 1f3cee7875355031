"""Take a graph through the finish stage, and prove with ONNX Runtime that it still answers as it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from converter.cases import Case
from converter.cases.data import sizes_of
from converter.graph import Graph, finish
from converter.specs import Axis, Input, ModelSpec, Output, axis_names
from converter.worker import arrays

Feeds = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Finished:
    """A finished graph, and the file that it was made of."""

    graph: Graph
    raw: Path

    @property
    def proto(self) -> onnx.ModelProto:
        """The graph as protobuf."""
        return onnx.load(self.graph.path)

    @property
    def operators(self) -> list[str]:
        """Operators of the main graph, in order."""
        return [node.op_type for node in self.proto.graph.node]

    @property
    def signature(self) -> dict[str, list[Any]]:
        """Dims of each declared input and output."""
        values = [*self.proto.graph.input, *self.proto.graph.output]
        return {value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in values}


def answers_of(path: Path, feeds: Feeds, outputs: Sequence[str]) -> list[Any]:
    """What ONNX Runtime makes of it, unoptimised."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return list(onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).run(list(outputs), dict(feeds)))


def same(first: Any, second: Any) -> bool:
    """Equal in shape, dtype and value."""
    one, two = np.asarray(first), np.asarray(second)
    return one.shape == two.shape and one.dtype == two.dtype and bool(np.array_equal(one, two, equal_nan=one.dtype.kind in "fc"))


def spec_of(inputs: Sequence[Input], outputs: Sequence[str]) -> ModelSpec:
    return ModelSpec(tuple(inputs), tuple(Output(name) for name in outputs), {name: Axis() for name in axis_names(tuple(inputs))})


@pytest.fixture
def finished(tmp_path: Path, graph_file: Callable[[Path, str], Path]) -> Callable[..., Finished]:
    """Finish a graph; `raw_names` maps the spec's names to the raw graph's, `feeds` are one or several cases."""

    def go(
        model: str | onnx.ModelProto | Path,
        inputs: Sequence[Input],
        outputs: Sequence[str],
        *feeds: Feeds,
        raw_names: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
        domains: Sequence[str] = (),
    ) -> Finished:
        raw, names, spec = written(model), raw_names or {}, spec_of(inputs, outputs)
        cases = []
        for number, each in enumerate(feeds):
            wanted = {names.get(name, name): array for name, array in each.items()}
            known = {value.name for value in onnx.load(raw, load_external_data=False).graph.input}
            given = {name: array for name, array in wanted.items() if name in known}
            answers = dict(zip(outputs, answers_of(raw, given, [names.get(name, name) for name in outputs]), strict=True))
            folder = tmp_path / "cases" / str(number)
            arrays.write(each, folder / "inputs")
            arrays.write(answers, folder / "outputs")
            cases.append(Case(f"case {number}", "by hand", sizes_of(spec.inputs, each), folder))
        graph = finish(raw, spec, cases, metadata or {}, domains)
        for case in cases:
            found = answers_of(graph.path, case.feeds, outputs)
            assert all(same(got, case.answers[name]) for got, name in zip(found, outputs, strict=True))
        return Finished(graph, raw)

    def written(model: str | onnx.ModelProto | Path) -> Path:
        if isinstance(model, Path):
            return model
        raw = tmp_path / "raw.onnx"
        if isinstance(model, str):
            return graph_file(raw, model)
        onnx.save(model, raw)
        return raw

    return go
