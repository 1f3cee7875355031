"""Reading and writing ONNX files of any size: weights above 2 GB lie in a data file beside the graph."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import onnx
import onnx_ir as ir

from converter import dtypes
from converter.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROTOBUF_LIMIT = 2**31 - 1  # bytes; protobuf cannot write more in one message
HEADROOM = 64 << 20  # bytes that nodes and names may take beside the weights
_ONE_FILE = PROTOBUF_LIMIT - HEADROOM


def read(path: Path) -> ir.Model:
    """Return the model of an ONNX file, external weights left on disk; raises GraphError where it is none."""
    try:
        return ir.load(path)
    except Exception as error:
        raise GraphError(f"{path.name} is not an ONNX file: {error}", hint="it may be cut off, or of another kind") from error


def dtype_of(value: ir.Value) -> str:
    """Return the name of a value's dtype, as converter.dtypes has it, or ONNX's own in lower case for one that no model has; "" where none is declared."""
    if value.dtype is None:
        return ""
    name = value.dtype.name.lower()
    with contextlib.suppress(ValueError):
        return dtypes.canonical(name)
    return name


def write(model: ir.Model, path: Path, *, one_file: int = _ONE_FILE) -> Path | None:
    """Write the model, its weights within the file if they take less than `one_file` bytes; return the data file where there is one."""
    weights = sum(tensor.nbytes for value in model.graph.initializers.values() if (tensor := value.const_value) is not None)
    if weights < one_file:
        ir.external_data.load_to_model(model)
        ir.save(model, path)
        return None
    data = path.with_suffix(".data")
    ir.save(model, path, external_data=data.name)
    return data


def append_metadata(path: Path, metadata: Mapping[str, str]) -> None:
    """Add metadata entries to a written model without reading it: concatenated protobuf messages merge.

    Source: protobuf's encoding guide, "Last One Wins" and repeated fields.
    """
    addition = onnx.ModelProto()
    onnx.helper.set_model_props(addition, dict(metadata))
    with path.open("ab") as file:
        file.write(addition.SerializeToString(deterministic=True))


def check(path: Path) -> None:
    """Run ONNX's checker with full shape inference; raises GraphError with its reason."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:
        raise GraphError(f"the graph is not valid ONNX: {_first_line(error)}", hint="the exporter wrote it; another one may do better") from error


def inferred_dims(path: Path) -> dict[str, list[str | int | None]]:
    """Return the dims of each output that ONNX's shape inference finds, where it finds any."""
    target = path.with_suffix(".inferred")
    onnx.shape_inference.infer_shapes_path(str(path), str(target))
    outputs = onnx.load(target, load_external_data=False).graph.output
    return {
        value.name: [dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None for dim in value.type.tensor_type.shape.dim]
        for value in outputs
        if value.type.tensor_type.HasField("shape")
    }


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def point_to_data(path: Path, name: str) -> None:
    """Make a written graph read its external weights from the file `name` in its own folder."""
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = name
    path.write_bytes(model.SerializeToString(deterministic=True))
