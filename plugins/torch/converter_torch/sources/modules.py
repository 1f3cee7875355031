"""Modules of the user's own classes: built, and filled with the weights of a checkpoint."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import torch
from torch import nn

from converter.plugin import ConverterError, SourceError, UsageError, import_attribute
from converter_torch.sources import lean
from converter_torch.sources.prefixes import fitting

Load: TypeAlias = Callable[[nn.Module, Mapping[str, torch.Tensor]], tuple[list[str], list[str]]]

SHOWN = 3  # of what may be hundreds of keys
LARGE = 200_000_000  # bytes of weights from which on they are not held twice


def factory_of(reference: str) -> Any:
    """Return what `package.module:Class` names: a class, a function or a module.

    Raises SourceNotFound where there is no such attribute, SourceError where importing it raises.
    """
    return _imported(reference)


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


def filled(
    reference: str, arguments: Mapping[str, Any], weights: Mapping[str, torch.Tensor], *, name: str, prefix: str = ""
) -> tuple[nn.Module, str]:
    """Return the module of a class with the weights, and a note on what of them was taken; large ones are taken as they lie in their file.

    Raises what `build` and `fill` raise.
    """
    if sum(tensor.nbytes for tensor in weights.values() if isinstance(tensor, torch.Tensor)) >= LARGE and not isinstance(
        factory_of(reference), nn.Module
    ):
        with contextlib.suppress(Exception):  # whatever a module cannot do without values, it does with them below, or says why not
            with lean.weightless():
                module = build(reference, arguments)
            note = fill(module, weights, name=name, model=reference, prefix=prefix, load=lean.assign)
            if lean.is_whole(module):
                return module, note
    module = build(reference, arguments)
    return module, fill(module, weights, name=name, model=reference, prefix=prefix)


def fill(module: nn.Module, weights: Mapping[str, torch.Tensor], *, name: str, model: str, prefix: str = "", load: Load | None = None) -> str:
    """Load the weights, by `load` where they are not to be copied; return a note where only those under a prefix were taken.

    Raises SourceError that names the keys and shapes that do not fit. `name` and `model` are for its message.
    """
    wanted = module.state_dict()
    weights, note = fitting(weights, wanted, name=name, prefix=prefix)
    both = [key for key in wanted if key in weights]
    shapes = [f"{key} is {list(weights[key].shape)}, not {list(wanted[key].shape)}" for key in both if _shape(weights[key]) != _shape(wanted[key])]
    if shapes:
        _refuse(name, model, [key for key in wanted if key not in weights], [key for key in weights if key not in wanted], shapes)
    missing, unexpected = (load or _copied)(module, weights)
    if missing or unexpected:
        _refuse(name, model, missing, unexpected, [])
    return note


def _copied(module: nn.Module, weights: Mapping[str, torch.Tensor]) -> tuple[list[str], list[str]]:
    missing, unexpected = module.load_state_dict(weights, strict=False)
    loaded = {id(parameter) for key, parameter in module.named_parameters(remove_duplicate=False) if key not in missing}
    shared = {key for key, parameter in module.named_parameters(remove_duplicate=False) if id(parameter) in loaded}
    return [key for key in missing if key not in shared], unexpected


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
