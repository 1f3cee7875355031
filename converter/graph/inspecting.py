"""What a graph takes, gives and is made of; read from the file alone."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx_ir as ir

from converter.graph import documents
from converter.specs import Dim


@dataclass(frozen=True)
class Value:
    """A declared input or output; dims None: not even the rank is declared."""

    name: str
    dtype: str
    dims: tuple[Dim | None, ...] | None


@dataclass(frozen=True)
class Summary:
    """An inspected graph; `size` and `data_size` (of external weights) in bytes."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    axes: tuple[str, ...]
    opsets: Mapping[str, int]
    ir_version: int
    producer: str
    operators: Mapping[str, int]
    parameters: int
    size: int
    data_size: int
    metadata: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        return dataclasses.asdict(self)


def inspect(path: Path) -> Summary:
    """Look at an ONNX file; raises GraphError where it is none."""
    model = documents.read(path).model
    graph = model.graph
    weights = [tensor for value in graph.initializers.values() if (tensor := value.const_value) is not None]
    data = {Path(tensor.base_dir) / tensor.location for tensor in weights if isinstance(tensor, ir.ExternalTensor)}
    inputs = tuple(_value(value) for value in graph.inputs if value.name not in graph.initializers)
    names = [dim for value in inputs for dim in value.dims or () if isinstance(dim, str)]
    return Summary(
        inputs=inputs,
        outputs=tuple(_value(value) for value in graph.outputs),
        axes=tuple(dict.fromkeys(names)),
        opsets=dict(sorted(model.opset_imports.items())),
        ir_version=model.ir_version,
        producer=f"{model.producer_name or ''} {model.producer_version or ''}".strip(),
        operators=dict(sorted(Counter(_operator(node) for node in graph.all_nodes()).items(), key=lambda item: (-item[1], item[0]))),
        parameters=sum(tensor.size for tensor in weights),
        size=path.stat().st_size,
        data_size=sum(file.stat().st_size for file in data if file.is_file()),
        metadata=dict(model.metadata_props),
    )


def _operator(node: ir.Node) -> str:
    return f"{node.domain}::{node.op_type}" if node.domain else node.op_type


def _value(value: ir.Value) -> Value:
    dtype = documents.dtype_of(value) if isinstance(value.type, ir.TensorType) else str(value.type)
    dims = tuple(dim if isinstance(dim, int) else dim.value for dim in value.shape) if value.shape is not None else None
    return Value(value.name or "", dtype, dims)
