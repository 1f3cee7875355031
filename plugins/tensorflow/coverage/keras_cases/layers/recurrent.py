"""Recurrent layers: every setting, masks, states in and out, cells alone and stacked, and both directions."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from keras import layers

from keras_cases.case import Case, case, cases, made
from keras_cases.layers.cells import LeakyCell
from keras_cases.layers.shapes import STEPS

UNITS = 5
TOKENS = "ids:int32[batch,length]{0..5}"
Tensor = Any

_SETTINGS: tuple[dict[str, Any], ...] = (
    {"return_sequences": True},
    {"return_state": True},
    {"return_sequences": True, "return_state": True},
    {"go_backwards": True, "return_sequences": True},
    {"use_bias": False},
    {"activation": "relu"},
    {"activation": "gelu"},
    {"dtype": "mixed_float16"},
)
_GATED = (
    {"recurrent_activation": "hard_sigmoid"},
    {"activation": "relu", "recurrent_activation": "sigmoid", "return_sequences": True},
    {"activation": "elu", "recurrent_activation": "silu"},
)
_OWN: dict[str, tuple[dict[str, Any], ...]] = {
    "LSTM": (*_GATED, {"unit_forget_bias": False}),
    "GRU": (*_GATED, {"reset_after": False}, {"reset_after": False, "use_bias": False, "return_sequences": True}),
    "SimpleRNN": ({"activation": "linear"}, {"activation": "sigmoid", "return_sequences": True}),
}
_MASKED = ({}, {"return_sequences": True, "return_state": True}, {"go_backwards": True, "return_sequences": True})
_TWO_WAYS = (
    {"merge_mode": "sum"},
    {"merge_mode": "mul"},
    {"merge_mode": "ave"},
    {"merge_mode": None},
)


def _embedded(layer: Any, ids: Tensor) -> Any:
    return layer(layers.Embedding(6, 4, mask_zero=True)(ids))


def _masked(layer: Any, x: Tensor) -> Any:
    return layer(layers.Masking()(layers.ReLU(max_value=1.0)(layers.Dense(1)(x))))


def _explicitly_masked(layer: Any, x: Tensor, mask: Tensor) -> Any:
    return layer(x, mask=mask)


def _started(layer: Any, x: Tensor, *states: Tensor) -> Any:
    return layer(x, initial_state=list(states))


def _of(name: str) -> list[Case]:
    kind, states = getattr(layers, name), _states(name)
    of = partial(cases, kind, units=UNITS, is_recurrent=True)
    sequences = {"return_sequences": True}
    return [
        *of(STEPS, *_SETTINGS, *_OWN[name]),
        *of("x:float32[batch,4,6]", title="unrolled", unroll=True),
        *of((STEPS, *states), sequences, title="initial states", call=_started),
        *(each for setting in _MASKED for each in of(TOKENS, title=_told("embedding's mask", setting), call=_embedded, **setting)),
        *of(STEPS, title="Masking", call=_masked),
        *of((STEPS, "mask:bool[batch,length]"), title="mask", call=_explicitly_masked, return_sequences=True),
        case(name, "two of them", partial(_stacked, kind), STEPS, is_recurrent=True),
        case(name, "two of them, masked", partial(_stacked_masked, kind), TOKENS, is_recurrent=True),
        *cases(getattr(layers, f"{name}Cell"), ("x:float32[batch,6]", *states), *_cell_settings(name), call=_stepped, units=UNITS),
        *cases(layers.RNN, STEPS, sequences, title=f"{name}Cell", cell=made(getattr(layers, f"{name}Cell"), UNITS), is_recurrent=True),
    ]


def _told(title: str, setting: dict[str, Any]) -> str:
    return ", ".join([title, *(f"{name}={value}" for name, value in setting.items())])


def _states(name: str) -> list[str]:
    return [f"{state}:float32[batch,{UNITS}]" for state in (("hidden", "cell") if name == "LSTM" else ("hidden",))]


def _cell_settings(name: str) -> tuple[dict[str, Any], ...]:
    own = {"GRU": ({"reset_after": False},), "LSTM": ({"recurrent_activation": "hard_sigmoid"},), "SimpleRNN": ()}
    return ({"use_bias": False}, {"activation": "relu"}, *own[name])


def _stepped(cell: Any, x: Tensor, *states: Tensor) -> Any:
    output, new_states = cell(x, list(states))
    return [output, *new_states] if isinstance(new_states, list | tuple) else [output, new_states]


def _stacked(kind: Callable[..., Any], x: Tensor) -> Any:
    return kind(UNITS)(kind(4, return_sequences=True)(x))


def _stacked_masked(kind: Callable[..., Any], ids: Tensor) -> Any:
    return _stacked(kind, layers.Embedding(6, 4, mask_zero=True)(ids))


def _both_ways(name: str) -> list[Case]:
    kind = getattr(layers, name)
    of = partial(cases, layers.Bidirectional, is_recurrent=True)
    last, every, states = made(kind, UNITS), made(kind, UNITS, return_sequences=True), made(kind, UNITS, return_sequences=True, return_state=True)
    started = [f"{way}_{each}" for way, each in itertools.product(("forward", "backward"), _states(name))]
    usual = [
        *of(STEPS, _TWO_WAYS[0], title=name, layer=last),
        *of(STEPS, title=f"{name}, return_sequences", layer=every),
        *of(TOKENS, title=f"{name}, embedding's mask", call=_embedded, layer=last),
        *of(TOKENS, title=f"{name}, embedding's mask, return_sequences", call=_embedded, layer=every),
        *of((STEPS, *started), title=f"{name}, initial states", call=_started, layer=last),
    ]
    if name != "LSTM":
        return usual
    other = made(kind, 3, return_sequences=True, go_backwards=True)
    return [
        *usual,
        *(each for setting in _TWO_WAYS[1:] for each in of(STEPS, title=_told(name, setting), layer=last, **setting)),
        *of(STEPS, *_TWO_WAYS[:1], title=f"{name}, return_state", layer=states),
        *of(STEPS, title=f"{name}, other backward layer", layer=every, backward_layer=other),
        case("Bidirectional", f"two of {name}", lambda x: layers.Bidirectional(last())(layers.Bidirectional(every())(x)), STEPS, is_recurrent=True),
    ]


def _convolutional(dims: int, inputs: str) -> list[Case]:
    """Keras wants the size of the image to be known."""
    settings = ({"return_sequences": True}, {"padding": "same"}, {"strides": 2}, {"dilation_rate": 2}, {"return_state": True}, {"go_backwards": True})
    gates = {"recurrent_activation": "hard_sigmoid", "use_bias": False}
    return list(cases(getattr(layers, f"ConvLSTM{dims}D"), inputs, *settings[: 8 - 2 * dims], gates, filters=2, kernel_size=2))


def _two_cells(*kinds: str) -> list[Any]:
    return [made(getattr(layers, f"{kind}Cell"), units) for kind, units in zip(kinds, (UNITS, 4), strict=False)]


def _run_stacked(layer: Any, x: Tensor) -> Any:
    return layers.RNN(layer, return_sequences=True)(x)


CASES = (
    *(each for name in _OWN for each in _of(name)),
    *(each for name in _OWN for each in _both_ways(name)),
    *cases(
        layers.RNN,
        STEPS,
        {"return_sequences": True},
        {"go_backwards": True},
        {"return_state": True},
        title="custom cell",
        cell=made(LeakyCell, UNITS),
    ),
    *cases(layers.RNN, TOKENS, {"return_sequences": True}, title="custom cell, embedding's mask", call=_embedded, cell=made(LeakyCell, UNITS)),
    *cases(layers.RNN, TOKENS, title="LSTMCell, embedding's mask", call=_embedded, cell=made(layers.LSTMCell, UNITS), is_recurrent=True),
    *cases(layers.RNN, STEPS, {"return_state": True}, title="list of cells", cell=_two_cells("LSTM", "LSTM"), is_recurrent=True),
    *cases(layers.Bidirectional, STEPS, title="RNN of a custom cell", layer=made(layers.RNN, made(LeakyCell, UNITS), return_sequences=True)),
    *cases(layers.StackedRNNCells, STEPS, call=_run_stacked, cells=_two_cells("LSTM", "LSTM"), is_recurrent=True),
    *cases(
        layers.StackedRNNCells, STEPS, title="GRUCell and SimpleRNNCell", call=_run_stacked, cells=_two_cells("GRU", "SimpleRNN"), is_recurrent=True
    ),
    *cases(layers.StackedRNNCells, STEPS, title="custom", call=_run_stacked, cells=[made(LeakyCell, UNITS), made(layers.GRUCell, 4)]),
    *_convolutional(1, "x:float32[batch,length=1..20,8,3]"),
    *_convolutional(2, "x:float32[batch,length=1..12,6,5,3]"),
    *_convolutional(3, "x:float32[batch,length=1..8,4,5,4,2]"),
)
