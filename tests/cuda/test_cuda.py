"""A Session on a CUDA device. What needs no CUDA arithmetic is tested everywhere: test_double.py, tests/runtime/test_binding.py and test_streams.py."""

from __future__ import annotations

import gc
import importlib.util
import json
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx.parser
import pytest

import converter
from converter.errors import DeviceUnavailable, InputError, UsageError
from converter.runtime import Block, Session, survey_providers
from converter.runtime.arrays.places import CUDA, Place
from converter.runtime.binding import road as binding
from converter.runtime.binding.given import look
from converter.runtime.opening import devices

REASON = devices.why_not_cuda(0)
pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(REASON), reason=f"no CUDA device starts here: {REASON}")]

ROOT = Path(__file__).resolve().parents[2]
NEGATE = "g (float[n, m] x) => (float[n, m] y) { y = Neg(x) }"
FIXED = "g (float[8, 64] x) => (float[8, 64] y) { a = Neg(x) y = Add(a, a) }"
DEPENDS = "g (float[n] x) => (int64[1, m] where, float[n] y) { where = NonZero(x) y = Neg(x) }"
BRIEFLY, LONG = 1_000, 500_000_000  # cycles that the device spends waiting: nothing, and some tenths of a second


def graph(text: str) -> bytes:
    model: bytes = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 20, "ai.onnx.ml" : 3]> {text}').SerializeToString()
    return model


def cuda(text: str, **options: Any) -> Session:
    return Session(graph(text), device="cuda", **options)


