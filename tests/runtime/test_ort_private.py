"""The private names of the installed onnxruntime do what the runtime relies on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest

from converter.runtime import ort_private as ort
from converter.runtime.arrays.places import NOWHERE
from converter.runtime.device.memory import OrtMemory
from converter.runtime.opening.placement import RECORD

NEGATE = "g (float[n] x) => (float[n] y) { y = Neg(x) }"
FLOAT, UINT8 = 1, 2


@pytest.fixture
def raw(graph: Callable[[str], bytes]) -> Any:
    session = onnxruntime.InferenceSession(graph(NEGATE), providers=["CPUExecutionProvider"])
    return ort.inner(session)


def test_the_inner_session(raw: Any) -> None:
    assert raw.run(["y"], {"x": np.ones(2, np.float32)}, ort.OPTIONS)[0].tolist() == [-1, -1]
    assert [(port.name, port.type, port.shape) for port in (*raw.inputs_meta, *raw.outputs_meta)] == [
        ("x", "tensor(float)", ["n"]),
        ("y", "tensor(float)", ["n"]),
    ]
    assert raw.model_meta.custom_metadata_map == {}
    assert raw.get_providers() == ["CPUExecutionProvider"]


def test_a_binding_reuses_the_memory_that_onnx_runtime_allocated_until_it_is_bound_again(raw: Any) -> None:
    x, cpu = np.ones(2, np.float32), ort.device("cpu", 0)
    binding = ort.Binding(raw)
    binding.bind_input("x", cpu, FLOAT, x.shape, x.ctypes.data)
    binding.bind_output("y", cpu)
    raw.run_with_iobinding(binding, ort.OPTIONS)
    first = binding.get_outputs()[0]
    assert (first.shape(), first.element_type(), first.tensor_size_in_bytes(), first.numpy().tolist()) == ([2], FLOAT, 8, [-1, -1])
    x[:] = 3
    raw.run_with_iobinding(binding, ort.OPTIONS)
    assert binding.get_outputs()[0].data_ptr() == first.data_ptr()
    binding.bind_output("y", cpu)
    raw.run_with_iobinding(binding, ort.OPTIONS)
    assert binding.get_outputs()[0].data_ptr() != first.data_ptr()
    assert first.numpy().tolist() == [-3, -3]
    binding.synchronize_inputs()


def test_a_bound_buffer_of_a_wrong_shape_is_refused(raw: Any) -> None:
    x, y, cpu = np.ones(2, np.float32), np.full(8, 7, np.float32), ort.device("cpu", 0)
    for shape in ((1,), (3,), (2, 1)):
        binding = ort.Binding(raw)
        binding.bind_input("x", cpu, FLOAT, x.shape, x.ctypes.data)
        binding.bind_output("y", cpu, FLOAT, shape, y.ctypes.data)
        with pytest.raises(ort.FAILURES):
            raw.run_with_iobinding(binding, ort.OPTIONS)
    assert y.tolist() == [7] * 8


def test_a_terminated_run_touches_nothing(raw: Any) -> None:
    """It begins no node: what is bound lies at an address that nobody may touch."""
    binding = ort.Binding(raw)
    binding.bind_input("x", ort.device("cpu", 0), FLOAT, (1 << 20,), NOWHERE)
    binding.bind_output("y", ort.device("cpu", 0), FLOAT, (1 << 20,), NOWHERE)
    with pytest.raises(ort.FAILURES, match="terminate"):
        raw.run_with_iobinding(binding, ort.TERMINATED)


def test_values_of_onnx_runtime_hold_bytes() -> None:
    memory = OrtMemory()
    buffer = memory.allocate(12)
    memory.write(buffer, np.float32([[1, 2, 3]]))
    assert buffer.owner.numpy().view(np.float32).tolist() == [1, 2, 3]
    assert buffer.owner.data_ptr() == buffer.pointer
    with pytest.raises(ort.FAILURES):
        memory.write(buffer, np.float32([1, 2]))


def test_every_failure_of_onnx_runtime_is_caught(raw: Any) -> None:
    with pytest.raises(ort.FAILURES):
        raw.run(["y"], {"x": np.ones(2)}, ort.OPTIONS)
    with pytest.raises(ort.FAILURES) as caught:
        onnxruntime.InferenceSession(b"nonsense" * 9)
    assert isinstance(caught.value, ort.InvalidProtobuf)
    assert issubclass(ort.NotImplementedYet, ort.FAILURES)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Load model from a.onnx failed:Protobuf parsing failed.", "Protobuf parsing failed"),
        (
            "Error in execution: Non-zero status code returned while running Gather node. Name:'/emb/Gather' Status Message: idx=5 is out",
            "Gather node '/emb/Gather': idx=5 is out",
        ),
        (
            "[ONNXRuntimeError] : 1 : FAIL : /src/core/model.cc:256 onnxruntime::Model::Model(int&&, const A&) Unsupported version",
            "Unsupported version",
        ),
        ("/src/core/bind.cc:26 void f::{anonymous}::Bind(S*, const std::vector<long int>&) data_ptr != 0 was false.\n\n", "data_ptr != 0 was false"),
        ("", "RuntimeError"),
    ],
)
def test_reasons_without_noise(said: str, meant: str) -> None:
    assert ort.reason(RuntimeError(said)) == meant


def test_the_record_of_where_nodes_run(graph: Callable[[str], bytes]) -> None:
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry(RECORD, "1")
    session = onnxruntime.InferenceSession(graph(NEGATE), options, providers=["CPUExecutionProvider"])
    assert ort.assigned(ort.inner(session)) == [("CPUExecutionProvider", "Neg", "", "")]
    assert ort.assigned(object()) is None
