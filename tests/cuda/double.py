"""A double of a CUDA device on a CPU: memory that only the device may touch, and streams whose work is done as late as the rules allow.

Its memory is pages that are open only while the device works, with a guard page behind the last byte. Work on a stream, be it a library's or a run of
ONNX Runtime, is done when somebody waits for it and never before; so a wait that is missing shows as wrong values, and memory that went too early as a
fault.

Run as `python double.py SCENE`: one scene of the lists at the end, in a process of its own, since a fault kills it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import itertools
import math
import mmap
import sys
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
import onnx.parser

from converter.errors import ConverterError, GraphError, InputError
from converter.runtime import Block, Device, Session
from converter.runtime import ort_private as ort
from converter.runtime.arrays import dlpack
from converter.runtime.arrays.library import DLPack
from converter.runtime.arrays.places import CUDA, LEGACY, Place
from converter.runtime.device import streams
from converter.runtime.device.memory import Buffer
from converter.runtime.device.pool import Pool

PAGE = mmap.PAGESIZE
SHUT, OPEN = 0, mmap.PROT_READ | mmap.PROT_WRITE
PRIVATE_ANONYMOUS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
FLOAT = 1

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class Pages:
    """Pages whose last bytes are a buffer, aligned to 16; behind them lies a page that nobody may ever touch."""

    alive: ClassVar[weakref.WeakSet[Pages]] = weakref.WeakSet()

    def __init__(self, nbytes: int) -> None:
        used = -(-max(nbytes, 1) // 16) * 16
        self.length = -(-used // PAGE) * PAGE
        self.base = libc.mmap(None, self.length + PAGE, SHUT, PRIVATE_ANONYMOUS, -1, 0)
        self.pointer = self.base + self.length - used
        Pages.alive.add(self)

    def allow(self, access: int) -> None:
        assert libc.mprotect(self.base, self.length, access) == 0

    def __del__(self) -> None:
        libc.munmap(self.base, self.length + PAGE)


class Event(NamedTuple):
    """What is queued on a stream by now."""

    address: int
    count: int


class Gpu:
    """The device's streams, by address; each does its work in order, and only when somebody waits for it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.queues: defaultdict[int, list[Callable[[], object] | Event]] = defaultdict(list)
        self.done: defaultdict[int, int] = defaultdict(int)
        self.drains = 0

    def put(self, address: int, work: Callable[[], object] | Event) -> None:
        with self.lock:
            self.queues[address].append(work)

    def event(self, address: int) -> Event:
        with self.lock:
            return Event(address, len(self.queues[address]))

    def wait(self, event: Event) -> None:
        """Return when the work before the event is done."""
        with self.lock:
            while self.done[event.address] < event.count:
                at = self.done[event.address]
                work = self.queues[event.address][at]
                self.done[event.address] += 1
                self.queues[event.address][at] = _nothing
                if isinstance(work, Event):
                    self.wait(work)
                else:
                    with open_pages():
                        work()
                del work

    def pending(self, address: int) -> int:
        with self.lock:
            return len(self.queues[address]) - self.done[address]

    def drain(self) -> None:
        self.drains += 1
        for address in list(self.queues):
            self.wait(self.event(address))


def _nothing() -> None:
    pass


@contextlib.contextmanager
def open_pages() -> Iterator[None]:
    with GPU.lock:
        for pages in list(Pages.alive):
            pages.allow(OPEN)
        try:
            yield
        finally:
            for pages in list(Pages.alive):
                pages.allow(SHUT)


GPU = Gpu()
ADDRESSES = itertools.count(0x1000, 0x100)
THREAD = threading.local()


class SimulatedStream:
    """A stream of the double, as the runtime's Stream."""

    def __init__(self, address: int | None) -> None:
        self.address = next(ADDRESSES) if address is None else address
        self.turn = threading.RLock()

    def follow(self, other: int) -> None:
        GPU.put(self.address, GPU.event(other))

    def precede(self, other: int) -> None:
        GPU.put(other, GPU.event(self.address))

    def drain(self) -> None:
        GPU.drain()


