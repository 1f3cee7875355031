"""What a road knows of the signatures it has met: one look-up proves names, dtypes, byte orders, ranks and dims at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from converter.runtime.result import Result

Feeds = Mapping[str, Any]
Signature = tuple[Any, ...]
Plan = Callable[[Feeds], Result]
"""Runs feeds of one signature, without checking again what the signature proves."""

_OVERHEAD = 2048  # bytes that a plan costs beside its buffers


def signature_of(feeds: Feeds) -> Signature:
    """Names, types, dtypes and shapes of the feeds. `Session.__call__` has the same lines in place of a call, which would cost as much again.

    Raises:
        AttributeError: a feed has no dtype or shape: a list, a number.
    """
    signature: list[Any] = []
    for name, value in feeds.items():
        signature += name, type(value), value.dtype, value.shape
    return tuple(signature)


class Plans:
    """Plans by signature, bounded in bytes; beyond the bound the oldest are forgotten first, which costs each one check when it comes again."""

    def __init__(self, limit: int) -> None:
        self.known: dict[Signature, Plan] = {}
        self.nbytes = 0
        self._limit, self._lock = limit, Lock()
        self._sizes: dict[Signature, int] = {}

    def keep(self, signature: Signature, plan: Plan) -> None:
        """Remember a plan, in the place of one that was known."""
        with self._lock:
            self._forget(signature)
            self.known[signature] = plan
            self._sizes[signature] = _OVERHEAD
            self._weigh(_OVERHEAD)

    def grow(self, signature: Signature, nbytes: int) -> None:
        """Count buffers that a plan holds from now on."""
        with self._lock:
            if signature in self._sizes:
                self._sizes[signature] += nbytes
                self._weigh(nbytes)

    def _weigh(self, nbytes: int) -> None:
        self.nbytes += nbytes
        while self.nbytes > self._limit and self._sizes:
            self._forget(next(iter(self._sizes)))

    def _forget(self, signature: Signature) -> None:
        self.known.pop(signature, None)
        self.nbytes -= self._sizes.pop(signature, 0)
