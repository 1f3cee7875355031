"""Buffers that wait for their next use, bounded in bytes."""

from __future__ import annotations

from collections import OrderedDict, deque
from threading import Lock
from typing import NamedTuple

from converter.runtime.device.memory import Buffer
from converter.runtime.device.streams import Order

_OVERHEAD = 1024  # bytes that an idle buffer costs beside its own; without it a million idle scalars would weigh nothing


class Lease:
    """A buffer in someone's hands; it goes back to the pool when the last reference to the lease is gone."""

    __slots__ = ("_home", "_pool", "buffer")

    def __init__(self, pool: Pool, buffer: Buffer, home: int | None) -> None:
        self._pool, self.buffer, self._home = pool, buffer, home

    def __del__(self) -> None:
        self._pool.give_back(self.buffer, self._home)


class _Idle(NamedTuple):
    """A buffer that came back."""

    buffer: Buffer
    home: int | None
    """The stream that may still read it; None: unknown."""
    drains: int
    """How often the device had been drained when the buffer was seen to be back; since the next time nothing reads it."""


class Pool:
    """Idle buffers of one device by size; beyond the bound those of the least recently used size are freed first.

    Work that is queued on a stream may still read a buffer that came back. It is used again in the order of that stream, and elsewhere when the device
    has been drained.
    """

    def __init__(self, order: Order, limit: int) -> None:
        self.idle_bytes = 0
        self._order, self._limit, self._lock = order, limit, Lock()
        self._idle: OrderedDict[int, list[_Idle]] = OrderedDict()
        self._returned: deque[tuple[Buffer, int | None]] = deque()

    def give_back(self, buffer: Buffer, home: int | None) -> None:
        """Take a buffer back. The garbage collector calls this at any moment, so it waits for nobody."""
        self._returned.append((buffer, home))

    def collect(self) -> None:
        """Let the buffers that came back be used by runs whose place in the order is taken from now on."""
        with self._lock:
            while self._returned:
                buffer, home = self._returned.popleft()
                self._idle.setdefault(buffer.nbytes, []).append(_Idle(buffer, home, self._order.drains))
                self._idle.move_to_end(buffer.nbytes)
                self.idle_bytes += buffer.nbytes + _OVERHEAD
            while self.idle_bytes > self._limit:
                nbytes = next(iter(self._idle))
                self._order.bury(self._remove(nbytes, -1))

    def take(self, nbytes: int, home: int | None = None) -> Lease:
        """Lease a buffer of exactly this many bytes (at least one) to a run whose place is in the order of the stream `home`; None: in nobody's."""
        nbytes = max(nbytes, 1)
        with self._lock:
            buffer = self._find(nbytes, home)
        return Lease(self, buffer or self._order.memory.allocate(nbytes), home)

    def _find(self, nbytes: int, home: int | None) -> Buffer | None:
        for at, one in enumerate(self._idle.get(nbytes, ())):
            if one.drains < self._order.drains or (one.home == home and home is not None):
                return self._remove(nbytes, at)
        return None

    def _remove(self, nbytes: int, at: int) -> Buffer:
        waiting = self._idle[nbytes]
        buffer = waiting.pop(at).buffer
        if not waiting:
            del self._idle[nbytes]
        self.idle_bytes -= nbytes + _OVERHEAD
        return buffer

    def __del__(self) -> None:
        for buffer in (*(buffer for buffer, _ in self._returned), *(one.buffer for ones in self._idle.values() for one in ones)):
            self._order.bury(buffer)
