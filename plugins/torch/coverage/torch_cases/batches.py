"""Which dims of a module's inputs are its batch, found by trying."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from converter.plugin import Input
from converter_torch.signature.outputs import flatten
from converter_torch.tensors import to_tensor

_ROWS = 5
_KEPT = [3, 1]  # rows of a second try
_MOST = 64  # ways that are tried

Dims = tuple[int | None, ...]


def free_batch(module: nn.Module, inputs: Sequence[Input]) -> Dims:
    """Return the batch dim of each input, None for one that has none; None for all where the module has no batch.

    A batch takes another length, and each row of the answer is that of its own rows.
    """
    none: Dims = (None,) * len(inputs)
    ways = itertools.islice(_ways(inputs), _MOST)
    return next((dims for dims in ways if _is_batch(module, inputs, dims)), none)


def _ways(inputs: Sequence[Input]) -> Iterator[Dims]:
    """Give the ways to choose: the first dims of an input, and those of the others that are as long; without them last."""
    lengths = dict.fromkeys(each.dims[place] for place in (0, 1) for each in inputs if len(each.dims) > place)
    for length in lengths:
        places = [[place for place in (0, 1) if each.dims[place : place + 1] == (length,)] for each in inputs]
        ways = itertools.product(*([*found, None] for found in places))
        yield from sorted((way for way in ways if any(place is not None for place in way)), key=lambda way: way.count(None))


def _is_batch(module: nn.Module, inputs: Sequence[Input], dims: Dims) -> bool:
    rng = np.random.default_rng(0)
    sized = [
        replace(each, dims=tuple(_ROWS if place == dim else length for place, length in enumerate(each.dims)))
        for each, dim in zip(inputs, dims, strict=True)
    ]
    tensors = [to_tensor(each.draw(rng, {})) for each in sized]
    kept = torch.tensor(_KEPT)
    fewer = [tensor.clone() if dim is None else tensor.index_select(dim, kept) for tensor, dim in zip(tensors, dims, strict=True)]
    try:
        with torch.no_grad():
            whole, part = (flatten(module(*each)) for each in (tensors, fewer))
    except Exception:  # noqa: BLE001 - a module refuses a length in its own way
        return False
    return bool(whole) and all(_is_of_rows(all_rows, some, kept) for (_, all_rows), (_, some) in zip(whole, part, strict=True))


def _is_of_rows(whole: torch.Tensor, part: torch.Tensor, kept: torch.Tensor) -> bool:
    """Tell whether `part` is those rows of `whole`, in one of its dims."""
    for dim, length in enumerate(whole.shape):
        if length != _ROWS:
            continue
        wanted = whole.index_select(dim, kept)
        if wanted.shape == part.shape and torch.allclose(wanted.double(), part.double(), rtol=1e-4, atol=1e-5, equal_nan=True):
            return True
    return False
