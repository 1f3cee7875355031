"""The order of runs: the driver's calls, the streams of libraries, and how long a stream lives. What order brings is tested by tests/cuda/double.py."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from threading import RLock
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from converter.errors import DeviceUnavailable
from converter.runtime import Device, Session
from converter.runtime import ort_private as ort
from converter.runtime.arrays.block import Block
from converter.runtime.arrays.places import CUDA, HOST, MANAGED, Place
from converter.runtime.binding.given import Given
from converter.runtime.device import streams
from converter.runtime.device.driver import CudaStream, Driver, driver
from converter.runtime.device.memory import OrtMemory
from converter.runtime.device.streams import Order, home_of
from converter.runtime.opening.placement import is_whole

CONTEXT, STREAM, EVENT, MINE = 0xC0, 0x51, 0xE7, 0x99


class Thing:
    """Something that can be watched dying."""


class Library:
    """A driver that writes down its calls, and fails where it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.fails = ""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("cu"):
            raise AttributeError(name)

        def function(*arguments: Any) -> int:
            if name == "cuGetErrorString":
                arguments[1]._obj.value = b"an illegal memory access was encountered"
                return 0
            self.calls.append((name, *[argument if isinstance(argument, int) else getattr(argument, "value", None) for argument in arguments]))
            made = {"cuDevicePrimaryCtxRetain": CONTEXT, "cuStreamCreate": STREAM, "cuEventCreate": EVENT}
            if name in made:
                arguments[0]._obj.value = made[name]
            return 700 if name == self.fails else 0

        self.__dict__[name] = function
        return function


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def started(library: Library) -> Driver:
    found = Driver(library, 0)
    library.calls.clear()
    return found


IN = ("cuCtxPushCurrent_v2", CONTEXT)
OUT = ("cuCtxPopCurrent_v2", None)


def test_a_driver_starts_on_the_primary_context(library: Library) -> None:
    Driver(library, 3)
    assert library.calls == [("cuInit", 0), ("cuDeviceGet", None, 3), ("cuDevicePrimaryCtxRetain", None, 0)]


@pytest.mark.parametrize(("captures", "flags"), [(False, 0), (True, 1)])
def test_a_stream_of_ones_own(library: Library, started: Driver, *, captures: bool, flags: int) -> None:
    stream = CudaStream(started, None, None, captures=captures)
    assert stream.address == STREAM
    assert library.calls == [IN, ("cuEventCreate", None, 2), ("cuStreamCreate", None, flags), OUT]
    library.calls.clear()
    stream.follow(MINE)
    assert library.calls == [IN, ("cuEventRecord", EVENT, MINE), ("cuStreamWaitEvent", STREAM, EVENT, 0), OUT]
    library.calls.clear()
    stream.precede(MINE)
    assert library.calls == [IN, ("cuEventRecord", EVENT, STREAM), ("cuStreamWaitEvent", MINE, EVENT, 0), OUT]
    library.calls.clear()
    stream.follow(STREAM)
    assert library.calls == []
    stream.drain()
    assert library.calls == [IN, ("cuCtxSynchronize",), OUT]
    library.calls.clear()
    del stream
    gc.collect()
    assert library.calls == [IN, ("cuStreamDestroy_v2", STREAM), ("cuEventDestroy_v2", EVENT), OUT]


def test_the_callers_stream_is_kept_and_not_destroyed(library: Library, started: Driver) -> None:
    owner = Thing()
    watch = weakref.ref(owner)
    stream = CudaStream(started, MINE, owner, captures=False)
    del owner
    gc.collect()
    assert stream.address == MINE
    assert watch() is not None
    del stream
    gc.collect()
    assert watch() is None
    assert not [call for call in library.calls if "Stream" in call[0]]


def test_what_fails_is_named_and_the_context_is_left(library: Library, started: Driver) -> None:
    stream = CudaStream(started, None, None, captures=False)
    library.fails = "cuEventRecord"
    library.calls.clear()
    with pytest.raises(DeviceUnavailable) as caught:
        stream.follow(MINE)
    assert caught.value.message == "CUDA's cuEventRecord fails: an illegal memory access was encountered (700)"
    assert "the process must start anew" in caught.value.hint
    assert library.calls[-1] == OUT
    assert stream.turn.acquire(blocking=False)