def module_of(path: Path) -> Any:
    """A module that lies in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(name="torch")
def torch_fixture() -> Any:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    return torch


def test_the_device_is_what_it_says() -> None:
    assert cuda(NEGATE).device == "cuda:0"
    assert {state.name: state.starts for state in survey_providers()}["CUDAExecutionProvider"]
    assert Session(graph(NEGATE)).device == "cuda:0"
    with pytest.raises(DeviceUnavailable, match="cuda:99 cannot start") as caught:
        Session(graph(NEGATE), device="cuda:99")
    assert "converter doctor" in caught.value.hint


def test_placement() -> None:
    placed = cuda(NEGATE).placement()
    assert placed.counts == {"CUDAExecutionProvider": 1}
    assert placed.on_cpu == ()
    trees = "g (float[n, 2] x) => (float[n, 2] y) { y = ai.onnx.ml.Scaler<offset = [0.0, 0.0], scale = [2.0, 2.0]>(x) }"
    on_cpu = cuda(trees).placement()
    assert [node.operator for node in on_cpu.on_cpu] == ["Scaler"]
    assert "CUDA kernels for ai.onnx.ml" in on_cpu.note
    assert Session(graph(trees)).device == "cpu"  # auto: nothing to gain


@pytest.mark.parametrize("kind", ["bool", "int32", "int64", "float16", "float", "double", "bfloat16"])
def test_numpy_in_numpy_out(kind: str) -> None:
    session = cuda(f"g ({kind}[n] x) => ({kind}[n] y, {kind}[n] x) {{ y = Identity(x) }}")
    x = np.array([0, 1, 1]).astype(session.inputs[0].dtype)
    for _ in range(3):
        out = session(x)
        assert type(out.y) is np.ndarray
        assert out.y.dtype == out.x.dtype == x.dtype
        assert out.y.astype(np.float64).tolist() == out.x.astype(np.float64).tolist() == [0, 1, 1]


def test_numpy_results_never_change() -> None:
    session = cuda(NEGATE)
    kept = [session(np.full((64, 64), value, np.float32)).y for value in range(20)]
    assert [out[-1, -1] for out in kept] == [-value for value in range(20)]


def test_strings_take_the_plain_road() -> None:
    session = cuda("g (string[n] word, float[n] x) => (string[n] y, float[n] z) { y = Identity(word) z = Neg(x) }")
    out = session(["a", "b"], [1.0, 2.0])
    assert (out.y.tolist(), out.z.tolist()) == (["a", "b"], [-1, -2])


def test_torch_tensors_are_read_where_they_lie_and_results_stay_there(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read, written = [], []
    bind_input, bind_output = binding.bind_input, binding.bind_output
    monkeypatch.setattr(binding, "bind_input", lambda *bound: read.append(bound[2].pointer) or bind_input(*bound))
    monkeypatch.setattr(binding, "bind_output", lambda *bound: written.append(bound[2].pointer) or bind_output(*bound))
    session, x, kept = cuda(NEGATE), torch.ones(64, 64, device="cuda"), []
    for value in range(8):
        x.fill_(value)
        out = session(x).y
        assert read[-1] == x.data_ptr()
        assert out.device == x.device
        if value:
            assert written[-1] == out.data_ptr()
        kept.append(out)
        if len(kept) > 2:
            kept.pop(0)
        del out
        for result, expected in zip(reversed(kept), (value, value - 1), strict=False):
            assert (result == -expected).all()
    assert len(set(written)) < 7  # buffers of dropped results are used again
    assert look(session.inputs[0], x, Place(CUDA, 0)).seen.pointer == x.data_ptr()  # type: ignore[union-attr]


def test_layouts_and_dtypes_of_torch(torch: Any) -> None:
    session = cuda(NEGATE)
    whole = torch.arange(24.0, device="cuda").reshape(4, 6)
    for part in (whole.T, whole[:, ::2], whole[1:], whole.reshape(-1)[1:6][None], whole[:0], whole[:, :0], torch.empty(0, 3, device="cuda")):
        for _ in range(2):
            assert torch.equal(session(part).y, -part)
    for name in ("bfloat16", "float16", "float64", "int32", "int64", "bool"):
        kind = {"float64": "double"}.get(name, name)
        same = cuda(f"g ({kind}[n] x) => ({kind}[n] y) {{ y = Identity(x) }}")
        x = whole[0].to(getattr(torch, name))
        for _ in range(2):
            out = same(x).y
            assert out.dtype == x.dtype
            assert torch.equal(out, x)
    mixed = session(torch.ones(2, 2)).y  # from main memory; the result lies on the session's device
    assert mixed.device.type == "cuda"


def test_misuse(torch: Any) -> None:
    session = cuda("g (float[batch, 4] x, int64[batch] label) => (float[batch, 4] y) { y = Neg(x) }")
    x, label = torch.ones(2, 4, device="cuda"), torch.zeros(2, dtype=torch.int64, device="cuda")
    wrong: dict[str, dict[str, Any]] = {
        "wants float32, got float64": {"x": x.double()},
        "wants float32, got int32": {"x": x.int()},
        "wants float32, got float16": {"x": x.half()},
        "dimension 1 must be 4": {"x": torch.ones(2, 8, device="cuda")},
        "wants 2 dimensions": {"x": torch.ones(8, device="cuda")},
        "axis 'batch' is 2 in input 'x' and 4 in input 'label'": {"label": torch.zeros(4, dtype=torch.int64, device="cuda")},
        "requires grad": {"x": torch.ones(2, 4, device="cuda", requires_grad=True)},
        "there is no input 'z'": {"z": x},
    }
    for _ in range(2):
        for message, feeds in wrong.items():
            with pytest.raises(InputError) as caught:
                session({"x": x, "label": label, **feeds})
            assert message in caught.value.message
            assert caught.value.hint
        assert (session(x, label).y == -1).all()
    with pytest.raises(InputError, match="resolve_neg"):
        cuda(NEGATE)(torch.ones(1, 2, dtype=torch.complex64, device="cuda").conj().imag)


def test_producers_on_another_stream_come_first(torch: Any) -> None:
    session = cuda(NEGATE)
    large = torch.ones(2048, 2048, device="cuda")
    session(large)
    for value in range(10):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            x = large
            for _ in range(20):
                x = x @ large / 2048
            x = x * 0 + value
            out = session(x).y
            assert (out == -value).all()


@pytest.mark.parametrize("is_default", [True, False])
def test_nobody_waits_and_all_is_in_order(torch: Any, *, is_default: bool) -> None:
    """A call between long work before it and work behind it that overwrites its input and drops its result."""
    session = cuda(NEGATE)
    with torch.cuda.stream(torch.cuda.default_stream() if is_default else torch.cuda.Stream()):
        for cycles in (BRIEFLY, BRIEFLY, LONG):  # first everything is loaded and allocated, which does wait
            x, queued = torch.zeros(512, 512, device="cuda"), torch.cuda.Event()
            torch.cuda.synchronize()
            torch.cuda._sleep(cycles)
            x.fill_(5)
            queued.record()
            out = session(x).y
            x.fill_(9)
            kept = out + 1
            del out
            second = session(x).y
            del x
            taken = torch.full((512, 512), 77.0, device="cuda")  # most likely where x was
            assert cycles == BRIEFLY or not queued.query(), "the call waited for the work before it"
            torch.cuda.synchronize()
            assert (kept == -4).all()
            assert (second == -9).all()
            assert (taken == 77).all()
            del kept, second, taken


def test_a_dropped_result_is_read_before_it_is_overwritten(torch: Any) -> None:
    session, slow = cuda(NEGATE), torch.cuda.Stream()
    with torch.cuda.stream(slow):
        for value in range(4):
            out = session(torch.full((256, 256), float(value), device="cuda")).y
            torch.cuda._sleep(LONG // 10)
            kept = out.clone()
            del out
            with torch.cuda.stream(torch.cuda.Stream()):
                others = [session(torch.full((256, 256), 99.0, device="cuda")).y for _ in range(3)]
                assert all((other == -99).all() for other in others)
            assert (kept == -value).all()


def test_the_callers_stream(torch: Any) -> None:
    stream = torch.cuda.Stream()
    session = cuda(NEGATE, stream=stream)
    assert session._opened.order.address == stream.cuda_stream
    with torch.cuda.stream(stream):
        for cycles in (BRIEFLY, BRIEFLY, LONG):
            x, queued = torch.zeros(512, 512, device="cuda"), torch.cuda.Event()
            torch.cuda.synchronize()
            torch.cuda._sleep(cycles)
            x.fill_(5)
            queued.record()
            out = session(x).y
            assert cycles == BRIEFLY or not queued.query(), "the call waited for the work before it"
            assert (out == -5).all()
            del out
    y = session(torch.ones(4, 4, device="cuda")).y  # from the default stream
    assert (y == -1).all()
    del stream
    gc.collect()
    assert (session(torch.ones(4, 4, device="cuda")).y == -1).all()


def test_a_block_tells_its_stream(torch: Any) -> None:
    session = cuda(NEGATE)

    class Bare:
        """An array that only says where it lies."""

        def __init__(self, tensor: Any) -> None:
            self.kept, self.__cuda_array_interface__ = tensor, tensor.__cuda_array_interface__

    for value in range(4):
        x = torch.zeros(256, 256, device="cuda")
        torch.cuda._sleep(LONG // 10)
        x.fill_(value)
        out = session(Bare(x)).y
        assert isinstance(out, Block)
        assert out.__cuda_array_interface__["stream"] == session._opened.order.address
        assert (torch.from_dlpack(out) == -value).all()
        assert (torch.as_tensor(out, device="cuda") == -value).all()
    block = Block.of_capsule(torch.ones(2, 2, device="cuda").__dlpack__(stream=1), None)
    assert torch.from_dlpack(block).tolist() == [[1, 1], [1, 1]]


def test_cupy() -> None:
    cupy = pytest.importorskip("cupy")
    session = cuda(NEGATE)
    for stream in (cupy.cuda.Stream.null, cupy.cuda.Stream(non_blocking=True)):
        with stream:
            for value in range(5):
                x = cupy.full((64, 64), value, cupy.float32)
                out = session(x).y
                x.fill(99)
                assert isinstance(out, cupy.ndarray)
                assert (out == -value).all()


def test_jax() -> None:
    jax = pytest.importorskip("jax")
    if jax.default_backend() != "gpu":
        pytest.skip("JAX sees no CUDA device")
    session = cuda(NEGATE)
    for value in range(5):
        x = jax.numpy.full((64, 64), value, jax.numpy.float32)
        out = session(x + 0).y
        assert (np.asarray(out) == -value).all()
    with pytest.raises(InputError, match="the array is read-only"):
        session.bind(x, outputs={"y": x + 0})


def test_outputs_that_depend_on_the_data(torch: Any) -> None:
    session = cuda(DEPENDS)
    for values in ([1, 0, 2, 0], [1, 0, 2, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 3, 0, 0]):
        x = torch.tensor(values, dtype=torch.float32, device="cuda")
        out = session(x)
        assert out.where.tolist() == [np.flatnonzero(values).tolist()]
        assert torch.equal(out.y, -x)


def test_bound_loops(torch: Any) -> None:
    x, mine = torch.zeros(256, 256, device="cuda"), torch.zeros(256, 256, device="cuda")
    session = cuda(NEGATE)
    loops = [session.bind(x), session.bind(x, outputs={"y": mine})]
    outs = [loop.outputs.y for loop in loops]
    assert outs[1] is mine
    for value in range(5):
        x.fill_(value)
        for loop, out in zip(loops, outs, strict=True):
            assert loop.run().y is out
            assert (out == -value).all()
    for message, given in {
        "lies in main memory": {"x": np.ones((2, 2), np.float32)},
        "not contiguous": {"x": x[:, ::2]},
        "its buffer [1, 256]": {"x": x, "outputs": {"y": mine[:1]}},
        "its buffer float64": {"x": x, "outputs": {"y": mine.double()}},
        "shares memory with 'x'": {"x": x, "outputs": {"y": x}},
        "lies on cpu": {"x": x, "outputs": {"y": torch.zeros(256, 256)}},
    }.items():
        with pytest.raises(InputError) as caught:
            session.bind(**given)
        assert message in caught.value.message


def test_a_bound_loop_waits_for_nobody(torch: Any) -> None:
    with torch.cuda.stream(torch.cuda.Stream()):
        x, kept = torch.zeros(256, 256, device="cuda"), []
        loop = cuda(NEGATE).bind(x)
        for cycles in (BRIEFLY, BRIEFLY, LONG):
            queued = torch.cuda.Event()
            torch.cuda.synchronize()
            kept.clear()
            torch.cuda._sleep(cycles)
            queued.record()
            for value in range(5):
                x.fill_(value)
                kept.append(loop.run().y.clone())
            x.fill_(99)
            assert cycles == BRIEFLY or not queued.query(), "the loop waited for the work before it"
            torch.cuda.synchronize()
            assert [out[-1, -1].item() for out in kept] == [0, -1, -2, -3, -4]


def test_captured_loops(torch: Any) -> None:
    session = cuda(FIXED, cuda_graph=True)
    x, z, mine = torch.zeros(8, 64, device="cuda"), torch.zeros(8, 64, device="cuda"), torch.zeros(8, 64, device="cuda")
    loops = [(x, session.bind(x)), (z, session.bind(z)), (x, session.bind(x, outputs={"y": mine}))]
    pointers = [loop.outputs.y.data_ptr() for _, loop in loops]
    assert pointers[2] == mine.data_ptr()
    for value in range(20):
        x.fill_(value)
        z.fill_(100 + value)
        for (buffer, loop), pointer in zip(loops, pointers, strict=True):
            out = loop.run().y
            assert out.data_ptr() == pointer
            assert torch.equal(out, -2 * buffer)
        assert torch.equal(session(x).y, -2 * x)
        assert np.array_equal(session(np.full((8, 64), value, np.float32)).y, np.full((8, 64), -2 * value))


def test_captured_loops_are_in_order(torch: Any) -> None:
    session = cuda(FIXED, cuda_graph=True)
    with torch.cuda.stream(torch.cuda.Stream()):
        x = torch.zeros(8, 64, device="cuda")
        loop, kept = session.bind(x), []
        for value in range(10):
            torch.cuda._sleep(LONG // 50)
            x.fill_(value)
            kept.append(loop.run().y.clone())
            x.fill_(99)
    torch.cuda.synchronize()
    assert [out[-1, -1].item() for out in kept] == [-2 * value for value in range(10)]


def test_what_cannot_be_captured_says_why(torch: Any) -> None:
    with pytest.raises(UsageError, match=r"cannot be captured as a CUDA graph, which has one shape: .*may vary"):
        cuda(NEGATE, cuda_graph=True)
    assert torch.equal(cuda(NEGATE, sizes={"n": 2, "m": 3}, cuda_graph=True).bind(torch.ones(2, 3, device="cuda")).run().y, -torch.ones(2, 3).cuda())
    text = DEPENDS.replace("float[n]", "float[4]")
    code = (  # in a process of its own: a capture that fails leaves the device of this one unusable
        "import sys, torch; from converter.errors import GraphError; from converter.runtime import Session\n"
        "try: Session(sys.stdin.buffer.read(), device='cuda', cuda_graph=True).bind(torch.ones(4, device='cuda'))\n"
        "except GraphError as error: print(error.message, error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=graph(text), capture_output=True, check=False, timeout=120)
    assert b"CUDA graph" in done.stdout, done.stderr.decode()
    assert b"cuda_graph" in done.stdout


def test_results_outlive_the_session(torch: Any) -> None:
    session = cuda(NEGATE)
    first = session(torch.ones(128, 128, device="cuda")).y
    pooled = session(torch.full((128, 128), 2.0, device="cuda")).y
    del session
    gc.collect()
    rubbish = [torch.full((128, 128), 7.0, device="cuda") for _ in range(50)]
    assert (first == -1).all()
    assert (pooled == -2).all()
    assert len(rubbish) == 50


def test_many_sessions_leave_nothing_behind(torch: Any) -> None:
    x = torch.ones(64, 64, device="cuda")
    for number in range(30):
        session = cuda(NEGATE)
        for _ in range(3):
            assert (session(x).y == -1).all()
        del session
        gc.collect()
        if number == 10:
            free = torch.cuda.mem_get_info()[0]
    assert free - torch.cuda.mem_get_info()[0] < 64 << 20


def test_memory_is_steady_over_many_calls(torch: Any) -> None:
    session = cuda(NEGATE, pool_bytes=1 << 20)
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 64, (100, 2)).tolist()
    for call in range(100_000):
        n, m = sizes[call % 100]
        session(torch.ones(n, m, device="cuda"))
        if call == 2_000:
            torch.cuda.synchronize()
            free, held = torch.cuda.mem_get_info()[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    torch.cuda.synchronize()
    assert free - torch.cuda.mem_get_info()[0] < 8 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held < 50 << 10  # KiB


def test_the_pool_is_bounded_over_many_shapes(torch: Any) -> None:
    session = cuda(NEGATE, pool_bytes=1 << 20)
    pool = session._call.__self__.binding.pool  # type: ignore[attr-defined]
    rng = np.random.default_rng(0)
    for _ in range(1000):
        n, m = rng.integers(1, 400, 2).tolist()
        x = torch.rand(n, m, device="cuda")
        assert torch.equal(session(x).y, -x)
        assert pool.idle_bytes <= 1 << 20


def test_threads_share_a_session(torch: Any) -> None:
    session, faults = cuda(NEGATE), []

    def work(seed: int) -> None:
        try:
            generator = torch.Generator("cuda").manual_seed(seed)
            with torch.cuda.stream(torch.cuda.Stream() if seed % 2 else torch.cuda.default_stream()):
                for _ in range(200):
                    x = torch.randn(seed + 1, 32, device="cuda", generator=generator)
                    expected = -x
                    out = session(x).y
                    del x
                    if not torch.equal(out, expected):
                        faults.append(f"thread {seed}")
        except BaseException as error:
            faults.append(repr(error))
            raise

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_tf32_is_a_switch(torch: Any) -> None:
    if torch.cuda.get_device_capability() < (8, 0):
        pytest.skip("this card has no TF32")
    generator = torch.Generator("cuda").manual_seed(0)
    a, b = (torch.randn(512, 512, device="cuda", generator=generator) for _ in range(2))
    exact = a.double() @ b.double()
    text = "g (float[n, k] a, float[k, m] b) => (float[n, m] y) { y = MatMul(a, b) }"
    plain, rounded = ((cuda(text, tf32=tf32)(a, b).y.double() - exact).abs().max().item() for tf32 in (False, True))
    assert plain < 1e-3
    assert rounded > 5 * plain


@pytest.mark.usefixtures("torch")
def test_the_backend_suite() -> None:
    """Every case that the raw session runs on CUDA, from main memory and from the device."""
    done = subprocess.run([sys.executable, Path(__file__).parent / "backend_suite.py"], capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["faults"] == []
    assert told["compared"] > 1000
    assert len(told["ended"]) < 20


@pytest.fixture(scope="module")
def crnn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """The full network with random weights, on the device, and its graph, proven there."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("converter_torch")
    module = module_of(ROOT / "examples" / "crnn" / "model.py")
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("crnn")
    torch.save({"model": module.Crnn().state_dict()}, folder / "crnn.pth")
    assert converter.convert(folder / "crnn.pth", folder / "crnn.onnx", device="cuda").agrees
    return module.Crnn.load(folder / "crnn.pth").cuda(), folder / "crnn.onnx"


