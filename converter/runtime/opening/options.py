"""How a graph is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

from converter.errors import UsageError


@dataclass(frozen=True)
class Options:
    """How a graph is opened; the arguments of Session say what each means."""

    optimised: bool = True
    threads: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    stream: int | None = None
    """The address of a CUDA stream."""
    cuda_graph: bool = False
    tf32: bool = False
    memory_bytes: int | None = None
    provider_options: Mapping[str, object] = field(default_factory=dict)
    stream_owner: object = None
    """Whatever keeps the stream alive; a library destroys its stream when nobody holds it."""

    @property
    def cuda_only(self) -> tuple[str, ...]:
        """The options asked for that mean nothing on the CPU; `tf32` is a permission, which the CPU has no use for."""
        asked = {
            "stream": self.stream is not None,
            "cuda_graph": self.cuda_graph,
            "memory_bytes": self.memory_bytes is not None,
            "provider_options": bool(self.provider_options),
        }
        return tuple(name for name, is_asked in asked.items() if is_asked)

    def check(self) -> None:
        """See that every number is one that ONNX Runtime can use.

        Raises:
            UsageError: one is no positive whole number.
        """
        if self.threads is not None:
            check_positive("threads", self.threads, "without it ONNX Runtime uses every core")
        if self.memory_bytes is not None:
            check_positive("memory_bytes", self.memory_bytes, "without it ONNX Runtime takes what it needs")
        for name, size in self.sizes.items():
            check_positive(f"the size of axis '{name}'", size, "leave an axis out of sizes if it shall stay free")


def check_positive(what: str, value: Any, remark: str) -> None:
    """See that a number given is one that counts something.

    Raises:
        UsageError: it is no positive whole number.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise UsageError(f"{what} is {value!r}", hint=f"give a positive whole number; {remark}")
