"""Modules of the user's own classes: built, and filled with the weights of a checkpoint."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from torch import nn

from converter.plugin import ConverterError, SourceError, UsageError, import_attribute
from converter_torch.checkpoints import without_prefixes

if TYPE_CHECKING:
    import torch

SHOWN = 3  # of what may be hundreds of keys


def build(reference: str, arguments: Mapping[str, Any]) -> nn.Module:
    """Return the module that `package.module:Class`, or a factory, gives for the arguments.

    Raises SourceNotFound where there is no such attribute, SourceError where importing or calling it raises, UsageError where it gives no module.
    """
    factory = _imported(reference)
    built = factory if isinstance(factory, nn.Module) else _called(factory, reference, arguments)
    if not isinstance(built, nn.Module):
        raise UsageError(
            f"{reference} gave a {type(built).__name__}, which is no torch.nn.Module",
            hint="--model names a class or a function that returns a module",
        )
    return built


def fill(module: nn.Module, weights: Mapping[str, torch.Tensor], *, name: str, model: str) -> None:
    """Load the weights; raises SourceError that names the keys and shapes that do not fit. `name` and `model` are for its message."""
    wanted = module.state_dict()
    weights = max(weights, without_prefixes(weights), key=lambda each: len(wanted.keys() & each.keys()))
    both = [key for key in wanted if key in weights]
    shapes = [f"{key} is {list(weights[key].shape)}, not {list(wanted[key].shape)}" for key in both if _shape(weights[key]) != _shape(wanted[key])]
    if shapes:
        _refuse(name, model, [key for key in wanted if key not in weights], [key for key in weights if key not in wanted], shapes)
    missing, unexpected = module.load_state_dict(weights, strict=False)
    if missing or unexpected:
        _refuse(name, model, missing, unexpected, [])


def shown(items: Iterable[str], limit: int = SHOWN) -> str:
    """Return the first few items and how many there are in all."""
    known = list(items)
    return ", ".join(known[:limit]) + (f" ({len(known)} in all)" if len(known) > limit else "")


def parameters_in_words(module: nn.Module) -> str:
    """Return how many parameters a module has: "8.7 M parameters"."""
    count = sum(parameter.numel() for parameter in module.parameters())
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit} parameters"
    return f"{count} parameters"


def _imported(reference: str) -> Any:
    try:
        return import_attribute(reference)
    except ConverterError:
        raise
    except Exception as error:
        raise SourceError(
            f"importing {reference} raised {type(error).__name__}: {error}", hint="it must be importable by itself: python -c 'import …' shows more"
        ) from error


def _called(factory: Any, reference: str, arguments: Mapping[str, Any]) -> Any:
    if not callable(factory):
        return factory
    try:
        return factory(**arguments)
    except ConverterError:
        raise
    except Exception as error:
        raise SourceError(
            f"{reference} raised {type(error).__name__}: {error}", hint=f"--model-args gives its arguments as JSON; it takes {_signature(factory)}"
        ) from error


def _signature(factory: Any) -> str:
    try:
        return str(inspect.signature(factory))
    except (TypeError, ValueError):
        return "what its documentation says"


def _shape(value: Any) -> Any:
    return getattr(value, "shape", None)


def _refuse(name: str, model: str, missing: list[str], unexpected: list[str], shapes: list[str]) -> None:
    faults = {"missing": missing, "unexpected": unexpected, "other shapes": shapes}
    told = [f"  {what}: {shown(keys)}" for what, keys in faults.items() if keys]
    raise SourceError("\n".join([f"the weights of {name} do not fit {model}", *told]), hint="is it the right class, with the right --model-args?")