@pytest.fixture
def scores(torch: Any, crnn: tuple[Any, Path]) -> Iterator[Callable[[Any], Any]]:
    """What torch answers on the same device, without TF32."""

    def answer(images: Any) -> Any:
        with torch.inference_mode():
            return crnn[0](images)

    switches = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [switch.allow_tf32 for switch in switches]
    for switch in switches:
        switch.allow_tf32 = False
    yield answer
    for switch, was in zip(switches, before, strict=True):
        switch.allow_tf32 = was


def test_the_crnn(torch: Any, crnn: tuple[Any, Path], scores: Callable[[Any], Any]) -> None:
    images = torch.randn(1, 3, 32, 100, device="cuda", generator=torch.Generator("cuda").manual_seed(1))
    expected = scores(images)
    assert expected.shape == (26, 1, 37)
    session = Session(crnn[1], device="cuda")
    for _ in range(3):
        out = session(images).logits
        assert out.shape == (26, 1, 37)
        assert out.device == images.device
        assert torch.allclose(out, expected, atol=1e-4, rtol=1e-4)
    assert np.allclose(session(images.cpu().numpy()).logits, expected.cpu().numpy(), atol=1e-4, rtol=1e-4)
    loop = session.bind(images=images)
    captured = Session(crnn[1], device="cuda", sizes={"batch": 1, "width": 100}, cuda_graph=True).bind(images=images)
    for seed in range(5):
        images.copy_(torch.randn(images.shape, device="cuda", generator=torch.Generator("cuda").manual_seed(seed)))
        for run in (loop.run, captured.run):
            assert torch.allclose(run().logits, scores(images), atol=1e-4, rtol=1e-4)


def test_the_crnn_at_random_sizes(torch: Any, crnn: tuple[Any, Path], scores: Callable[[Any], Any]) -> None:
    session = Session(crnn[1], device="cuda", pool_bytes=4 << 20)
    pool = session._call.__self__.binding.pool  # type: ignore[attr-defined]
    rng = np.random.default_rng(0)
    for _ in range(1000):
        batch, width = int(rng.integers(1, 9)), int(rng.integers(8, 200))
        images = torch.rand(batch, 3, 32, width, device="cuda")
        out = session(images=images).logits
        assert out.shape == (width // 4 + 1, batch, 37)
        assert torch.allclose(out, scores(images), atol=1e-4, rtol=1e-4)
        assert pool.idle_bytes <= 4 << 20
