"""Opening a graph: sizes, options that make sense, captures, and which device `auto` takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnxruntime.capi import _pybind_state

from converter.errors import GraphError, InputError, UsageError
from converter.runtime import Device, Session
from converter.runtime import ort_private as ort
from converter.runtime.opening import graph as opening

NEGATE = "g (float[n, 3] x) => (float[n, 3] y) { y = Neg(x) }"
CONCAT = "g (float[batch, width] x) => (float[batch, wide] y) { y = Concat<axis=1>(x, x) }"


@pytest.mark.parametrize("optimised", [True, False])
def test_sizes_become_the_declared_dims(cpu: Callable[..., Session], *, optimised: bool) -> None:
    session = cpu(CONCAT, sizes={"batch": 2, "width": 3}, optimised=optimised)
    assert (session.inputs[0].dims, session.outputs[0].dims) == ((2, 3), (2, 6))
    assert session(np.ones((2, 3), np.float32)).y.shape == (2, 6)
    for shape in ((1, 3), (2, 4)):
        with pytest.raises(InputError, match=r"wants \[2, 3\]"):
            session(np.ones(shape, np.float32))
    half = cpu(CONCAT, sizes={"width": 3}, optimised=optimised)
    assert (half.inputs[0].dims, half.outputs[0].dims) == (("batch", 3), ("batch", 6))
    assert half(np.ones((5, 3), np.float32)).y.shape == (5, 6)


def test_sizes_correct_output_dims_that_lie(cpu: Callable[..., Session]) -> None:
    lying = "g (float[batch, width] x) => (float[batch, width] y) { y = Concat<axis=1>(x, x) }"
    assert cpu(lying, sizes={"batch": 2, "width": 3}).outputs[0].dims == (2, 6)
    depending = "g (float[n] x) => (int64[1, n] y) { y = NonZero(x) }"
    session = cpu(depending, sizes={"n": 4})
    assert (session.inputs[0].dims, session.outputs[0].dims) == ((4,), (1, "n"))  # what only the data tell stays as declared
    assert session(np.float32([0, 1, 0, 1])).y.shape == (1, 2)


def test_sizes_take_part_in_strings_and_on_device_memory(graph: Callable[[str], bytes], device_as_cuda: Callable[[], Device]) -> None:
    words = Session(graph("g (string[n] x) => (string[n] y) { y = Identity(x) }"), device="cpu", sizes={"n": 2})
    assert words(["a", "b"]).y.tolist() == ["a", "b"]
    with pytest.raises(InputError, match="dimension 0 must be 2"):
        words(["a"])
    session = Session(graph(CONCAT), device=device_as_cuda(), sizes={"batch": 2})
    for _ in range(2):
        assert session(np.ones((2, 3), np.float32)).y.shape == (2, 6)


def test_a_graph_that_cannot_have_these_sizes(graph: Callable[[str], bytes]) -> None:
    with pytest.raises(GraphError) as caught:
        Session(graph("g (float[n] x, float[4] z) => (float[n] y) { y = Add(x, z) }"), device="cpu", sizes={"n": 3})
    assert "Incompatible dimensions" in caught.value.message
    assert caught.value.hint == "the graph may not work at these sizes; without sizes=… it tells whether it loads at all"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"stream": 4096}, "stream"),
        ({"cuda_graph": True}, "cuda_graph"),
        ({"memory_bytes": 1 << 20}, "memory_bytes"),
        ({"provider_options": {"prefer_nhwc": 1}}, "provider_options"),
    ],
)
def test_what_means_nothing_on_the_cpu(cpu: Callable[..., Session], options: dict[str, Any], name: str) -> None:
    with pytest.raises(UsageError) as caught:
        cpu(NEGATE, **options)
    assert caught.value.message == f"{name} means nothing on the CPU"
    assert caught.value.hint == "leave it out, or name the device: Session(…, device='cuda')"


def test_tf32_is_a_permission_that_the_cpu_does_not_use(cpu: Callable[..., Session]) -> None:
    text = "g (float[n, 4] x) => (float[n, 4] y) <float[4, 4] w = {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7}> { y = MatMul(x, w) }"
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    assert np.array_equal(cpu(text, tf32=True)(x).y, cpu(text)(x).y)


@pytest.mark.parametrize(("name", "remark"), [("threads", "every core"), ("memory_bytes", "takes what it needs")])
@pytest.mark.parametrize("value", [0, -1, 1.5, "2", True])
def test_numbers_count_something(graph: Callable[[str], bytes], device_as_cuda: Callable[[], Device], name: str, remark: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        Session(graph(NEGATE), device=device_as_cuda(), **{name: value})
    assert caught.value.message == f"{name} is {value!r}"
    assert caught.value.hint.startswith("give a positive whole number; without it ONNX Runtime")
    assert remark in caught.value.hint


def test_a_capture_wants_every_axis_fixed(graph: Callable[[str], bytes], device_as_cuda: Callable[[], Device]) -> None:
    with pytest.raises(UsageError) as caught:
        Session(graph(CONCAT), device=device_as_cuda(), cuda_graph=True, sizes={"width": 3})
    assert caught.value.message == "the graph in memory cannot be captured as a CUDA graph, which has one shape: batch may vary"
    assert caught.value.hint.startswith("fix every axis: Session(…, cuda_graph=True, sizes={'batch': 8, …})")
    session = Session(graph(CONCAT), device=device_as_cuda(), cuda_graph=True, sizes={"batch": 2, "width": 3})
    assert session.inputs[0].dims == (2, 3)


def test_tensorrt_is_not_captured(graph: Callable[[str], bytes], device_as_cuda: Callable[[], Device]) -> None:
    device = Device("tensorrt:0", ("CPUExecutionProvider",), device_as_cuda().memory, {})
    with pytest.raises(UsageError) as caught:
        Session(graph(NEGATE), device=device, cuda_graph=True, sizes={"n": 2})
    assert caught.value.message == "cuda_graph captures what CUDA's own kernels do, not TensorRT's engines"
    assert caught.value.hint == "open it with device='cuda'"


REFUSED = "This session cannot use the graph capture feature as requested by the user "
CPU_NODES = f"{REFUSED} as all compute graph nodes have not been partitioned to the CUDAExecutionProvider"
CONTROL_FLOW = f"{REFUSED}as the model has control flow nodes which can't be supported by CUDAExecutionProvider"


@pytest.mark.parametrize(
    ("refusal", "why"),
    [(CPU_NODES, "2 nodes run on the CPU: NonZero 'where', Unique"), (CONTROL_FLOW, "the model has control flow nodes")],
)
def test_a_refused_capture_says_why(
    graph: Callable[[str], bytes], device_as_cuda: Callable[[], Device], monkeypatch: pytest.MonkeyPatch, refusal: str, why: str
) -> None:
    """What ONNX Runtime says of a capture can only be had on a GPU; here its words are raised, and its record is read as it would be there."""
    start, seen = opening._start, []

    def refusing(place: Any, device: Device, options: Any, axes: Any) -> Any:
        seen.append(options.cuda_graph)
        if options.cuda_graph:
            raise _pybind_state.Fail(f"[ONNXRuntimeError] : 1 : FAIL : {refusal}")
        return start(place, device, options, axes)

    assigned = [
        ("CUDAExecutionProvider", "Neg", "", "neg"),
        ("CPUExecutionProvider", "NonZero", "", "where"),
        ("CPUExecutionProvider", "Unique", "", ""),
    ]
    monkeypatch.setattr(opening, "_start", refusing)
    monkeypatch.setattr(ort, "assigned", lambda _: assigned)
    monkeypatch.setattr(ort, "inner", lambda _: type("Raw", (), {"get_providers": lambda _: ["CUDAExecutionProvider"]})())
    with pytest.raises(GraphError) as caught:
        Session(graph(NEGATE), device=device_as_cuda(), cuda_graph=True, sizes={"n": 2})
    assert caught.value.message.startswith("the graph in memory cannot be captured as a CUDA graph: ")
    assert why in caught.value.message
    assert caught.value.hint == "leave cuda_graph out: a bound loop needs no capture"
    assert seen == ([True, False] if refusal == CPU_NODES else [True])


def test_an_unknown_option_of_the_provider(
    graph: Callable[[str], bytes], device_as_cuda: Callable[[], Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CPU's provider takes every option; CUDA's refuses in these words."""

    def refusing(*_: object) -> Any:
        raise _pybind_state.Fail('[ONNXRuntimeError] : 1 : FAIL : Unknown provider option: "tf23".')

    monkeypatch.setattr(opening, "_start", refusing)
    with pytest.raises(UsageError) as caught:
        Session(graph(NEGATE), device=device_as_cuda(), provider_options={"tf23": 1})
    assert caught.value.message == 'device cuda:0: Unknown provider option: "tf23"'
    assert caught.value.hint == "provider_options takes the options of ONNX Runtime's provider"