class Protected:
    """The double's memory, as the runtime's Memory."""

    place = Place(CUDA, 0)
    runs = 0
    told: ClassVar[list[dict[str, str]]] = []
    """What the options of each run said."""
    owing: ClassVar[set[int]] = set()
    """The graphs of ONNX Runtime that keep pinned memory, since their last run was not synchronised."""
    ended: ClassVar[list[int]] = []
    """Those that went with it, which on CUDA ends the process."""

    def __init__(self, stream: SimulatedStream | None = None) -> None:
        self.device, self.stream = ort.device("cpu", 0), stream

    def with_stream(self, address: int | None, owner: object, *, captures: bool) -> Protected:
        assert owner is None or address is not None
        assert isinstance(captures, bool)
        return Protected(SimulatedStream(address))

    def allocate(self, nbytes: int) -> Buffer:
        pages = Pages(nbytes)
        return Buffer(pages.pointer, nbytes, pages)

    def write(self, buffer: Buffer, array: np.ndarray) -> None:
        with open_pages():
            ctypes.memmove(buffer.pointer, array.ctypes.data, array.nbytes)

    def read(self, pointer: int, array: np.ndarray) -> np.ndarray:
        """Copy memory of the device to the host."""
        with open_pages():
            ctypes.memmove(array.ctypes.data, pointer, array.nbytes)
        return array

    def wait(self, binding: Any) -> None:
        binding.synchronize_inputs()

    def run(self, raw: Any, binding: Any, options: Any) -> None:
        """Queue the run where nothing needs its values yet, and do it otherwise."""
        Protected.runs += 1
        Protected.told.append({name: entry(options, name) for name in ("disable_synchronize_execution_providers", "gpu_graph_id")})

        if Protected.told[-1]["disable_synchronize_execution_providers"] == "1":
            if id(raw) not in Protected.owing:
                weakref.finalize(raw, gone, id(raw)).atexit = False
            Protected.owing.add(id(raw))
        else:
            Protected.owing.discard(id(raw))

        def work() -> None:
            raw.run_with_iobinding(binding, options)

        address = self.stream.address if self.stream else LEGACY
        allocates = not all(value.has_value() for value in binding.get_outputs())
        asks = any(operator == "NonZero" for _, operator, *_ in ort.assigned(raw) or ())  # its kernel waits for the number of values
        if Protected.told[-1]["disable_synchronize_execution_providers"] == "1" and not allocates and not asks:
            GPU.put(address, work)
        else:
            GPU.wait(GPU.event(address))
            with open_pages():
                work()


def entry(options: Any, name: str) -> str:
    """What RunOptions say; empty where nothing."""
    try:
        return str(options.get_run_config_entry(name))
    except RuntimeError:
        return ""


def gone(graph: int) -> None:
    if graph in Protected.owing:
        Protected.owing.remove(graph)
        Protected.ended.append(graph)


MEMORY = Protected()
DEVICE = Device("cuda:0", ("CPUExecutionProvider",), MEMORY, {})


def current() -> int:
    """The stream that is current in this thread, as PyTorch has one."""
    return getattr(THREAD, "address", LEGACY)


@contextlib.contextmanager
def on_stream(address: int) -> Iterator[int]:
    """Make a stream current."""
    before, THREAD.address = current(), address
    try:
        yield address
    finally:
        THREAD.address = before


streams.CURRENT["__main__"] = lambda number: current()  # noqa: ARG005 - one device


class Storage:
    """Memory of the library: it goes when the stream that it belongs to has come so far, as PyTorch's does."""

    def __init__(self, buffer: Buffer) -> None:
        self.buffer, self.address = buffer, current()

    def __del__(self) -> None:
        buffer = self.buffer
        GPU.put(self.address, lambda: buffer.pointer)


