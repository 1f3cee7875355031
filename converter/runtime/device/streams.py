"""The order of a session's runs with the work that others queue on the same device; docs/decisions/0011-streams.md argues it."""

from __future__ import annotations

import contextlib
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol

from converter.runtime import ort_private as ort
from converter.runtime.arrays.block import Block
from converter.runtime.arrays.places import CUDA, LEGACY, NOWHERE, PER_THREAD

if TYPE_CHECKING:
    from converter.runtime.binding.given import Given
    from converter.runtime.device.memory import Memory
    from converter.runtime.opening.ports import Port

_UNSYNCHRONISED_RUNS = 256  # in a row; ONNX Runtime gives back the pinned memory of its kernels only in a run that it synchronises


class Stream(Protocol):
    """A queue of the device's work, in its order with other queues, which are named by their addresses."""

    address: int

    @property
    def turn(self) -> AbstractContextManager[Any]:
        """Held by whoever queues work: ONNX Runtime's runs on one stream share its handles of cuDNN and cuBLAS."""
        ...

    def follow(self, other: int) -> None:
        """Let what is queued here from now on wait for what is queued on the other stream by now."""
        ...

    def precede(self, other: int) -> None:
        """Let what is queued on the other stream from now on wait for what is queued here by now."""
        ...

    def drain(self) -> None:
        """Return when the whole device has done what is queued on any stream."""
        ...


def _torch(number: int) -> int:
    return int(sys.modules["torch"].cuda.current_stream(number).cuda_stream) or LEGACY


def _cupy(number: int) -> int | None:
    cuda = sys.modules["cupy"].cuda
    address = int(cuda.get_current_stream().ptr) or LEGACY
    return address if cuda.Device().id == number and address != PER_THREAD else None


CURRENT: dict[str, Callable[[int], int | None]] = {"torch": _torch, "cupy": _cupy}
"""The stream on which a library goes on in this thread. It frees and reuses its memory in the order of that stream, which no other library promises."""


def home_of(given: Iterable[Given], number: int) -> int | None:
    """The one stream on which the libraries of all inputs go on; None where that is not known, or an input lies in main memory."""
    streams = set[int | None]()
    for one in given:
        is_known = isinstance(one.seen, Block) and one.seen.place.kind == CUDA and one.library.name in CURRENT
        streams.add(CURRENT[one.library.name](number) if is_known else None)
    return streams.pop() if len(streams) == 1 else None


class Order:
    """One session's runs, each in its place among the work of others.

    A run takes its place in the stream that is *home* to its inputs: it waits for what is queued there, and what is queued there later waits for it.
    So it is like an operation of the inputs' own library: their memory may be freed and written again at once, and the result read. Where no home is
    known, the run begins when the device has done everything, and returns when it is done itself.
    """

    def __init__(self, memory: Memory, raw: Any, inputs: Mapping[str, Port], *, is_whole: bool, captures: bool = False) -> None:
        """Order the runs of a graph with these inputs; `is_whole`: every node of it runs on the device, so that no value passes through main memory."""
        self.memory, self.stream, self._raw, self._inputs = memory, memory.stream, raw, inputs
        self.turn: AbstractContextManager[Any] = nullcontext() if memory.place.is_host else self.stream.turn if self.stream else RLock()
        self.drains = 0
        self._buried: deque[Any] = deque()
        self._runs = 0
        self._owing: Mapping[str, tuple[int, ...]] | None = None  # shapes of the inputs of the last run, where it was not synchronised
        self._is_whole = self.stream is not None and not captures and is_whole
        skip = {"gpu_graph_id": "-1"} if captures else {}
        self.complete = ort.run_options(skip) if captures else ort.OPTIONS
        """The RunOptions of a run that returns when its outputs are written."""
        self._unsynchronised = ort.run_options({"disable_synchronize_execution_providers": "1", **skip})
        if self.stream is not None:  # the stream lives as long as ONNX Runtime's session, and as long as a result
            weakref.finalize(raw, _let_go, self.stream).atexit = False

    @property
    def address(self) -> int:
        """The stream that producers are told."""
        return self.stream.address if self.stream else LEGACY

    def home_of(self, given: Iterable[Given]) -> int | None:
        """The stream in whose order a run on these inputs takes its place; None: it is synchronised."""
        return home_of(given, self.memory.place.number) if self.stream else None

    @contextlib.contextmanager
    def place(self, home: int | None) -> Iterator[Any]:
        """The run's place in the order; gives the RunOptions to run with. Buffers that came back before may be used again in it."""
        dead = [self._buried.popleft() for _ in range(len(self._buried))]
        if home is None or dead:
            self.drain()
        dead.clear()
        if home is None or self.stream is None:
            yield self.complete
            return
        self.stream.follow(home)
        try:
            yield self._options()
        finally:
            self.stream.precede(home)

    def run(self, binding: Any, options: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Run what is bound, inputs of these shapes, with the RunOptions of its place.

        Raises the classes of `ort.FAILURES`.
        """
        self._owing = shapes if options is self._unsynchronised else self._owing
        self.memory.run(self._raw, binding, options)
        self._owing = shapes if options is self._unsynchronised else None

    def drain(self) -> None:
        """Return when the device has done all that is queued."""
        if self.stream is not None:
            self.stream.drain()
        elif not self.memory.place.is_host:
            self.memory.wait(ort.Binding(self._raw))
        self.drains += 1

    def bury(self, value: Any) -> None:
        """Let memory of the device go when nothing queued can still touch it. The garbage collector calls this at any moment, so it waits for nobody."""
        if not self.memory.place.is_host:
            self._buried.append(value)

    def hold(self, value: Any) -> Any:
        """Hold memory that ONNX Runtime allocated, until its last user lets go, and the device too."""
        return value if self.stream is None else _Held(value, self)

    def _options(self) -> Any:
        self._runs = (self._runs + 1) % _UNSYNCHRONISED_RUNS
        return self._unsynchronised if self._is_whole and self._runs else self.complete

    def _settle(self) -> None:
        """Let ONNX Runtime give back the pinned memory of its kernels, which it keeps after runs that are not synchronised.

        Left until the session goes, it is given back on a thread of CUDA's that may not free it, and the process ends. A run that is synchronised and
        terminated before its first node gives it back now; what is bound for it is never read.
        """
        if self._owing is None:
            return
        binding = ort.Binding(self._raw)
        for name, shape in self._owing.items():
            binding.bind_input(name, self.memory.device, self._inputs[name].element, shape, NOWHERE)
        for output in self._raw.outputs_meta:
            binding.bind_output(output.name, self.memory.device)
        with contextlib.suppress(*ort.FAILURES):  # it fails: it was terminated
            self.memory.run(self._raw, binding, ort.TERMINATED)

    def __del__(self) -> None:
        """Wait for what is queued: it reads ONNX Runtime's memory, which may go next."""
        with contextlib.suppress(Exception):  # at the end of the process the driver may be gone first
            if self.stream is not None:
                self._settle()
                self.drain()


class _Held:
    __slots__ = ("_order", "_value")

    def __init__(self, value: Any, order: Order) -> None:
        self._value, self._order = value, order

    def __del__(self) -> None:
        self._order.bury(self._value)


def _let_go(stream: Stream) -> None:
    """Nothing is left to do: the finalizer held the stream."""
