"""Where tracing enters Keras: the functions of its TensorFlow backend, and the calls of its layers. All private names are here."""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras.src.layers.layer import Layer

from converter.plugin import ExportError
from converter_tensorflow.reasons import reason_of
from converter_tensorflow.tracing import rules
from converter_tensorflow.tracing.current import is_writing
from converter_tensorflow.tracing.foreign import foreign
from converter_tensorflow.tracing.operands import holds_traced
from converter_tensorflow.tracing.rules import Inexpressible, Rule

BACKEND = "keras.src.backend.tensorflow"
MODULES = ("core", "numpy", "nn", "math", "linalg", "image", "rnn")
Patch = tuple[Any, str, Any]
"""A module or a class, the name of its attribute, and what it was."""

HINT = "write it with keras.ops, or give it a rule: docs/how-to/convert-a-layer-of-your-own.md"
_TF2ONNX = "tensorflow, exporter tf2onnx: "  # how its errors begin
_MISSING = object()
_lock = threading.Lock()  # one conversion at a time: another one's hooks are not Keras's functions
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def hooked(model: keras.Model, through_tf2onnx: list[str]) -> Iterator[None]:
    """Let Keras's functions and layers write ONNX where they meet traced tensors, until the end; what goes through tf2onnx is listed.

    Whatever else calls them in the meantime, and in other threads, gets what they are.
    """
    patches: list[Patch] = []
    with _lock:
        try:
            _hook_functions(patches, through_tf2onnx)
            for (kind, method), rule in rules.layers.items():
                _patch(patches, kind, method, functools.partial(_ruled, rule))
            _patch(patches, Layer, "__call__", functools.partial(_guarded, model, through_tf2onnx))
            yield
        finally:
            for owner, name, was in reversed(patches):
                delattr(owner, name) if was is _MISSING else setattr(owner, name, was)


def _patch(patches: list[Patch], owner: Any, name: str, made: Callable[[Callable[..., Any]], Any]) -> None:
    patches.append((owner, name, vars(owner).get(name, _MISSING)))
    setattr(owner, name, made(getattr(owner, name)))


def backend_functions() -> dict[types.FunctionType, str]:
    """Return the functions of the backend that can have rules, with the names of their rules: `nn.relu`."""
    found: dict[types.FunctionType, str] = {}
    for module in MODULES:
        for value in vars(sys.modules[f"{BACKEND}.{module}"]).values():
            if isinstance(value, types.FunctionType) and value.__module__ == f"{BACKEND}.{module}" and not value.__name__.startswith("_"):
                found[value] = f"{module}.{value.__name__}"
    return found


def _hook_functions(patches: list[Patch], through_tf2onnx: list[str]) -> None:
    """Replace them wherever Keras has them by name: most of its modules import what they use."""
    hooks = {each: _function_hook(name, each, through_tf2onnx) for each, name in backend_functions().items()}
    for module in [each for name, each in sys.modules.items() if name == "keras" or name.startswith("keras.")]:
        for name, value in list(vars(module).items()):
            if isinstance(value, types.FunctionType) and value in hooks:
                patches.append((module, name, value))
                setattr(module, name, hooks[value])


def _function_hook(name: str, original: types.FunctionType, through_tf2onnx: list[str]) -> Callable[..., Any]:
    rule = rules.functions.get(name)
    signature = inspect.signature(original)

    @functools.wraps(original)
    def hook(*args: Any, **kwargs: Any) -> Any:
        if not is_writing() or not holds_traced((args, kwargs)):
            return original(*args, **kwargs)
        if rule is not None:
            with contextlib.suppress(Inexpressible):
                return rules.applied(rule, signature, *args, **kwargs)
        try:
            answer = foreign(original, args, kwargs)
        except ExportError as error:
            raise Inexpressible(f"{name}: {reason_of(error)}") from error
        through_tf2onnx.append(name)
        _log.debug("%s has no rule for this use of it", name)
        return answer

    return hook


def _ruled(rule: Rule, original: Callable[..., Any]) -> Callable[..., Any]:
    """A layer's method that has a rule; where the rule does not fit, what the method itself does is traced."""
    signature = inspect.signature(original)

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if is_writing() and holds_traced((args[1:], kwargs)):
            with contextlib.suppress(Inexpressible):
                return rules.applied(rule, signature, *args, **kwargs)
        return original(*args, **kwargs)

    return call


def _guarded(model: keras.Model, through_tf2onnx: list[str], original: Callable[..., Any]) -> Callable[..., Any]:
    """The call of any layer: where its own cannot be traced, the layer goes through tf2onnx as a whole."""

    @functools.wraps(original)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self is model or not is_writing() or not holds_traced((args, kwargs)):
            return original(self, *args, **kwargs)
        try:
            return original(self, *args, **kwargs)
        except (ExportError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a layer raises what it likes where it meets a traced tensor
            _log.debug("layer %s cannot be traced", self.name, exc_info=True)
            answer = _layer_through_tf2onnx(self, functools.partial(original, self), args, kwargs, error)
        through_tf2onnx.append(self.name)
        return answer

    return called


def _layer_through_tf2onnx(layer: Layer, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> Any:
    try:
        return foreign(call, args, kwargs)
    except Exception as second:
        both = f"its own call: {reason_of(error)}; through tf2onnx: {reason_of(second).removeprefix(_TF2ONNX)}"
        raise rules.refusal(layer, both, HINT) from second
