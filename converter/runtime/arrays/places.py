"""Where memory lies, in DLPack's words: the kind of device and its index."""

from __future__ import annotations

from typing import NamedTuple

CPU, CUDA, PINNED, MANAGED = 1, 2, 3, 13
LEGACY, PER_THREAD = 1, 2
"""The addresses of CUDA's two default streams."""
NOWHERE = 64
"""An address for memory that is never touched; libraries say 0 for arrays without elements, which ONNX Runtime refuses."""
_NAMES = {CPU: "cpu", CUDA: "cuda", PINNED: "cpu", MANAGED: "cuda"}


class Place(NamedTuple):
    """One device; `str()` of it is the name that a user writes: cpu, cuda:0."""

    kind: int
    number: int = 0

    @property
    def is_host(self) -> bool:
        """Whether the processor may read this memory: main memory, pinned or not."""
        return self.kind in (CPU, PINNED)

    def holds(self, other: Place) -> bool:
        """Whether memory of the other place can be bound here without a copy."""
        if self.is_host:
            return other.is_host
        return other.kind in (self.kind, MANAGED) and other.number == self.number

    def __str__(self) -> str:
        name = _NAMES.get(self.kind, f"device of DLPack kind {self.kind}")
        return name if self.is_host else f"{name}:{self.number}"


HOST = Place(CPU)