def test_auto_takes_the_cpu_for_a_graph_without_kernels_elsewhere(
    graph: Callable[[str], bytes], device_as_cuda: Callable[[], Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pretended CUDA device runs every node on the CPU, as a real one does with a forest."""
    choose = opening.choose_device
    monkeypatch.setattr(opening, "choose_device", lambda name: device_as_cuda() if name in {"auto", "cuda"} else choose(name))
    assert Session(graph(NEGATE)).device == "cpu"
    assert Session(graph(NEGATE), device="cuda").device == "cuda:0"
    assert Session(graph(NEGATE), memory_bytes=1 << 20).device == "cuda:0"  # who asks for CUDA's memory has it
    monkeypatch.setattr(ort, "assigned", lambda _: [("CUDAExecutionProvider", "Neg", "", "")])
    assert Session(graph(NEGATE)).device == "cuda:0"
    monkeypatch.setattr(ort, "assigned", lambda _: None)
    assert Session(graph(NEGATE)).device == "cuda:0"


def test_the_stream_of_the_caller_is_handed_on_with_what_keeps_it_alive(
    graph: Callable[[str], bytes], device_as_cuda: Callable[[], Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stream:
        ptr = 4096

    device, stream, given = device_as_cuda(), Stream(), []

    def with_stream(address: int | None, owner: object, *, captures: bool) -> Any:
        given.append((address, owner, captures))
        return device.memory

    monkeypatch.setattr(device.memory, "with_stream", with_stream)
    session = Session(graph(NEGATE), device=device, stream=stream)
    assert given == [(4096, stream, False)]
    assert (session._opened.options.stream, session._opened.options.stream_owner) == (4096, stream)