def test_a_stream_that_cannot_be_made_leaves_no_event(library: Library, started: Driver) -> None:
    library.fails = "cuStreamCreate"
    with pytest.raises(DeviceUnavailable, match="cuStreamCreate fails"):
        CudaStream(started, None, None, captures=False)
    gc.collect()
    assert ("cuEventDestroy_v2", EVENT) in library.calls
    assert not [call for call in library.calls if call[0] == "cuStreamDestroy_v2"]


def test_without_a_driver_memory_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("converter.runtime.device.memory.driver", lambda _: None)
    for memory in (OrtMemory(), OrtMemory(Place(CUDA, 0))):
        assert memory.with_stream(None, None, captures=False) is memory
    monkeypatch.setattr("ctypes.CDLL", lambda _: Library())
    driver.cache_clear()
    assert isinstance(driver(0), Driver)
    monkeypatch.setattr("ctypes.CDLL", lambda _: SimpleNamespace())
    driver.cache_clear()
    assert driver(0) is None
    driver.cache_clear()


def given(name: str, place: Place = Place(CUDA, 0)) -> Given:
    array = np.ones(4, np.float32)
    library: Any = SimpleNamespace(name=name)
    port: Any = SimpleNamespace(name="x")
    return Given(port, library, array, array if place == HOST else Block(array.ctypes.data, array.shape, array.dtype, place, array))


def test_home_is_the_one_stream_that_all_libraries_name(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"one": lambda number: 0x10 + number, "same": lambda _: 0x10, "other": lambda _: 0x20, "unsure": lambda _: None}
    monkeypatch.setattr(streams, "CURRENT", known)
    assert home_of([given("one")], 0) == 0x10
    assert home_of([given("one")], 1) == 0x11
    assert home_of([given("one"), given("same")], 0) == 0x10
    for inputs in (
        [],
        [given("one"), given("other")],
        [given("unsure")],
        [given("jax")],
        [given("one"), given("jax")],
        [given("one", HOST)],
        [given("one"), given("one", HOST)],
        [given("one", Place(MANAGED, 0))],
    ):
        assert home_of(inputs, 0) is None


def test_the_streams_of_torch_and_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    asked = []
    for address, meant in ((0, 1), (0x88, 0x88)):
        monkeypatch.setattr(
            torch.cuda, "current_stream", lambda number, address=address: asked.append(number) or SimpleNamespace(cuda_stream=address)
        )
        assert streams.CURRENT["torch"](3) == meant
    assert asked == [3, 3]
    for address, device, meant in ((0, 0, 1), (0x88, 0, 0x88), (2, 0, None), (0x88, 1, None)):
        cuda = SimpleNamespace(
            get_current_stream=lambda address=address: SimpleNamespace(ptr=address), Device=lambda device=device: SimpleNamespace(id=device)
        )
        monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(cuda=cuda))  # type: ignore[arg-type]
        assert streams.CURRENT["cupy"](0) == meant


class Logged:
    """A stream that writes down what it is asked."""

    address = STREAM

    def __init__(self) -> None:
        self.turn = RLock()
        self.log: list[Any] = []

    def follow(self, other: int) -> None:
        self.log.append(("follow", other))

    def precede(self, other: int) -> None:
        self.log.append(("precede", other))

    def drain(self) -> None:
        self.log.append("drain")


class Streamed(OrtMemory):
    """Memory of the CPU that says it were a CUDA device's, with a stream."""

    def __init__(self, stream: Logged | None = None) -> None:
        super().__init__()
        self.place, self.stream = Place(CUDA, 0), stream

    def with_stream(self, address: int | None, owner: object, *, captures: bool) -> Streamed:
        del address, owner, captures
        return Streamed(Logged())


NEGATE = "g (float[n] x) => (float[n] y) { y = Neg(x) }"


@pytest.fixture
def session(graph: Callable[[str], bytes]) -> Session:
    return Session(graph(NEGATE), device=Device("cuda:0", ("CPUExecutionProvider",), Streamed(), {}), threads=1)


