"""A case: how a Keras model is made, and the row of the table that it counts in. Nothing of TensorFlow runs before the model is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import keras

from converter.plugin import Axis, Domain, Input, LoadRequest, Source, parse_inputs
from converter_tensorflow.plugin import TensorFlow
from keras_cases.weights import moved

if TYPE_CHECKING:
    from converter_tensorflow.model import TensorFlowModel

Settings = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Case:
    """One setting of one row; `inputs` and `axes` are given where the model does not tell enough: which numbers or words go in, and how long something may be."""

    row: str
    setting: str
    make: Callable[[], keras.Model]
    inputs: tuple[Input, ...] = ()
    axes: Mapping[str, Axis] = field(default_factory=dict)
    is_recurrent: bool = False

    @property
    def title(self) -> str:
        """The row and the setting."""
        return f"{self.row}({self.setting})"

    def model(self) -> keras.Model:
        """Return the model, always with the same weights."""
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        return self.make()

    def load(self) -> TensorFlowModel:
        """Return the loaded model."""
        options = {option.name: option.default for option in TensorFlow.options}
        return TensorFlow().load(LoadRequest(Source.of(self.model()), inputs=self.inputs, axes=self.axes, options=options))


Rows = Mapping[str, tuple[Case, ...]]
"""The cases of each row of a part."""


@dataclass(frozen=True)
class Made:
    """A layer in a setting of another: it is made when the other is."""

    kind: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Settings

    def __call__(self) -> Any:
        """Return a new layer."""
        return self.kind(*map(_resolved, self.args), **{name: _resolved(value) for name, value in self.kwargs.items()})

    def __repr__(self) -> str:
        shown = [*map(_shown, self.args), *(f"{name}={_shown(value)}" for name, value in self.kwargs.items())]
        return f"{getattr(self.kind, '__name__', self.kind)}({', '.join(shown)})"


def made(kind: Callable[..., Any], *args: Any, **kwargs: Any) -> Made:
    """Return a layer that is yet to be made."""
    return Made(kind, args, kwargs)


def cases(
    kind: Callable[..., Any],
    inputs: str | tuple[str, ...],
    *settings: Settings,
    row: str = "",
    title: str = "",
    call: Callable[..., Any] | None = None,
    is_recurrent: bool = False,
    is_declared: bool = False,
    **always: Any,
) -> Iterator[Case]:
    """Yield a model of one layer with what is `always` set, and with each of the settings besides.

    Inputs are written as for `--input`. `call(layer, *tensors)` says how the layer is called where it does not just take them. A title tells these cases from
    others of the row.
    """
    for each in ({}, *settings):
        told = ", ".join(f"{name}={_shown(value)}" for name, value in each.items()) or "default"
        setting = f"{title}: {told}" if title and each else title or told
        layer = made(kind, **{**always, **each})
        yield case(row or kind.__name__, setting, partial(_called, layer, call), inputs, is_recurrent=is_recurrent, is_declared=is_declared)


def case(
    row: str, setting: str, apply: Callable[..., Any], inputs: str | tuple[str, ...], *, is_recurrent: bool = False, is_declared: bool = False
) -> Case:
    """Return the case of a functional model: `apply(*tensors)` gives its outputs.

    The inputs are given to the conversion only where they say what the model does not: domains, ranges, and, where it `is_declared`, which axes are equal.
    """
    texts = (inputs,) if isinstance(inputs, str) else inputs
    parsed, axes = parse_inputs(texts)
    ranged = {name: axis for name, axis in axes.items() if axis != Axis()}
    tells = is_declared or bool(ranged) or any(each.domain != Domain() for each in parsed)
    make = partial(_functional, apply, parsed)
    return Case(row, setting, make, parsed if tells else (), ranged, is_recurrent)


def _functional(apply: Callable[..., Any], inputs: tuple[Input, ...]) -> keras.Model:
    tensors = [keras.Input([None if isinstance(dim, str) else dim for dim in each.dims[1:]], dtype=each.dtype, name=each.name) for each in inputs]
    return moved(keras.Model(tensors, apply(*tensors)))


def _called(layer: Made, call: Callable[..., Any] | None, *tensors: Any) -> Any:
    made_layer = layer()
    if call is not None:
        return call(made_layer, *tensors)
    return made_layer(tensors[0] if len(tensors) == 1 else list(tensors))


def _resolved(value: Any) -> Any:
    if isinstance(value, Made):
        return value()
    return [_resolved(each) for each in value] if isinstance(value, list) else value


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        shown = ", ".join(map(_shown, value))
        return f"[{shown}]" if isinstance(value, list) else f"({shown}{',' * (len(value) == 1)})"
    return getattr(value, "__name__", repr(value))
