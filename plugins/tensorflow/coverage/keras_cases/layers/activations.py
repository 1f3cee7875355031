"""Activations, as layers and by their names."""

import keras
from keras import layers

from keras_cases.case import case, cases
from keras_cases.layers.shapes import FEATURES, IMAGE, STEPS

_NAMES = (
    *("relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "silu", "mish", "softplus", "softsign", "squareplus"),
    *("sigmoid", "hard_sigmoid", "log_sigmoid", "hard_silu", "exponential", "linear", "tanh", "hard_tanh", "tanh_shrink"),
    *("soft_shrink", "hard_shrink", "threshold", "softmax", "log_softmax", "sparsemax", "sparse_plus", "sparse_sigmoid", "glu"),
)


def _threshold(x: object) -> object:
    return keras.activations.threshold(x, 0.5, -1.0)


def _approximate_gelu(x: object) -> object:
    return keras.activations.gelu(x, approximate=True)


_SETTINGS = [{"activation": _threshold if name == "threshold" else name} for name in _NAMES]

CASES = (
    *(
        each
        for setting in [*_SETTINGS, {"activation": _approximate_gelu}]
        for each in list(cases(layers.Activation, FEATURES, setting, activation="relu"))[1:]
    ),
    *cases(layers.ELU, STEPS, {"alpha": 0.3}, {"alpha": 2.0}),
    *cases(layers.LeakyReLU, STEPS, {"negative_slope": 0.05}, {"negative_slope": 0.0}),
    *cases(layers.PReLU, FEATURES, {"alpha_initializer": "glorot_uniform"}),
    *cases(layers.PReLU, IMAGE, title="image", shared_axes=[1, 2]),
    *cases(
        layers.ReLU,
        STEPS,
        {"max_value": 0.8},
        {"negative_slope": 0.1},
        {"threshold": 0.4},
        {"max_value": 1.5, "negative_slope": 0.2, "threshold": 0.3},
    ),
    *cases(layers.Softmax, STEPS, {"axis": 1}, {"axis": (1, 2)}),
    case("Softmax", "mask", lambda x, mask: layers.Softmax()(x, mask), (STEPS, "mask:bool[batch,length,6]")),
)
