"""Buffers that wait for their next use, bounded in bytes."""

from __future__ import annotations

from collections import OrderedDict, deque
from threading import Lock

from converter.runtime.memory import Buffer, Memory

_OVERHEAD = 1024  # bytes that an idle buffer costs beside its own; without it a million idle scalars would weigh nothing


class Lease:
    """A buffer in someone's hands; it goes back to the pool when the last reference to the lease is gone."""

    __slots__ = ("_pool", "buffer")

    def __init__(self, pool: Pool, buffer: Buffer) -> None:
        self._pool, self.buffer = pool, buffer

    def __del__(self) -> None:
        self._pool.give_back(self.buffer)


class Pool:
    """Idle buffers of one device by size; beyond the bound those of the least recently used size are freed first."""

    def __init__(self, memory: Memory, limit: int) -> None:
        self.idle_bytes = 0
        self._memory, self._limit, self._lock = memory, limit, Lock()
        self._idle: OrderedDict[int, list[Buffer]] = OrderedDict()
        self._returned: deque[Buffer] = deque()

    def take(self, nbytes: int) -> Lease:
        """Lease a buffer of exactly this many bytes (at least one): an idle one if there is one."""
        nbytes = max(nbytes, 1)
        with self._lock:
            self._sort_in()
            buffer = self._pop(nbytes) if nbytes in self._idle else None
        self._tidy()
        return Lease(self, buffer or self._memory.allocate(nbytes))

    def give_back(self, buffer: Buffer) -> None:
        """Take a buffer back. The garbage collector calls this at any moment, even inside `take`, so it must not wait for the lock."""
        self._returned.append(buffer)
        self._tidy()

    def _tidy(self) -> None:
        while self._returned and self._lock.acquire(blocking=False):
            try:
                self._sort_in()
            finally:
                self._lock.release()

    def _sort_in(self) -> None:
        while self._returned:
            buffer = self._returned.popleft()
            self._idle.setdefault(buffer.nbytes, []).append(buffer)
            self._idle.move_to_end(buffer.nbytes)
            self.idle_bytes += buffer.nbytes + _OVERHEAD
        while self.idle_bytes > self._limit:
            self._pop(next(iter(self._idle)))

    def _pop(self, nbytes: int) -> Buffer:
        waiting = self._idle[nbytes]
        buffer = waiting.pop()
        if not waiting:
            del self._idle[nbytes]
        self.idle_bytes -= nbytes + _OVERHEAD
        return buffer
