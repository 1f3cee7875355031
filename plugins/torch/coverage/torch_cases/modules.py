"""PyTorch's own module tests: every module with its sample inputs, in evaluation mode and float32.

Samples that differ in the values of their tensors alone are one case. Of more than MOST cases of a module as many are taken, evenly spread.
"""

from __future__ import annotations

import math
import sys
import types
import unittest
from collections.abc import Iterator
from functools import partial
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from converter.plugin import Axis, Domain, Input
from converter_torch.tensors import dtype_name, to_array
from torch_cases.absent import ABSENT
from torch_cases.batches import free_batch
from torch_cases.case import Case, Rows

MOST = 24  # cases of one module
_FEW = 40  # integers that are a closed set of values
_PLACEMENT = frozenset({"device", "dtype"})  # arguments that say nothing of what is computed


class Called(nn.Module):
    """A module with the arguments of a call of it; the free tensors among them are its inputs."""

    def __init__(self, module: nn.Module, leaves: list[Any], spec: pytree.TreeSpec) -> None:
        super().__init__()
        self.module = module
        self._constants, self._spec = leaves, spec
        self._places = _free(module, leaves)

    def forward(self, *tensors: torch.Tensor) -> Any:
        """Return what the module returns."""
        leaves = list(self._constants)
        for place, tensor in zip(self._places, tensors, strict=True):
            leaves[place] = tensor
        args, kwargs = pytree.tree_unflatten(leaves, self._spec)
        return self.module(*args, **kwargs)


def _free(module: nn.Module, leaves: list[Any]) -> list[int]:
    """Return the places of the tensors that may hold other values; the lengths of concatenated targets belong to the one that is given."""
    places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    return places[:2] if isinstance(module, nn.CTCLoss) and leaves[1].dim() == 1 else places


def pytorch_tests() -> list[Any]:
    """Return what PyTorch tests its modules with; its test utilities want a package, of which nothing is used here."""
    if "expecttest" not in sys.modules:
        stand_in = types.ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase  # type: ignore[attr-defined]
        sys.modules["expecttest"] = stand_in
    from torch.testing._internal.common_modules import module_db

    return list(module_db)


def name_of(info: Any) -> str:
    """Return a module's name without its package."""
    name: str = info.name
    return name.removeprefix("nn.")


def _cases(info: Any) -> list[Case]:
    torch.manual_seed(0)
    samples = info.module_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=False, training=False)
    distinct = {_identity(each): each for each in reversed(samples) if each.forward_input is not None and _is_dense(each.forward_input)}
    found: list[Case] = []
    for sample in _spread(list(reversed(distinct.values()))):
        found.append(_case(info, sample, {each.setting for each in found}))
    return found


def _spread(samples: list[Any]) -> list[Any]:
    """Return MOST of the samples, or all of fewer."""
    return [samples[place * len(samples) // MOST] for place in range(MOST)] if len(samples) > MOST else samples


def _identity(sample: Any) -> str:
    """Return what tells samples apart: the constructor's arguments, and the dtypes and ranks of the forward's."""
    constructor = pytree.tree_map(lambda leaf: tuple(leaf.shape) if isinstance(leaf, torch.Tensor) else repr(leaf), _parts(sample.constructor_input))
    leaves, spec = pytree.tree_flatten(_parts(sample.forward_input))
    return repr((constructor, spec, [(leaf.dtype, leaf.dim()) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]))


def _parts(given: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return tuple(given.args), dict(given.kwargs)


def _is_dense(given: Any) -> bool:
    return not any(isinstance(leaf, torch.Tensor) and leaf.is_nested for leaf in pytree.tree_leaves(_parts(given)))


def _case(info: Any, sample: Any, taken: set[str]) -> Case:
    """Return a sample's case, under a name that is not taken."""
    make = partial(_made, info.module_cls, sample)
    module, leaves = make().eval(), pytree.tree_leaves(_parts(sample.forward_input))
    tensors = [leaves[place] for place in _free(module.module, leaves)]
    inputs = tuple(_input(f"x{place}", tensor) for place, tensor in enumerate(tensors))
    feeds = {each.name: to_array(tensor) for each, tensor in zip(inputs, tensors, strict=True)}
    dims = free_batch(module, inputs)
    free = tuple(_with_batch(each, dim) for each, dim in zip(inputs, dims, strict=True))
    setting = next(each for each in _settings(sample, tensors) if each not in taken)
    return Case(name_of(info), setting, make, free, {"batch": Axis()} if any(dim is not None for dim in dims) else {}, feeds)


def _made(kind: Any, sample: Any) -> nn.Module:
    args, kwargs = _parts(sample.constructor_input)
    module = kind(*args, **kwargs)
    leaves, spec = pytree.tree_flatten(_parts(sample.forward_input))
    called = Called(module, leaves, spec)
    if isinstance(module, nn.modules.lazy.LazyModuleMixin):
        called(*(leaf for leaf in leaves if isinstance(leaf, torch.Tensor)))
    return called


def _input(name: str, tensor: torch.Tensor) -> Input:
    return Input(name, dtype_name(tensor.dtype), tuple(tensor.shape), _domain(tensor))


def _domain(tensor: torch.Tensor) -> Domain:
    """Return the values that a sample's tensor may hold: what it holds, if integers or on one side of 0."""
    if tensor.dtype == torch.bool or not tensor.numel():
        return Domain()
    low, high = tensor.min().item(), tensor.max().item()
    if not tensor.is_floating_point():
        values = tuple(tensor.unique().tolist())
        return Domain(values=values) if len(values) <= _FEW else Domain(low, high)
    return Domain(low, high) if math.isfinite(low + high) and (low >= 0 or high <= 0) else Domain()


def _with_batch(each: Input, dim: int | None) -> Input:
    dims = tuple("batch" if place == dim else length for place, length in enumerate(each.dims))
    return Input(each.name, each.dtype, dims, each.domain)


def _settings(sample: Any, tensors: list[torch.Tensor]) -> Iterator[str]:
    """Give names of a sample: the constructor's arguments; the shapes and a number where these do not tell it from others."""
    args, kwargs = _parts(sample.constructor_input)
    named = [f"{name}={_shown(value)}" for name, value in kwargs.items() if name not in _PLACEMENT]
    told = ", ".join([*map(_shown, args), *named]) or "default"
    yield told
    shaped = f"{told}: {' '.join('×'.join(map(str, tensor.shape)) or 'scalar' for tensor in tensors)}"
    yield shaped
    yield from (f"{shaped} #{number}" for number in range(2, 1000))


def _shown(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"tensor of {list(value.shape)}"
    return type(value).__name__ if isinstance(value, nn.Module) else getattr(value, "__name__", repr(value))


ROWS: Rows = MappingProxyType({name_of(info): partial(_cases, info) for info in pytorch_tests() if name_of(info) not in ABSENT})