class Tensor:
    """An array on the double, of a library that speaks DLPack and queues its work on the current stream."""

    def __init__(self, block: Block) -> None:
        self.block, self.dtype, self.shape = block, block.dtype, block.shape

    @classmethod
    def of(cls, values: Any, dtype: Any = np.float32) -> Tensor:
        array = np.ascontiguousarray(values, dtype).reshape(np.shape(values))
        buffer = MEMORY.allocate(array.nbytes)
        MEMORY.write(buffer, array)
        return cls(Block(buffer.pointer, array.shape, array.dtype, MEMORY.place, Storage(buffer)))

    def view(self, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> Tensor:
        """A part of it; strides and offset count elements."""
        return type(self)(Block(self.block.pointer + offset * self.dtype.itemsize, shape, self.dtype, MEMORY.place, self.block, strides))

    def write(self, values: Any) -> None:
        """Write values, on the current stream."""
        array, pointer, owner = np.ascontiguousarray(values, self.dtype), self.block.pointer, self.block
        assert array.nbytes == self.block.nbytes
        GPU.put(current(), lambda: owner and ctypes.memmove(pointer, array.ctypes.data, array.nbytes))

    def assign(self, other: Tensor) -> None:
        """Write what the other one holds, on the current stream; the other one may go at once."""
        to, origin, nbytes, owner = self.block.pointer, other.block.pointer, other.block.nbytes, self.block
        GPU.put(current(), lambda: owner and ctypes.memmove(to, origin, nbytes))

    def host(self) -> np.ndarray:
        """Wait for the current stream, and copy to the host."""
        GPU.wait(GPU.event(current()))
        strides = self.block.strides or dlpack.c_strides(self.shape)
        reach = sum((length - 1) * step for length, step in zip(self.shape, strides, strict=True)) + 1 if 0 not in self.shape else 0
        flat = MEMORY.read(self.block.pointer, np.zeros(reach, self.dtype))
        return np.lib.stride_tricks.as_strided(flat, self.shape, [step * self.dtype.itemsize for step in strides]).copy()

    def copy(self) -> Tensor:
        return type(self).of(self.host(), self.dtype)

    @classmethod
    def __array_namespace__(cls) -> type[Tensor]:
        return cls

    @classmethod
    def from_dlpack(cls, block: Block) -> Tensor:
        return cls(Block.of_capsule(block.__dlpack__(stream=current()), block))

    def __dlpack_device__(self) -> tuple[int, int]:
        return tuple(MEMORY.place)

    def __dlpack__(self, *, stream: int | None = None) -> object:
        assert stream, "the runtime must say on which stream it goes on"
        GPU.put(stream, GPU.event(current()))
        return self.block.__dlpack__(stream=stream)


class Foreign(Tensor):
    """An array of a library that tells nobody its stream, and that frees and reuses memory as it likes."""

    __module__ = "foreign"
    stream = 0x77

    def write(self, values: Any) -> None:
        with on_stream(self.stream):
            super().write(values)

    def host(self) -> np.ndarray:
        with on_stream(self.stream):
            return super().host()

    def __dlpack__(self, *, stream: int | None = None) -> object:
        with on_stream(self.stream):
            return super().__dlpack__(stream=stream)

    @classmethod
    def from_dlpack(cls, block: Block) -> Foreign:
        with on_stream(cls.stream):
            return cls(Block.of_capsule(block.__dlpack__(stream=cls.stream), block))


def opened(text: str, **options: Any) -> Session:
    model = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 20]> {text}')
    return Session(model.SerializeToString(), device=DEVICE, threads=1, **options)


def refusal(call: Callable[[], Any], kind: type[ConverterError] = InputError) -> ConverterError:
    """The error that the call must raise."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("it was not refused")


NEGATE = "g (float[n] x) => (float[n] y) { y = Neg(x) }"


def run_unchecked(x: Buffer, y: Buffer, length: int) -> None:
    """What a runtime without checks does: bind whatever is said."""
    raw = opened(NEGATE)._opened.raw
    binding = ort.Binding(raw)
    binding.bind_input("x", MEMORY.device, FLOAT, (length,), x.pointer)
    binding.bind_output("y", MEMORY.device, FLOAT, (length,), y.pointer)
    MEMORY.run(raw, binding, ort.OPTIONS)


def unchecked() -> None:
    """Right sizes: the double itself stands in nobody's way."""
    x, y = MEMORY.allocate(4000), MEMORY.allocate(4000)
    MEMORY.write(x, np.arange(1000, dtype=np.float32))
    run_unchecked(x, y, 1000)
    assert MEMORY.read(y.pointer, np.zeros(1000, np.float32))[-1] == -999


def over_read() -> None:
    run_unchecked(MEMORY.allocate(4000), MEMORY.allocate(20_000), 5000)


def over_write() -> None:
    run_unchecked(MEMORY.allocate(20_000), MEMORY.allocate(4000), 5000)


def freed_input() -> None:
    y, x = MEMORY.allocate(4000), MEMORY.allocate(4000)
    x = x._replace(owner=None)
    gc.collect()
    run_unchecked(x, y, 1000)


def host_touches_input() -> None:
    x = Tensor.of(np.ones(1000))
    ctypes.string_at(x.block.pointer, 4)


def host_touches_output() -> None:
    session, x = opened(NEGATE), Tensor.of(np.ones(1000))
    session(x)
    out = session(x).y  # the second call writes into a pooled buffer
    ctypes.string_at(out.block.pointer, 4)


def calls() -> None:
    """Inputs where they lie, results kept, buffers reused."""
    session = opened("g (float[n, m] x, float s) => (float[n, m] y) { y = Mul(x, s) }")
    kept = []
    for round_ in range(20):
        n, m = 1 + round_ % 3, 4 * (1 + round_ % 2)
        x = np.full((n, m), round_, np.float32)
        kept.append((session(Tensor.of(x), Tensor.of(np.float32(2))).y, 2 * x))
        if round_ % 4 == 3:
            kept.pop(0)
        for out, expected in kept:
            assert isinstance(out, Tensor)
            assert (out.host() == expected).all()


