"""Where nodes run: ONNX Runtime's record, and what a Session makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from types import SimpleNamespace
from typing import Any

import pytest

from converter.errors import UsageError
from converter.runtime import Node, Placement, Session
from converter.runtime.opening.placement import placement


class Raw:
    """ONNX Runtime's record of a session on several providers."""

    def __init__(self, *nodes: tuple[str, str, str, str]) -> None:
        self.nodes = nodes

    def get_providers(self) -> list[str]:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    def get_provider_graph_assignment_info(self) -> list[Any]:
        return [
            SimpleNamespace(ep_name=provider, get_nodes=lambda node=node: [SimpleNamespace(op_type=node[0], domain=node[1], name=node[2])])
            for provider, *node in self.nodes
        ]


def test_every_node_of_a_cpu_session_is_where_it_belongs(cpu: Callable[..., Session]) -> None:
    session = cpu("g (float[n] x) => (float[n] y) { a = Neg(x) b = Relu(a) y = Add(a, b) }", optimised=False)
    assert session.placement() == Placement({"CPUExecutionProvider": 3}, ())
    assert str(session.placement()) == "nodes: 3 on CPU"


def test_nodes_on_the_cpu_of_a_cuda_session_are_named() -> None:
    found = placement(
        Raw(
            ("CPUExecutionProvider", "Shape", "", "/size"),
            ("CPUExecutionProvider", "Shape", "", ""),
            ("CUDAExecutionProvider", "Conv", "", "/conv"),
            ("CPUExecutionProvider", "NonZero", "", "where"),
        )
    )
    assert found.counts == {"CUDAExecutionProvider": 1, "CPUExecutionProvider": 3}
    assert next(iter(found.counts)) == "CUDAExecutionProvider"
    assert found.on_cpu == (Node("/size", "Shape", ""), Node("", "Shape", ""), Node("where", "NonZero", ""))
    assert [str(node) for node in found.on_cpu] == ["Shape '/size'", "Shape", "NonZero 'where'"]
    assert str(found) == "nodes: 1 on CUDA, 3 on CPU; on the CPU: Shape 2, NonZero 1"
    assert found.note == ""
    with pytest.raises(FrozenInstanceError):
        found.on_cpu = ()  # type: ignore[misc]


def test_a_forest_gains_nothing_from_cuda() -> None:
    found = placement(Raw(("CPUExecutionProvider", "TreeEnsembleClassifier", "ai.onnx.ml", "")))
    assert found.note == "ONNX Runtime has hardly any CUDA kernels for ai.onnx.ml; such a graph gains nothing from CUDA"
    assert str(found) == f"nodes: 1 on CPU; on the CPU: TreeEnsembleClassifier 1; {found.note}"


def test_a_graph_without_nodes(cpu: Callable[..., Session]) -> None:
    session = cpu("g (float[n] x) => (float[n] x) { }")
    assert session.placement() == Placement({}, ())
    assert str(session.placement()) == "nodes: none"


def test_an_onnx_runtime_that_keeps_no_record() -> None:
    with pytest.raises(UsageError) as caught:
        placement(SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"]))
    assert caught.value.message == "this ONNX Runtime keeps no record of where nodes run"
    assert caught.value.hint == "pip install -U onnxruntime-gpu, or onnxruntime"
