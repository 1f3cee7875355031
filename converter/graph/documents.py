"""Reading and writing ONNX files of any size: weights above 2 GB lie in a data file beside the graph."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import onnx
import onnx_ir as ir

from converter import dtypes
from converter.errors import GraphError
from converter.graph.heavy import Heavy, take_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROTOBUF_LIMIT = 2**31 - 1  # bytes; protobuf cannot write more in one message
HEADROOM = 64 << 20  # bytes that nodes and names may take beside the weights
_ONE_FILE = PROTOBUF_LIMIT - HEADROOM


@dataclass(frozen=True)
class Document:
    """A graph that was read, and what stays in its file: `model` has a short text where the file has a heavy attribute."""

    model: ir.Model
    heavy: Heavy | None = None


def read(path: Path) -> Document:
    """Return the graph of an ONNX file, external weights and heavy attributes left on disk; raises GraphError where it is none."""
    try:
        taken = take_out(path)
        return Document(ir.load(path)) if taken is None else Document(_parsed(taken[0], path), taken[1])
    except Exception as error:
        raise GraphError(f"{path.name} is not an ONNX file: {error}", hint="it may be cut off, or of another kind") from error


def _parsed(skeleton: bytes, path: Path) -> ir.Model:
    model = ir.serde.deserialize_model(onnx.ModelProto.FromString(skeleton))
    ir.external_data.set_base_dir(model.graph, path.parent)
    return model


def dtype_of(value: ir.Value) -> str:
    """Return the name of a value's dtype, as converter.dtypes has it, or ONNX's own in lower case for one that no model has; "" where none is declared."""
    if value.dtype is None:
        return ""
    name = value.dtype.name.lower()
    with contextlib.suppress(ValueError):
        return dtypes.canonical(name)
    return name


def write(document: Document, path: Path, *, one_file: int = _ONE_FILE) -> Path | None:
    """Write the graph, its weights within the file if that takes less than `one_file` bytes; return the data file where there is one."""
    model, heavy = document.model, document.heavy
    weights = sum(tensor.nbytes for value in model.graph.initializers.values() if (tensor := value.const_value) is not None)
    data = None
    if weights + (heavy.size if heavy is not None else 0) < one_file:
        ir.external_data.load_to_model(model)
        ir.save(model, path)
    else:
        data = path.with_suffix(".data")
        ir.save(model, path, external_data=data.name)
    if heavy is not None:
        heavy.put_back(path.read_bytes(), path)
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
    outputs = read(target).model.graph.outputs
    return {value.name or "": dims_of(value) for value in outputs if value.shape is not None}


def dims_of(value: ir.Value) -> list[str | int | None]:
    """Return the dims that a value declares; none where it has no shape."""
    return [dim if isinstance(dim, int) else dim.value for dim in value.shape] if value.shape is not None else []


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def point_to_data(path: Path, name: str) -> None:
    """Make a written graph read its external weights from the file `name` in its own folder."""
    taken = take_out(path)
    model = onnx.load(path, load_external_data=False) if taken is None else onnx.ModelProto.FromString(taken[0])
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = name
    written = model.SerializeToString(deterministic=True)
    if taken is None:
        path.write_bytes(written)
    else:
        taken[1].put_back(written, path)