def said(options: Any) -> str:
    try:
        return str(options.get_run_config_entry("disable_synchronize_execution_providers"))
    except RuntimeError:
        return "0"


def test_a_place_in_the_order(session: Session) -> None:
    order: Any = session._opened.order
    with order.place(MINE) as options:
        assert said(options) == "1"
        assert order.stream.log == [("follow", MINE)]
    assert order.stream.log == [("follow", MINE), ("precede", MINE)]
    with pytest.raises(KeyError), order.place(MINE):
        raise KeyError
    assert order.stream.log[2:] == [("follow", MINE), ("precede", MINE)]
    order.stream.log.clear()
    with order.place(None) as options:
        assert said(options) == "0"
    assert order.stream.log == ["drain"]


def test_memory_goes_when_the_device_is_drained(session: Session) -> None:
    order: Any = session._opened.order
    value = Thing()
    watch, held = weakref.ref(value), order.hold(value)
    del value, held
    gc.collect()
    assert watch() is not None
    with order.place(MINE):
        assert order.stream.log[0] == "drain"
        assert watch() is None


def test_one_run_in_256_is_synchronised(session: Session) -> None:
    order = session._opened.order
    seen = []
    for _ in range(600):
        with order.place(MINE) as options:
            seen.append(said(options))
    assert [at for at, one in enumerate(seen) if one == "0"] == [255, 511]


def test_a_graph_of_which_a_part_may_run_elsewhere_is_synchronised(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for assigned in ([("CPUExecutionProvider", "Neg", "", ""), ("CUDAExecutionProvider", "Neg", "", "")], None):
        monkeypatch.setattr(ort, "assigned", lambda _, assigned=assigned: assigned)
        order = Order(Streamed(Logged()), session._opened.raw, session._opened.inputs, is_whole=is_whole(session._opened.raw))
        with order.place(MINE) as options:
            assert said(options) == "0"
        assert order.stream.log == [("follow", MINE), ("precede", MINE)]  # type: ignore[union-attr]


def test_the_stream_outlives_onnx_runtimes_session_and_every_result(session: Session) -> None:
    stream = weakref.ref(session._opened.order.stream)
    raw = session._opened.raw
    block = Block(0, (0,), np.dtype(np.float32), Place(CUDA, 0), None, stream=session._opened.order.stream)
    session.__dict__.clear()
    gc.collect()
    del block
    gc.collect()
    assert stream() is not None  # ONNX Runtime would run on it
    del raw
    gc.collect()
    assert stream() is None


def test_the_device_is_drained_before_onnx_runtimes_session_goes(session: Session) -> None:
    log: Any = session._opened.order.stream.log  # type: ignore[union-attr]
    weakref.finalize(session._opened.raw, log.append, "gone")
    session.__dict__.clear()
    gc.collect()
    assert log == ["drain", "gone"]


def test_a_blocks_consumer_waits(session: Session) -> None:
    stream: Any = session._opened.order.stream
    array = np.ones(2, np.float32)
    block = Block(array.ctypes.data, (2,), array.dtype, Place(CUDA, 0), array, stream=stream)
    assert block.__cuda_array_interface__["stream"] == STREAM
    for asked, waits in ((None, 1), (1, 1), (2, 2), (MINE, MINE)):
        block.__dlpack__(stream=asked)
        assert stream.log.pop() == ("precede", waits)
    block.__dlpack__(stream=-1)
    assert stream.log == []
    with pytest.raises(BufferError, match="stream 0 is ambiguous"):
        block.__dlpack__(stream=0)
    block.stream = None
    assert block.__cuda_array_interface__["stream"] is None


def test_strings_take_turns_on_a_stream(graph: Callable[[str], bytes]) -> None:
    text = "g (string[n] x) => (string[n] y) { y = Identity(x) }"
    session = Session(graph(text), device=Device("cuda:0", ("CPUExecutionProvider",), Streamed(), {}), threads=1)
    assert session(["a"]).y.tolist() == ["a"]
    assert session._opened.plain_run is not session._opened.raw.run
