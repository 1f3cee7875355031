"""Scalars that follow from buffers and parameters alone, given to Python where it asks for them.

A capture knows no values of tensors: `int(self.strides[0])` would be a free number. What a model computes from its own small tensors is
computed with their values beside the capture, as long as nothing changes them in place.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import unset_fake_temporarily
from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

if TYPE_CHECKING:
    from converter_torch.exporters.patches.notes import Notes

LIMIT = 64  # elements of a tensor that is followed
_SYMBOLS = (torch.SymInt, torch.SymFloat, torch.SymBool)
_ASKING = frozenset(getattr(torch.Tensor, name) for name in ("item", "tolist", "__bool__", "__int__", "__float__", "__index__"))


@contextlib.contextmanager
def constant_scalars(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Give the module inside a mode that follows its small tensors: it must lie inside the forward, above torch.export's own."""
    yield Following(module, notes)


class Following(nn.Module):
    """A module whose forward follows its small tensors."""

    def __init__(self, module: nn.Module, notes: Notes) -> None:
        super().__init__()
        self.module = module
        self._mode = _Mode(module, notes)

    def forward(self, *tensors: torch.Tensor) -> Any:
        """Return what the module returns."""
        self._mode.begin()
        with self._mode:
            return self.module(*tensors)


class _Mode(TorchFunctionMode):
    """Keeps the values of the tensors that follow from the module's own."""

    def __init__(self, module: nn.Module, notes: Notes) -> None:
        super().__init__()
        self._module = module
        self._notes = notes
        self._own = {name: tensor.detach().clone() for name, tensor in _tensors(module) if tensor.numel() <= LIMIT}
        self._known: dict[int, tuple[torch.Tensor, int, torch.Tensor]] = {}  # id → tensor, its version and its value

    def __torch_function__(self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """Call the function, and beside it compute with the values."""
        kwargs = kwargs or {}
        leaves = list(_leaves((args, kwargs)))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        if not tensors or any(isinstance(leaf, _SYMBOLS) for leaf in leaves) or not all(map(self._is_known, tensors)):
            return function(*args, **kwargs)
        if function in _ASKING:
            self._notes.add("scalars from the model's own tensors")
            return self._value(function, args, kwargs)
        result = function(*args, **kwargs)
        if isinstance(result, torch.Tensor) and result.numel() <= LIMIT:
            with contextlib.suppress(Exception):  # then it is not followed, and whoever asks for it gets torch's own answer
                self._know(result, self._value(function, args, kwargs))
        return result

    def begin(self) -> None:
        """Know the module's own tensors: those that a capture puts in their place."""
        self._known.clear()
        with _aside():
            values = {name: tensor.clone() for name, tensor in self._own.items()}
        for name, tensor in _tensors(self._module):
            if name in values:
                self._know(tensor, values[name])

    def _is_known(self, tensor: torch.Tensor) -> bool:
        return id(tensor) in self._known and self._known[id(tensor)][1] == tensor._version

    def _know(self, tensor: torch.Tensor, value: torch.Tensor) -> None:
        self._known[id(tensor)] = (tensor, tensor._version, value)

    def _value(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        args, kwargs = pytree.tree_map(lambda leaf: self._known[id(leaf)][2] if isinstance(leaf, torch.Tensor) else leaf, (args, kwargs))
        with _aside():
            return function(*args, **kwargs)


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    """Compute with values, unseen by the capture."""
    with torch._C.DisableTorchFunction(), unset_fake_temporarily(), disable_proxy_modes_tracing():
        yield


def _leaves(values: Any) -> Iterator[Any]:
    """Give what is in the values, the ends of slices too: a free one is no constant."""
    for leaf in pytree.tree_leaves(values):
        yield from (leaf.start, leaf.stop, leaf.step) if isinstance(leaf, slice) else (leaf,)


def _tensors(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    return [*module.named_buffers(), *module.named_parameters()]
