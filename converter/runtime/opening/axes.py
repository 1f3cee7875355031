"""The free axes of a graph's inputs, and what fixes them.

They are read from the graph's bytes: ONNX Runtime wants to be told the sizes before it opens the graph, and takes a name that the graph does not have
without a word. A dim that is a sum of axes, `past + length`, is fixed by the sizes of its summands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from converter.errors import UnknownName
from converter.protobuf import UNREADABLE, Bytes, Span, messages, numbers, opened, text, whole
from converter.runtime.opening.ports import Dim
from converter.specs import evaluate, terms

Dims = tuple[Dim, ...]

# Field numbers of onnx.proto: ModelProto.graph, GraphProto.input and initializer, TensorProto.name.
_GRAPH, _INPUT, _INITIALIZER, _TENSOR_NAME = 7, 11, 5, 8


@dataclass(frozen=True)
class Axes:
    """The declared dims of every input, and the lengths of those that the caller fixes."""

    declared: Mapping[str, Dims | None]
    """By input; None for one without a shape."""
    fixed: Mapping[str, int]
    """By the dim's own text."""

    @property
    def free(self) -> list[str]:
        """What may still vary from call to call, in words: `batch`, `dimension 1 of input 'x'`."""
        free: dict[str, None] = {}
        for name, dims in self.declared.items():
            if dims is None:
                free[f"the shape of input '{name}'"] = None
                continue
            for axis, dim in enumerate(dims):
                if dim is None:
                    free[f"dimension {axis} of input '{name}'"] = None
                elif isinstance(dim, str) and dim not in self.fixed:
                    free[dim] = None
        return list(free)

    def check_known(self, sizes: Iterable[str]) -> None:
        """See that the graph has every axis that is given a size.

        Raises:
            UnknownName: it has not.
        """
        dims = _named(self.declared)
        known = axis_names(dims)
        for name in sizes:
            if name not in known and name not in dims:
                raise UnknownName("axis", str(name), known)


def read_axes(source: Path | bytes, sizes: Mapping[str, int]) -> Axes:
    """The axes of a graph, some of them fixed; none at all where the bytes are in another format than ONNX."""
    declared = _input_dims(source)
    lengths = {dim: length_of(dim, sizes) for dim in _named(declared)}
    return Axes(declared, {dim: length for dim, length in lengths.items() if length is not None})


def axis_names(dims: Iterable[str]) -> list[str]:
    """The names of axes that occur in named dims, each once: the dims themselves, or their summands."""
    return list(dict.fromkeys(term for dim in dims for term in terms(dim) if not term.isdigit()))


def length_of(dim: str, sizes: Mapping[str, int]) -> int | None:
    """The length of a named dim at these sizes, by its own text or from its summands; None where they do not say it."""
    if dim in sizes:
        return int(sizes[dim])
    return evaluate(dim, sizes) if all(term.isdigit() or term in sizes for term in terms(dim)) else None


def _input_dims(source: Path | bytes) -> dict[str, Dims | None]:
    """The inputs that a caller feeds; graphs of old list their weights among the inputs."""
    try:
        with opened(source) as data:
            graphs = messages(data, whole(data), _GRAPH)
            ports = {text(data, port, 1): _dims(data, port) for graph in graphs for port in messages(data, graph, _INPUT)}
            given = {text(data, tensor, _TENSOR_NAME) for graph in graphs for tensor in messages(data, graph, _INITIALIZER)} if ports else set()
            return {name: dims for name, dims in ports.items() if name not in given}
    except UNREADABLE:
        return {}


def _named(declared: Mapping[str, Dims | None]) -> list[str]:
    return list(dict.fromkeys(dim for dims in declared.values() for dim in dims or () if isinstance(dim, str)))


def _dims(data: Bytes, port: Span) -> Dims | None:
    """ValueInfoProto.type, of which TypeProto.tensor_type, of which Tensor.shape, of which the dims."""
    tensors = [tensor for kind in messages(data, port, 2) for tensor in messages(data, kind, 1)]
    shapes = [shape for tensor in tensors for shape in messages(data, tensor, 2)]
    return tuple(_dim(data, dim) for dim in messages(data, shapes[0], 1)) if shapes else None


def _dim(data: Bytes, dim: Span) -> Dim:
    """Dimension.dim_param, else dim_value; exporters of old write a free axis as a negative length."""
    length = numbers(data, dim, 1)
    return text(data, dim, 2) or (length[0] if length and length[0] >= 0 else None)
