"""What a forward returns, flattened to tensors with readable names.

    tensor                                  output
    (tensor, tensor)                        output_0, output_1
    {"logits": tensor, "state": (a, b)}     logits, state.0, state.1
    {"past_key_values": ((k, v), …)}        past_key_values.0.key, past_key_values.0.value
    an encoder-decoder's cache              past_key_values.0.decoder.key, …, past_key_values.0.encoder.value

Fields of dataclasses and named tuples name their tensors as keys of mappings do, and so does whatever is registered with torch's pytree.
None is left out. Python numbers become tensors of no dims.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree

from converter.plugin import UsageError
from converter_torch.signature.caches import as_layers, is_cache, names_of_layer

LONE = "output"
_DTYPES = {
    bool: torch.bool,
    int: torch.int64,
    float: torch.float32,
    torch.SymBool: torch.bool,
    torch.SymInt: torch.int64,
    torch.SymFloat: torch.float32,
}


def flatten(value: Any) -> list[tuple[str, torch.Tensor]]:
    """Return the tensors in `value` with their names; raises UsageError for anything that holds something else."""
    if isinstance(value, torch.Tensor):
        return [(LONE, _dense(value, LONE))]
    return list(_named(value, ""))


def _named(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    if value is None:
        return
    if isinstance(value, torch.Tensor):
        yield name, _dense(value, name)
        return
    if type(value) in _DTYPES:
        yield name or LONE, torch.scalar_tensor(value, dtype=_DTYPES[type(value)])
        return
    fields = _fields(value, name)
    if fields is None:
        raise UsageError(
            f"forward returns a {type(value).__name__}{f' as {name}' if name else ''}, which is no tensor",
            hint="return tensors, or tuples, lists, mappings, dataclasses and named tuples of them",
        )
    for key, item in fields:
        yield from _named(item, key)


def _dense(tensor: torch.Tensor, name: str) -> torch.Tensor:
    if tensor.layout is not torch.strided or tensor.is_quantized:
        kind = "quantized" if tensor.is_quantized else str(tensor.layout).removeprefix("torch.")
        raise UsageError(
            f"forward returns {name} as a {kind} tensor, which ONNX has no type for", hint="return it dense: tensor.to_dense(), or .dequantize()"
        )
    return tensor


def _fields(value: Any, name: str) -> list[tuple[str, Any]] | None:
    """Return the parts of a container with their full names; None for anything else."""
    if is_cache(value, name):
        return _of_cache(value, name)
    if isinstance(value, Mapping):
        return [(_joined(name, str(key)), item) for key, item in value.items()]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(_joined(name, key), item) for key, item in zip(value._fields, value, strict=True)]
    if isinstance(value, tuple | list):
        return _placed(value, name)
    if dataclasses.is_dataclass(value):
        return [(_joined(name, field.name), getattr(value, field.name)) for field in dataclasses.fields(value)]
    return _of_registered(value, name)


def _of_cache(value: Any, name: str) -> list[tuple[str, Any]]:
    layers = as_layers(value)
    return [
        (_joined(f"{name or LONE}.{place}", part), tensor)
        for place, layer in enumerate(layers)
        for part, tensor in zip(names_of_layer(len(layer)), layer, strict=True)
    ]


def _of_registered(value: Any, name: str) -> list[tuple[str, Any]] | None:
    """Return the parts of an object whose class is registered with torch's pytree, by their keys where it gives some."""
    node = pytree.SUPPORTED_NODES.get(type(value))
    if node is None:
        return None
    if node.flatten_with_keys_fn is not None:
        keyed, _ = node.flatten_with_keys_fn(value)
        return [(_joined(name, _key(key)), item) for key, item in keyed]
    items, _ = node.flatten_fn(value)
    return _placed(items, name)


def _placed(items: Sequence[Any], name: str) -> list[tuple[str, Any]]:
    return [(f"{name}.{place}" if name else f"{LONE}_{place}", item) for place, item in enumerate(items)]


def _key(entry: Any) -> str:
    found = next((getattr(entry, name) for name in ("key", "name", "idx") if hasattr(entry, name)), entry)
    return str(found).strip(".[]'\"")


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