def layouts() -> None:
    """Pieces of an array: copied once, never read beyond."""
    session = opened("g (float[n, m] x) => (float[n, m] y) { y = Neg(x) }")
    whole = Tensor.of(np.arange(24).reshape(4, 6))
    values = np.arange(24, dtype=np.float32).reshape(4, 6)
    parts = {
        "whole": (whole, values),
        "transposed": (whole.view((6, 4), (1, 6)), values.T),
        "columns": (whole.view((4, 2), (6, 3)), values[:, ::3]),
        "unaligned": (whole.view((1, 5), (5, 1), 1), values.reshape(-1)[1:6][None]),
        "last rows": (whole.view((2, 6), (6, 1), 12), values[2:]),
        "one column": (whole.view((4, 1), (6, 1), 5), values[:, 5:]),
        "empty": (whole.view((0, 6), (6, 1)), values[:0]),
        "empty rows": (whole.view((4, 0), (6, 1)), values[:, :0]),
    }
    for _ in range(3):
        for name, (part, expected) in parts.items():
            out = session(part).y
            assert out.host().tolist() == (-expected).tolist(), name


def host_arrays() -> None:
    """NumPy in, NumPy out; beside a device tensor, everything stays on the device."""
    session = opened("g (float[n] a, float[n] b) => (float[n] y) { y = Add(a, b) }")
    one = np.arange(8, dtype=np.float32)
    for _ in range(3):
        out = session(one[::-1], one.astype(">f4")).y
        assert type(out) is np.ndarray
        assert out.tolist() == [7] * 8
        assert session([1] * 8, one.astype(np.float16)).y.tolist() == (one + 1).tolist()
        mixed = session(Tensor.of(one), one[::-1]).y
        assert isinstance(mixed, Tensor)
        assert mixed.host().tolist() == [7] * 8


def dtypes() -> None:
    """Every dtype through the device."""
    for kind in ("bool", "int8", "int64", "uint16", "uint64", "float16", "double", "bfloat16", "float8e4m3fn"):
        session = opened(f"g ({kind}[n] x) => ({kind}[n] y) {{ y = Identity(x) }}")
        dtype = session.inputs[0].dtype
        for _ in range(2):
            out = session(Tensor.of([0, 1, 1], dtype)).y
            assert out.dtype == dtype
            assert out.host().astype(np.float64).tolist() == [0, 1, 1], kind
            assert session(np.array([0, 1, 1]).astype(dtype)).y.astype(np.float64).tolist() == [0, 1, 1], kind


def data_dependent() -> None:
    """An output that ONNX Runtime refuses to bind stays its own."""
    session = opened("g (float[n] x) => (int64[1, m] where, float[n] y) { where = NonZero(x) y = Neg(x) }")
    for values in ([1, 0, 2, 0], [1, 0, 2, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 3, 0, 0]):
        out = session(Tensor.of(values))
        assert out.y.host().tolist() == [-value for value in values]
        assert out.where.shape == (1, np.count_nonzero(values))


def passed_through() -> None:
    """An input that is also an output is copied on the device."""
    session = opened("g (float[n] x) => (float[n] x, float[n] y) { y = Neg(x) }")
    x = Tensor.of([1, 2, 3, 4])
    for _ in range(2):
        out = session(x)
        x.write([9, 9, 9, 9])
        assert out.x.host().tolist() == [1, 2, 3, 4]
        assert out.x.block.pointer != x.block.pointer
        x.write([1, 2, 3, 4])
    assert session(np.float32([1, 2])).x.tolist() == [1, 2]


def bound() -> None:
    """A bound loop reads and writes the same device memory."""
    session = opened("g (float[n] x) => (float[n] y) { y = Neg(x) }")
    x = Tensor.of(np.zeros(1000))
    loop = session.bind(x)
    for value in range(5):
        x.write(np.full(1000, value))
        assert (loop.run().y.host() == -value).all()
    assert "not contiguous" in refusal(lambda: session.bind(x.view((500,), (2,)))).message


