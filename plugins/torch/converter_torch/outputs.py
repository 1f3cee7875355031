"""What a forward returns, flattened to tensors with readable names.

    tensor                                  output
    (tensor, tensor)                        output_0, output_1
    {"logits": tensor, "state": (a, b)}     logits, state.0, state.1

Fields of dataclasses and named tuples name their tensors as keys of mappings do; None is left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from converter.plugin import UsageError

LONE = "output"


def flatten(value: Any) -> list[tuple[str, torch.Tensor]]:
    """Return the tensors in `value` with their names; raises UsageError for anything that holds something else."""
    if isinstance(value, torch.Tensor):
        return [(LONE, value)]
    return list(_named(value, ""))


def _named(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    if value is None:
        return
    if isinstance(value, torch.Tensor):
        yield name, value
        return
    fields = _fields(value, name)
    if fields is None:
        raise UsageError(
            f"forward returns a {type(value).__name__}{f' as {name}' if name else ''}, which is no tensor",
            hint="return tensors, or tuples, lists, mappings, dataclasses and named tuples of them",
        )
    for key, item in fields:
        yield from _named(item, key)


def _fields(value: Any, name: str) -> list[tuple[str, Any]] | None:
    """Return the parts of a container with their full names; None for anything else."""
    if isinstance(value, Mapping):
        return [(_joined(name, str(key)), item) for key, item in value.items()]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(_joined(name, key), item) for key, item in zip(value._fields, value, strict=True)]
    if isinstance(value, tuple | list):
        return [(f"{name}.{place}" if name else f"{LONE}_{place}", item) for place, item in enumerate(value)]
    if dataclasses.is_dataclass(value):
        return [(_joined(name, field.name), getattr(value, field.name)) for field in dataclasses.fields(value)]
    return None


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
