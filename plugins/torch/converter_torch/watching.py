"""What a model does while it is evaluated and should not: random operators and kept states, named with their modules."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules import module as hooks
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from converter.plugin import UsageError

if TYPE_CHECKING:
    from converter_torch.signature.flat import Flat

_SHOWN = 3
_ATTENTION = ("scaled_dot_product", "_scaled_dot_product")  # drops, and is random, only where it is told to


def first_run(flat: Flat, example: Sequence[torch.Tensor]) -> tuple[list[tuple[str, torch.Tensor]], tuple[str, ...]]:
    """Run a model twice and return its outputs with their names, and what is worth a note.

    Raises UsageError that names the operator and the module where the two answers differ, and what the forward raises.
    """
    versions = {name.removeprefix("module."): (buffer, buffer._version) for name, buffer in flat.named_buffers()}
    found = [(name, tensor.clone()) for name, tensor in _answer(flat, example)]
    changed = [name for name, (buffer, version) in versions.items() if buffer._version != version]
    again = [tensor for _, tensor in _answer(flat, example)]
    if not all(map(_is_same, (tensor for _, tensor in found), again)):
        raise _unrepeatable(flat, example, changed)
    return found, (f"the forward changes its own {_shown(changed)}, in evaluation mode too",) if changed else ()


def _answer(flat: Flat, example: Sequence[torch.Tensor]) -> list[tuple[str, torch.Tensor]]:
    """Run the model on a copy of the example: a forward may write into what it is given."""
    return flat.named(*(tensor.clone() for tensor in example))


def _unrepeatable(flat: Flat, example: Sequence[torch.Tensor], changed: Sequence[str]) -> UsageError:
    with watching(flat) as random:
        _answer(flat, example)
    if random:
        return UsageError(
            f"the model is random in evaluation mode too: {_shown(random)}",
            hint="drop only where self.training is true (F.dropout(x, p, self.training)), or take the random numbers as an input",
        )
    return UsageError(
        f"the forward changes {f'its own {_shown(changed)}' if changed else 'an attribute of the module'}, and its answer with it",
        hint="take the state as an input, and return the new one",
    )


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" ({len(names)} in all)" if len(names) > _SHOWN else "")


def _is_same(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Equal but for the noise of summation order."""
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if first.dtype.is_floating_point or first.dtype.is_complex:
        wide = torch.complex128 if first.dtype.is_complex else torch.float64
        return torch.allclose(first.to(wide), second.to(wide), rtol=1e-4, atol=1e-6, equal_nan=True)
    return torch.equal(first, second)


@contextlib.contextmanager
def watching(module: nn.Module) -> Iterator[list[str]]:
    """Watch a module while it runs; gives the random operators that it calls, each with its module."""
    random: list[str] = []
    names = {id(part): name.removeprefix("module").removeprefix(".") for name, part in module.named_modules()}
    running: list[nn.Module] = []

    def enter(part: nn.Module, _arguments: Any) -> None:
        if id(part) in names:
            running.append(part)

    def leave(part: nn.Module, _arguments: Any, _result: Any) -> None:
        if running and running[-1] is part:
            running.pop()

    def place() -> str:
        name = names[id(running[-1])] if running else ""
        return f"{name} ({type(running[-1]).__name__})" if name else "the forward"

    handles = [hooks.register_module_forward_pre_hook(enter), hooks.register_module_forward_hook(leave, always_call=True)]
    try:
        with _Mode(random, place):
            yield random
    finally:
        for handle in handles:
            handle.remove()


class _Mode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the random operators that pass."""

    def __init__(self, random: list[str], place: Callable[[], str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._random = random
        self._place = place

    def __torch_dispatch__(self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        if torch.Tag.nondeterministic_seeded in function.tags and _draws(function, args, kwargs or {}):
            words = f"{function} of {self._place()}"
            if words not in self._random:
                self._random.append(words)
        return function(*args, **(kwargs or {}))


def _draws(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    if not function._schema.name.partition("::")[2].startswith(_ATTENTION):
        return True
    return any(isinstance(leaf, float) and leaf > 0 for leaf in pytree.tree_leaves((args[3:], kwargs.get("dropout_p"))))