def misuse() -> None:
    """Every wrong feed is an error; none reaches the device."""
    session = opened("g (float[batch, 4] x, int64[batch] label) => (float[batch, 4] y) { y = Neg(x) }")
    x, label = Tensor.of(np.ones((2, 4))), Tensor.of([0, 1], np.int64)
    elsewhere = Tensor.of(np.ones((2, 4)))
    elsewhere.__class__ = type("Elsewhere", (Tensor,), {"__dlpack_device__": lambda _: (CUDA, 1)})
    wrong: dict[str, dict[str, Any]] = {
        "wants float32, got float64": {"x": Tensor.of(np.ones((2, 4)), np.float64)},
        "wants float32, got int32": {"x": Tensor.of(np.ones((2, 4)), np.int32)},
        "wants float32, got float16": {"x": Tensor.of(np.ones((2, 4)), np.float16)},
        "dimension 1 must be 4": {"x": Tensor.of(np.ones((2, 8)))},
        "wants 2 dimensions": {"x": Tensor.of(np.ones(8))},
        "axis 'batch' is 2 in input 'x' and 4 in input 'label'": {"label": Tensor.of([0, 1, 2, 3], np.int64)},
        "lies on cuda:1, and the session reads from cuda:0": {"x": elsewhere},
        "there is no input 'z'": {"z": x},
    }
    for _ in range(2):
        for message, feeds in wrong.items():
            before = MEMORY.runs
            error = refusal(lambda feeds=feeds: session({"x": x, "label": label, **feeds}))
            assert message in error.message, error.message
            assert error.hint
            assert MEMORY.runs == before
        assert (session(x, label).y.host() == -1).all()


def memory_is_steady() -> None:
    """Many shapes and many calls: the pool keeps within its bound, and nothing else holds pages."""
    session = opened("g (float[n, m] x) => (float[n, m] y) { y = Neg(x) }", pool_bytes=100_000)
    rng = np.random.default_rng(0)
    for _ in range(300):
        x = rng.normal(size=rng.integers(1, 40, 2)).astype(np.float32)
        assert (session(Tensor.of(x)).y.host() == -x).all()
    gc.collect()
    assert sum(pages.length for pages in Pages.alive) <= 100 * PAGE


def memory_of_the_library() -> None:
    """All of this holds too where the library gives the memory of the outputs, which goes and comes again in the order of its own stream."""
    given = []

    def empty(_: DLPack, shape: tuple[int, ...], dtype: np.dtype[Any], place: Place) -> Block:
        buffer = MEMORY.allocate(math.prod(shape) * dtype.itemsize)
        given.append(buffer.nbytes)
        return Block(buffer.pointer, shape, dtype, place, Storage(buffer))

    before, DLPack.empty = DLPack.empty, empty  # type: ignore[method-assign, assignment]
    try:
        for scene in (calls, layouts, dtypes, data_dependent, late_producer, late_reader, input_goes_at_once, many_runs, threads):
            given.clear()
            scene()
            assert given, scene.__name__
    finally:
        DLPack.empty = before  # type: ignore[method-assign]


def ready(text: str = NEGATE, inputs: int = 1, **options: Any) -> tuple[Session, int]:
    """A session that knows its shapes, and the address of its stream: from now on its runs are queued."""
    session = opened(text, **options)
    session(*[Tensor.of(np.zeros(256)) for _ in range(inputs)])
    gc.collect()
    session(*[Tensor.of(np.zeros(256)) for _ in range(inputs)])
    GPU.drain()
    return session, session._opened.order.address


@contextlib.contextmanager
def no_waiting() -> Iterator[None]:
    """The host must not wait for the device here."""
    before = GPU.drains
    yield
    assert GPU.drains == before, "the host waited for the device"


def late_producer() -> None:
    """What the caller has queued comes first, and nobody waits for it."""
    session, stream = ready()
    for address in (LEGACY, 0x51, 0x52):
        with on_stream(address):
            x = Tensor.of(np.zeros(256))
            x.write(np.full(256, address))
            with no_waiting():
                out = session(x).y
                assert GPU.pending(stream) > 0, "the run was not queued"
            GPU.wait(GPU.event(stream))  # the device may come to the session's work first
            assert (out.host() == -address).all()


def late_reader() -> None:
    """A result that was dropped is read before the next run overwrites it, on whatever stream that run takes its place."""
    session, _ = ready()
    for other in (LEGACY, 0x61):
        kept = Tensor.of(np.zeros(256))
        out = session(Tensor.of(np.full(256, 3))).y
        kept.assign(out)
        del out
        with on_stream(other):
            seen = [session(Tensor.of(np.full(256, 4))).y for _ in range(3)]
            assert all((one.host() == -4).all() for one in seen)
        assert (kept.host() == -3).all()


