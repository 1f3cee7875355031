"""A Session on a CUDA device. What needs no CUDA arithmetic is tested everywhere: test_double.py and tests/runtime/test_binding.py."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import onnx.parser
import pytest

from converter.errors import DeviceUnavailable, InputError
from converter.runtime import Block, Session, devices, survey_providers
from converter.runtime.given import look
from converter.runtime.places import CUDA, Place

REASON = devices.why_not_cuda(0)
pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(REASON), reason=f"no CUDA device starts here: {REASON}")]

NEGATE = "g (float[n, m] x) => (float[n, m] y) { y = Neg(x) }"


def cuda(text: str, **options: object) -> Session:
    model = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 20]> {text}')
    return Session(model.SerializeToString(), device="cuda", **options)


@pytest.fixture
def torch() -> Any:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    return torch


def test_the_device_is_what_it_says() -> None:
    assert cuda(NEGATE).device == "cuda:0"
    assert {state.name: state.starts for state in survey_providers()}["CUDAExecutionProvider"]
    model = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 20]> {NEGATE}').SerializeToString()
    assert Session(model).device == "cuda:0"
    with pytest.raises(DeviceUnavailable, match="cuda:99 cannot start") as caught:
        Session(model, device="cuda:99")
    assert "converter doctor" in caught.value.hint


@pytest.mark.parametrize("kind", ["bool", "int32", "int64", "float16", "float", "double", "bfloat16"])
def test_numpy_in_numpy_out(kind: str) -> None:
    session = cuda(f"g ({kind}[n] x) => ({kind}[n] y, {kind}[n] x) {{ y = Identity(x) }}")
    x = np.array([0, 1, 1]).astype(session.inputs[0].dtype)
    for _ in range(3):
        out = session(x)
        assert type(out.y) is np.ndarray
        assert out.y.dtype == out.x.dtype == x.dtype
        assert out.y.astype(np.float64).tolist() == out.x.astype(np.float64).tolist() == [0, 1, 1]


def test_strings_take_the_plain_road() -> None:
    session = cuda("g (string[n] word, float[n] x) => (string[n] y, float[n] z) { y = Identity(word) z = Neg(x) }")
    out = session(["a", "b"], [1.0, 2.0])
    assert (out.y.tolist(), out.z.tolist()) == (["a", "b"], [-1, -2])


def test_torch_tensors_are_read_where_they_lie_and_results_stay_there(torch: Any) -> None:
    session = cuda(NEGATE)
    x = torch.ones(64, 64, device="cuda")
    assert look(session.inputs[0], x, Place(CUDA, 0)).seen.pointer == x.data_ptr()
    kept, pointers = [], set()
    for value in range(8):
        x.fill_(value)
        out = session(x).y
        assert out.device == x.device
        pointers.add(out.data_ptr())
        kept.append(out)
        if len(kept) > 2:
            kept.pop(0)
        del out
        for result, expected in zip(reversed(kept), (value, value - 1), strict=False):
            assert (result == -expected).all()
    assert len(pointers) < 8


def test_layouts_and_dtypes_of_torch(torch: Any) -> None:
    session = cuda(NEGATE)
    whole = torch.arange(24.0, device="cuda").reshape(4, 6)
    for part in (whole.T, whole[:, ::2], whole[1:], whole.reshape(-1)[1:6][None], whole[:0]):
        assert torch.equal(session(part).y, -part)
    half = cuda("g (bfloat16[n] x) => (bfloat16[n] y) { y = Identity(x) }")
    assert torch.equal(half(whole[0].bfloat16()).y, whole[0].bfloat16())
    with pytest.raises(InputError, match="wants float32, got float64"):
        session(whole.double())
    with pytest.raises(InputError, match="resolve_neg"):
        session(torch.ones(1, 2, dtype=torch.complex64, device="cuda").conj().imag)
    mixed = session(torch.ones(2, 2)).y  # from main memory; the result lies on the session's device
    assert mixed.device.type == "cuda"


def test_producers_on_another_stream_come_first(torch: Any) -> None:
    session = cuda(NEGATE)
    large = torch.ones(2048, 2048, device="cuda")
    session(large)
    for value in range(10):
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            x = large
            for _ in range(20):
                x = x @ large / 2048
            x = x * 0 + value
            out = session(x).y
            assert (out == -value).all()


def test_outputs_that_depend_on_the_data(torch: Any) -> None:
    session = cuda("g (float[n] x) => (int64[1, m] where, float[n] y) { where = NonZero(x) y = Neg(x) }")
    for values in ([1, 0, 2, 0], [1, 0, 2, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 3, 0, 0]):
        x = torch.tensor(values, dtype=torch.float32, device="cuda")
        out = session(x)
        assert out.where.tolist() == [np.flatnonzero(values).tolist()]
        assert torch.equal(out.y, -x)


def test_bound_loops(torch: Any) -> None:
    x = torch.zeros(256, 256, device="cuda")
    bound = cuda(NEGATE).bind(x)
    out = bound.outputs.y
    for value in range(5):
        x.fill_(value)
        assert bound.run().y is out
        assert (out == -value).all()
    with pytest.raises(InputError, match="lies in main memory"):
        cuda(NEGATE).bind(np.ones((2, 2), np.float32))


def test_results_outlive_the_session(torch: Any) -> None:
    out = cuda(NEGATE)(torch.ones(128, 128, device="cuda")).y
    rubbish = [torch.full((128, 128), 7.0, device="cuda") for _ in range(50)]
    assert (out == -1).all()
    assert len(rubbish) == 50


def test_a_bare_block_is_taken_by_torch(torch: Any) -> None:
    block = Block.of_capsule(torch.ones(2, 2, device="cuda").__dlpack__(stream=1), None)
    assert torch.from_dlpack(block).tolist() == [[1, 1], [1, 1]]


def test_memory_is_steady(torch: Any) -> None:
    session = cuda(NEGATE, pool_bytes=1 << 20)
    rng = np.random.default_rng(0)
    for call in range(5000):
        n, m = rng.integers(1, 64, 2)
        session(torch.ones(int(n), int(m), device="cuda"))
        if call == 1000:
            free = torch.cuda.mem_get_info()[0]
    assert free - torch.cuda.mem_get_info()[0] < 8 << 20


def test_threads_share_a_session(torch: Any) -> None:
    session, faults = cuda(NEGATE), []

    def work(seed: int) -> None:
        generator = torch.Generator("cuda").manual_seed(seed)
        for _ in range(100):
            x = torch.randn(seed + 1, 32, device="cuda", generator=generator)
            if not torch.equal(session(x).y, -x):
                faults.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
