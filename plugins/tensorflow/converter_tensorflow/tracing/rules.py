"""The rules of tracing: how a function of Keras's backend, or the call of a layer, is written in ONNX. Others add theirs with the same decorators.

A rule takes the arguments of what it stands for, under the same names; those that it leaves out must have their defaults.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from converter.plugin import ExportError
from converter_tensorflow.tracing.current import current_document

Rule = Callable[..., Any]
_R = TypeVar("_R", bound=Rule)


class Inexpressible(Exception):
    """There is no rule for this use of a function or a layer: it is left to tf2onnx, alone."""

    _keras_call_info_injected = True  # Keras leaves the message as it is


def refusal(layer: Any, why: str, hint: str = "") -> ExportError:
    """Return the error of a layer that neither a rule nor tf2onnx can write."""
    error = ExportError("tensorflow", "traced", f"layer {layer.name} ({type(layer).__name__}) has no form in ONNX: {why}", hint=hint)
    error._keras_call_info_injected = True  # type: ignore[attr-defined] # Keras leaves the message as it is
    return error


class NeedsOpset(ExportError):
    """A rule writes with operators of a later opset than the document's."""

    _keras_call_info_injected = True  # Keras leaves the message as it is

    def __init__(self, opset: int, operator: str) -> None:
        super().__init__("tensorflow", "traced", f"{operator} comes with opset {opset}", hint=f"--opset {opset}, or leave it out")
        self.opset = opset


def needs_opset(opset: int, operator: str) -> None:
    """Raise NeedsOpset where the document that is written has an earlier opset."""
    if current_document().opset < opset:
        raise NeedsOpset(opset, operator)


functions: dict[str, Rule] = {}
"""By module and name in Keras's backend: `nn.relu`, `numpy.add`."""

layers: dict[tuple[type, str], Rule] = {}
"""By class and method; what is traced of a layer without a rule is its own call."""


def function(*names: str) -> Callable[[_R], _R]:
    """Make it the rule of functions of Keras's TensorFlow backend: `@function("nn.relu")`."""

    def keep(rule: _R) -> _R:
        functions.update(dict.fromkeys(names, rule))
        return rule

    return keep


def layer(*classes: type, method: str = "call") -> Callable[[_R], _R]:
    """Make it the rule of a method of layers, which are its first argument: `@layer(keras.layers.Dense)`; a subclass with its own method is traced."""

    def keep(rule: _R) -> _R:
        layers.update({(each, method): rule for each in classes})
        return rule

    return keep


def applied(rule: Rule, signature: inspect.Signature, *args: Any, **kwargs: Any) -> Any:
    """Call a rule with the arguments of a call; raises Inexpressible where it does not take one of them that is not the default."""
    if any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in signature.parameters.values()):
        return rule(*args, **kwargs)
    return rule(**_known(rule, signature.bind(*args, **kwargs).arguments, signature))


def _known(rule: Rule, given: Mapping[str, Any], signature: inspect.Signature) -> dict[str, Any]:
    taken = inspect.signature(rule).parameters
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in taken.values()):
        return dict(given)
    for name, value in given.items():
        if name not in taken and not _is_default(name, value, signature.parameters[name].default):
            raise Inexpressible(f"{name}={value!r}")
    return {name: value for name, value in given.items() if name in taken}


def _is_default(name: str, value: Any, default: Any) -> bool:
    """Tell whether an argument says nothing: it is the default, or tells that this is no training."""
    if name == "training":
        return not value
    return value is default or (isinstance(value, bool | int | float | str) and type(value) is type(default) and value == default)
