"""Which nodes of an open graph run where, from ONNX Runtime's own record of its assignment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from converter.errors import UsageError
from converter.runtime import ort_private as ort
from converter.runtime.opening.providers import CPU_PROVIDER, TENSORRT_PROVIDER

RECORD = "session.record_ep_graph_assignment_info"
"""ONNX Runtime's session option that keeps the record: half a per cent of the time of opening, 350 bytes a node."""

_ML = "ai.onnx.ml"
_ML_NOTE = f"ONNX Runtime has hardly any CUDA kernels for {_ML}; such a graph gains nothing from CUDA"


@dataclass(frozen=True)
class Node:
    """One node of the graph."""

    name: str
    """As the graph names it; often empty."""
    operator: str
    domain: str
    """Empty for ONNX's own domain."""

    def __str__(self) -> str:
        return f"{self.operator} '{self.name}'" if self.name else self.operator


@dataclass(frozen=True)
class Placement:
    """Where the nodes of a graph run.

    ONNX Runtime assigns nodes before it fuses them, so the numbers are those of the graph and not those of the kernels. It keeps the arithmetic of
    shapes on the CPU on purpose; that costs nothing worth mentioning.
    """

    counts: Mapping[str, int]
    """Number of nodes by provider, the device's own first: {"CUDAExecutionProvider": 37, "CPUExecutionProvider": 4}."""
    on_cpu: tuple[Node, ...]
    """The nodes on the CPU in a session of another device, in ONNX Runtime's order; empty in a session of the CPU."""

    @property
    def note(self) -> str:
        """What the nodes on the CPU mean; empty where there is nothing to say."""
        return _ML_NOTE if any(node.domain == _ML for node in self.on_cpu) else ""

    def __str__(self) -> str:
        """One line: the counts, the operators on the CPU, and the note."""
        counts = ", ".join(f"{count} on {provider.removesuffix('ExecutionProvider')}" for provider, count in self.counts.items())
        kinds = Counter(node.operator for node in self.on_cpu)
        parts = [f"nodes: {counts or 'none'}"]
        parts += [f"on the CPU: {', '.join(f'{kind} {count}' for kind, count in kinds.most_common())}"] if kinds else []
        return "; ".join([*parts, *([self.note] if self.note else [])])


def placement(raw: Any) -> Placement:
    """Where the nodes of an open graph run.

    Raises:
        UsageError: the installed ONNX Runtime keeps no record.
    """
    nodes = ort.assigned(raw)
    if nodes is None:
        raise UsageError("this ONNX Runtime keeps no record of where nodes run", hint="pip install -U onnxruntime-gpu, or onnxruntime")
    first = raw.get_providers()[0]
    by_provider = Counter(provider for provider, *_ in nodes)
    counts = dict(sorted(by_provider.items(), key=lambda item: (item[0] != first, item[0] == CPU_PROVIDER)))
    on_cpu = [Node(name, operator, domain) for provider, operator, domain, name in nodes if provider == CPU_PROVIDER != first]
    return Placement(counts, tuple(on_cpu))


def is_whole(raw: Any) -> bool:
    """Whether every node runs on the session's first provider, so that no value passes through main memory; False where nobody knows."""
    nodes = ort.assigned(raw)
    return nodes is not None and {provider for provider, *_ in nodes} <= {raw.get_providers()[0]} - {TENSORRT_PROVIDER}