def late_reader_of_the_first_result() -> None:
    """The same for memory that ONNX Runtime allocated, and would use again for the first result of another shape."""
    session = opened("g (float[n, m] x) => (float[n, m] y) { y = Neg(x) }")
    for length in (100, 200, 300):
        kept, out = Tensor.of(np.zeros(length)), session(Tensor.of(np.full((1, length), 3))).y
        kept.assign(out)
        del out
        gc.collect()
        with on_stream(0x61):
            for shape in ((length, 1), (length // 2, 2), (length // 4, 4)):
                assert (session(Tensor.of(np.full(shape, 4))).y.host() == -4).all()
        assert (kept.host() == -3).all()


def late_reader_outlives_the_session() -> None:
    session, _ = ready()
    kept, out = Tensor.of(np.zeros(256)), session(Tensor.of(np.full(256, 3))).y
    kept.assign(out)
    del out, session
    gc.collect()
    assert (kept.host() == -3).all()


def input_goes_at_once() -> None:
    """An input is written again, or freed, as soon as the call returns."""
    session, _ = ready()
    x = Tensor.of(np.full(256, 3))
    with no_waiting():
        first = session(x).y
        x.write(np.full(256, 9))
        second = session(x).y
        del x
        third = session(Tensor.of(np.full(256, 5))).y
    GPU.wait(GPU.event(current()))
    assert [out.host()[-1] for out in (first, second, third)] == [-3, -9, -5]


def piece_goes_at_once() -> None:
    """The copy of an array in pieces goes with the call."""
    session, _ = ready()
    whole = Tensor.of(np.arange(512))
    out = session(whole.view((256,), (2,))).y
    whole.write(np.zeros(512))
    GPU.wait(GPU.event(current()))
    assert out.host().tolist() == (-np.arange(0, 512, 2)).tolist()


def a_session_that_goes_owes_nothing() -> None:
    """ONNX Runtime has given back what its kernels pinned before the session goes, and no node ran for that."""
    for bound in (False, True):
        session, _ = ready("g (float[n] a, float[n] b) => (float[n] y) { y = Add(a, b) }", inputs=2)
        one = Tensor.of(np.ones(256))
        out = session.bind(one, one).run().y if bound else session(one, one).y
        assert Protected.owing
        del session
        gc.collect()
        assert (out.host() == 2).all()
        del out
        gc.collect()
    assert not Protected.owing
    assert not Protected.ended


def result_on_another_stream() -> None:
    """Whoever takes a block says on which stream it is read; that stream waits."""
    session, stream = ready()
    order, x = session._opened.order, Tensor.of(np.full(256, 3))
    with order.turn, order.place(current()) as options:
        road = session._call.__self__.binding  # type: ignore[attr-defined]
        binding, buffer = ort.Binding(session._opened.raw), MEMORY.allocate(1024)
        block = Block(buffer.pointer, (256,), np.dtype(np.float32), MEMORY.place, buffer, stream=order.stream)
        binding.bind_input("x", MEMORY.device, FLOAT, (256,), x.block.pointer)
        binding.bind_output("y", MEMORY.device, FLOAT, (256,), block.pointer)
        road._memory.run(session._opened.raw, binding, options)
    assert GPU.pending(stream)
    assert block.__cuda_array_interface__["stream"] == stream
    with on_stream(0x71):
        assert (Tensor.from_dlpack(block).host() == -3).all()


def host_results_are_complete() -> None:
    """NumPy callers cannot wait, so the call does."""
    session, stream = ready()
    for value in range(3):
        out = session(np.full(256, value, np.float32)).y
        assert type(out) is np.ndarray
        assert (out == -value).all()
        assert GPU.pending(stream) == 0


def foreign_arrays_are_waited_for() -> None:
    """A library that tells nobody its stream gets its result complete, and its inputs back."""
    session, stream = ready()
    for value in range(4):
        x = Foreign.of(np.zeros(256))
        x.write(np.full(256, value))
        out = session(x).y
        assert isinstance(out, Foreign)
        assert GPU.pending(stream) == 0
        x.write(np.full(256, 77))
        GPU.wait(GPU.event(Foreign.stream))
        assert (out.host() == -value).all()


class Interface:
    """An array that says where it lies and nothing else."""

    __module__ = "bare"

    def __init__(self, tensor: Foreign) -> None:
        self.tensor, self.dtype, self.shape = tensor, tensor.dtype, tensor.shape
        self.__cuda_array_interface__ = {**tensor.block.__cuda_array_interface__, "version": 2}


def interfaces_are_waited_for() -> None:
    """What cannot be ordered by a stream is ordered by the host."""
    session, stream = ready()
    for value in range(4):
        x = Foreign.of(np.zeros(256))
        x.write(np.full(256, value))
        out = session(Interface(x)).y
        assert isinstance(out, Block)
        assert GPU.pending(stream) == 0
        assert (MEMORY.read(out.pointer, np.zeros(256, np.float32)) == -value).all()
    lying = Interface(x)
    lying.__cuda_array_interface__["data"] = (0, False)
    assert "1024 bytes lie at address 0" in refusal(lambda: session(lying)).message


def mixed_arrays_are_waited_for() -> None:
    """Inputs of two minds: nobody's order."""
    session = opened("g (float[n] a, float[n] b) => (float[n] y) { y = Add(a, b) }")
    for value in range(4):
        a, b = Tensor.of(np.zeros(64)), Foreign.of(np.zeros(64))
        a.write(np.full(64, value))
        b.write(np.full(64, 10))
        for other in (b, np.full(64, 10, np.float32)):
            out = session(a, other).y
            assert (out.host() == value + 10).all()


def late_loop() -> None:
    """A bound loop in the order of the current stream."""
    session, stream = ready()
    x, kept = Tensor.of(np.zeros(256)), [Tensor.of(np.zeros(256)) for _ in range(5)]
    loop = session.bind(x, outputs={"y": Tensor.of(np.zeros(256))})
    loop.run()  # lets the memory go that the first run had its output in
    GPU.drain()
    with no_waiting():
        for value, copy in enumerate(kept):
            x.write(np.full(256, value))
            copy.assign(loop.run().y)
        assert GPU.pending(stream) > 0
    GPU.wait(GPU.event(stream))  # the device may come to the session's work first
    assert [copy.host()[-1] for copy in kept] == [0, -1, -2, -3, -4]


def foreign_loop() -> None:
    session, stream = ready()
    x = Foreign.of(np.zeros(256))
    loop = session.bind(x)
    for value in range(4):
        x.write(np.full(256, value))
        out = loop.run().y
        assert GPU.pending(stream) == 0
        assert (out.host() == -value).all()


def callers_stream() -> None:
    """A session on the caller's stream, which is also the current one."""
    session, stream = ready(stream=0x5100)
    assert stream == 0x5100
    with on_stream(stream):
        x = Tensor.of(np.zeros(256))
        for value in range(4):
            x.write(np.full(256, value))
            with no_waiting():
                out = session(x).y
            assert (out.host() == -value).all()


def many_runs() -> None:
    """Now and then a run is synchronised, so that ONNX Runtime gives its memory back."""
    session, stream = ready()
    x, most = Tensor.of(np.ones(256)), 0
    for _ in range(600):
        session(x)
        most = max(most, GPU.pending(stream))
    assert most < 2000
    assert sum(told["disable_synchronize_execution_providers"] == "" for told in Protected.told[-600:]) == 2


def captured() -> None:
    """Each captured loop has a graph of its own and addresses that stay; calls are never captured."""
    session = opened("g (float[256] x) => (float[256] y, float[256] x) { y = Neg(x) }", cuda_graph=True)
    x, mine = Tensor.of(np.zeros(256)), Tensor.of(np.zeros(256))
    Protected.told.clear()
    loops = [session.bind(x), session.bind(x, outputs={"y": mine})]
    assert [told["gpu_graph_id"] == "-1" for told in Protected.told] == [True, False] * 2
    ids = set()
    for value in range(4):
        x.write(np.full(256, value))
        for loop in loops:
            pointer = loop.outputs.y.block.pointer
            out = loop.run()
            ids.add(Protected.told[-1]["gpu_graph_id"])
            assert out.y.block.pointer == pointer
            assert (out.y.host() == -value).all()
            assert (out.x.host() == value).all()
        assert loops[1].outputs.y is mine
        assert (session(x).y.host() == -value).all()
        assert Protected.told[-1]["gpu_graph_id"] == "-1"
    assert len(ids) == 2
    assert all(int(number) > 0 for number in ids)


def captured_shapes_stay() -> None:
    """An output whose shape depends on the data has no place in a captured run."""
    session = opened("g (float[4] x) => (int64[1, m] where) { where = NonZero(x) }", cuda_graph=True)
    x = Tensor.of([1, 0, 2, 0])
    loop = session.bind(x)
    x.write([1, 1, 1, 1])
    error = refusal(loop.run, GraphError)
    assert "cannot run as a CUDA graph" in error.message
    assert "without cuda_graph" in error.hint


def output_buffers() -> None:
    """Outputs are written where the caller wants them, and nowhere else."""
    session = opened("g (float[n, 4] x) => (float[n, 4] y) { y = Neg(x) }")
    x, y = Tensor.of(np.ones((2, 4))), Tensor.of(np.zeros((2, 4)))
    loop = session.bind(x, outputs={"y": y})
    assert loop.run().y is y
    assert (y.host() == -1).all()
    whole = Tensor.of(np.zeros(16))
    elsewhere = Tensor.of(np.zeros((2, 4)))
    elsewhere.__class__ = type("Elsewhere", (Tensor,), {"__dlpack_device__": lambda _: (CUDA, 1)})
    wrong = {
        "has the shape [2, 4] for these inputs, and its buffer [1, 4]": whole.view((1, 4), (4, 1)),
        "has the shape [2, 4] for these inputs, and its buffer [4, 4]": whole.view((4, 4), (4, 1)),
        "is float32, and its buffer float64": Tensor.of(np.zeros((2, 4)), np.float64),
        "is not contiguous and aligned": whole.view((2, 4), (8, 2)),
        "shares memory with 'x'": x,
        "lies on cpu, and the session runs on cuda:0": np.zeros((2, 4), np.float32),
        "lies on cuda:1, and the session runs on cuda:0": elsewhere,
    }
    for message, buffer in wrong.items():
        error = refusal(lambda buffer=buffer: session.bind(x, outputs={"y": buffer}))
        assert message in error.message, error.message
        assert error.hint


def threads() -> None:
    """Threads with streams of their own share a session."""
    session, _ = ready()
    faults = []

    def work(seed: int) -> None:
        with on_stream(0x9000 + seed % 3):
            for call in range(40):
                value = 100 * seed + call
                x, kept = Tensor.of(np.zeros(256)), Tensor.of(np.zeros(256))
                x.write(np.full(256, value))
                kept.assign(session(x).y)
                x.write(np.zeros(256))
                if not (kept.host() == -value).all():
                    faults.append(seed)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert faults == []


def without(place: type, name: str, scene: Callable[[], None], instead: Any = lambda *_: None) -> Callable[[], None]:
    """The scene as it would play if the runtime did not do one of its duties."""

    def play() -> None:
        setattr(place, name, instead)
        scene()

    return play


FATAL: dict[str, Callable[[], None]] = {
    "over_read": over_read,
    "over_write": over_write,
    "freed_input": freed_input,
    "host_touches_input": host_touches_input,
    "host_touches_output": host_touches_output,
}
SOUND: dict[str, Callable[[], None]] = {
    "unchecked": unchecked,
    "calls": calls,
    "layouts": layouts,
    "host_arrays": host_arrays,
    "dtypes": dtypes,
    "data_dependent": data_dependent,
    "passed_through": passed_through,
    "bound": bound,
    "misuse": misuse,
    "memory_is_steady": memory_is_steady,
    "late_producer": late_producer,
    "late_reader": late_reader,
    "late_reader_of_the_first_result": late_reader_of_the_first_result,
    "late_reader_outlives_the_session": late_reader_outlives_the_session,
    "input_goes_at_once": input_goes_at_once,
    "piece_goes_at_once": piece_goes_at_once,
    "a_session_that_goes_owes_nothing": a_session_that_goes_owes_nothing,
    "result_on_another_stream": result_on_another_stream,
    "host_results_are_complete": host_results_are_complete,
    "foreign_arrays_are_waited_for": foreign_arrays_are_waited_for,
    "interfaces_are_waited_for": interfaces_are_waited_for,
    "mixed_arrays_are_waited_for": mixed_arrays_are_waited_for,
    "late_loop": late_loop,
    "foreign_loop": foreign_loop,
    "callers_stream": callers_stream,
    "many_runs": many_runs,
    "captured": captured,
    "captured_shapes_stay": captured_shapes_stay,
    "output_buffers": output_buffers,
    "threads": threads,
    "memory_of_the_library": memory_of_the_library,
}
WRONG: dict[str, Callable[[], None]] = {
    "producers_are_not_waited_for": without(SimulatedStream, "follow", late_loop),
    "consumers_do_not_wait": without(SimulatedStream, "precede", late_producer),
    "memory_of_the_library_is_not_held": without(SimulatedStream, "precede", memory_of_the_library),
    "inputs_are_not_held": without(SimulatedStream, "precede", input_goes_at_once),
    "readers_are_not_waited_for": without(Pool, "take", late_reader, lambda self, nbytes, _, take=Pool.take: take(self, nbytes, LEGACY)),
    "pinned_memory_is_left": without(streams.Order, "_settle", a_session_that_goes_owes_nothing),
    "memory_goes_at_once": without(streams.Order, "hold", late_reader_of_the_first_result, lambda _, value: value),
    "foreign_arrays_are_not_waited_for": without(streams.Order, "home_of", foreign_arrays_are_waited_for, lambda *_: LEGACY),
    "interfaces_are_not_waited_for": without(streams.Order, "drain", interfaces_are_waited_for),
}

if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, flush=True)
        {**FATAL, **SOUND, **WRONG}[name]()
    print("done", flush=True)
