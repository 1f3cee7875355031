"""A double of device memory on a CPU: pages that only a run of ONNX Runtime may touch, and a guard page behind the last byte.

Run as `python double.py SCENE`: one scene of the list at the end, in a process of its own, since a fault kills it.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import sys
import weakref
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import onnx.parser

from converter.errors import InputError
from converter.runtime import Block, Device, Session, dlpack
from converter.runtime import ort_private as ort
from converter.runtime.memory import Buffer
from converter.runtime.places import CUDA, Place

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


class Protected:
    """The double, as the runtime's Memory."""

    place = Place(CUDA, 0)

    def __init__(self) -> None:
        self.device = ort.device("cpu", 0)
        self.runs = 0

    def allocate(self, nbytes: int) -> Buffer:
        pages = Pages(nbytes)
        return Buffer(pages.pointer, nbytes, pages)

    def write(self, buffer: Buffer, array: np.ndarray) -> None:
        buffer.owner.allow(OPEN)
        ctypes.memmove(buffer.pointer, array.ctypes.data, array.nbytes)
        buffer.owner.allow(SHUT)

    def read(self, pointer: int, array: np.ndarray) -> np.ndarray:
        """Copy memory of the device to the host."""
        self._allow(OPEN)
        ctypes.memmove(array.ctypes.data, pointer, array.nbytes)
        self._allow(SHUT)
        return array

    def wait(self, binding: Any) -> None:
        binding.synchronize_inputs()

    def run(self, raw: Any, binding: Any) -> None:
        self.runs += 1
        self._allow(OPEN)
        try:
            raw.run_with_iobinding(binding, ort.OPTIONS)
        finally:
            self._allow(SHUT)

    def _allow(self, access: int) -> None:
        for pages in list(Pages.alive):
            pages.allow(access)


MEMORY = Protected()
DEVICE = Device("cuda:0", ("CPUExecutionProvider",), MEMORY, {})


class Tensor:
    """An array on the double, of a library that speaks DLPack."""

    def __init__(self, block: Block) -> None:
        self.block, self.dtype, self.shape = block, block.dtype, block.shape

    @classmethod
    def of(cls, values: Any, dtype: Any = np.float32) -> Tensor:
        array = np.ascontiguousarray(values, dtype).reshape(np.shape(values))
        buffer = MEMORY.allocate(array.nbytes)
        MEMORY.write(buffer, array)
        return cls(Block(buffer.pointer, array.shape, array.dtype, MEMORY.place, buffer))

    def view(self, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> Tensor:
        """A part of it; strides and offset count elements."""
        return Tensor(Block(self.block.pointer + offset * self.dtype.itemsize, shape, self.dtype, MEMORY.place, self.block, strides))

    def write(self, values: Any) -> None:
        pages = self.block.owner.owner
        MEMORY.write(Buffer(self.block.pointer, self.block.nbytes, pages), np.ascontiguousarray(values, self.dtype))

    def host(self) -> np.ndarray:
        strides = self.block.strides or dlpack.c_strides(self.shape)
        reach = sum((length - 1) * step for length, step in zip(self.shape, strides, strict=True)) + 1 if 0 not in self.shape else 0
        flat = MEMORY.read(self.block.pointer, np.zeros(reach, self.dtype))
        return np.lib.stride_tricks.as_strided(flat, self.shape, [step * self.dtype.itemsize for step in strides]).copy()

    def copy(self) -> Tensor:
        return Tensor.of(self.host(), self.dtype)

    @classmethod
    def __array_namespace__(cls) -> type[Tensor]:
        return cls

    @classmethod
    def from_dlpack(cls, block: Block) -> Tensor:
        return cls(Block.of_capsule(block.__dlpack__(stream=1), block))

    def __dlpack_device__(self) -> tuple[int, int]:
        return tuple(MEMORY.place)

    def __dlpack__(self, *, stream: int | None = None) -> object:
        assert stream == 1, "the runtime must say on which stream it goes on"
        return self.block.__dlpack__()


def opened(text: str, **options: Any) -> Session:
    model = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 20]> {text}')
    return Session(model.SerializeToString(), device=DEVICE, threads=1, **options)


def refusal(call: Callable[[], Any]) -> InputError:
    """The error that the call must raise."""
    try:
        call()
    except InputError as error:
        return error
    raise AssertionError("it was not refused")


NEGATE = "g (float[n] x) => (float[n] y) { y = Neg(x) }"


def run_unchecked(x: Buffer, y: Buffer, length: int) -> None:
    """What a runtime without checks does: bind whatever is said."""
    raw = opened(NEGATE)._opened.raw
    binding = ort.Binding(raw)
    binding.bind_input("x", MEMORY.device, FLOAT, (length,), x.pointer)
    binding.bind_output("y", MEMORY.device, FLOAT, (length,), y.pointer)
    MEMORY.run(raw, binding)


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
}

if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, flush=True)
        {**FATAL, **SOUND}[name]()
    print("done", flush=True)
