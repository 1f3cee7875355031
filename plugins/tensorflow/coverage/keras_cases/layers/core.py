"""Dense layers, tables and masks."""

import keras
from keras import layers

from keras_cases.case import case, cases
from keras_cases.layers.shapes import FEATURES, IMAGE, STEPS

TOKENS = "ids:int32[batch,length]{0..11}"
_ONE_OFF = ({"units": 1}, {"use_bias": False}, {"activation": "softmax"}, {"activation": "gelu"})


def _twice(x: object) -> object:
    return keras.ops.sin(x) * 2


def _spread(x: object) -> object:
    return keras.ops.std(x, axis=-1, keepdims=True)


CASES = (
    *cases(layers.Dense, FEATURES, *_ONE_OFF, {"dtype": "mixed_float16"}, {"dtype": "float16"}, {"lora_rank": 2}, units=5),
    *cases(layers.Dense, STEPS, {"activation": "tanh"}, title="sequence", units=5),
    *cases(layers.Dense, IMAGE, title="image", units=5),
    *cases(layers.EinsumDense, FEATURES, {"activation": "relu", "bias_axes": None}, equation="ab,bc->ac", output_shape=5, bias_axes="c"),
    *cases(layers.EinsumDense, STEPS, {"bias_axes": "yz"}, title="heads", equation="abx,xyz->abyz", output_shape=(None, 2, 3)),
    *cases(layers.EinsumDense, STEPS, {"bias_axes": "c"}, title="any axes", equation="...x,xc->...c", output_shape=5),
    *cases(layers.EinsumDense, "x:float32[batch,length,2,3]", title="two axes", equation="abyz,yzx->abx", output_shape=(None, 5)),
    *cases(layers.Embedding, TOKENS, {"mask_zero": True}, {"dtype": "mixed_float16"}, {"lora_rank": 2}, input_dim=12, output_dim=4),
    *cases(layers.Embedding, "ids:float32[batch,length]{0..11}", title="floats", input_dim=12, output_dim=4),
    *cases(layers.Embedding, "ids:int64[batch,2,3]{0..11}", title="three axes", input_dim=12, output_dim=4),
    *cases(layers.ReversibleEmbedding, TOKENS, {"tie_weights": False}, {"mask_zero": True}, input_dim=12, output_dim=6),
    *cases(
        layers.ReversibleEmbedding,
        STEPS,
        {"tie_weights": False},
        {"logit_soft_cap": 2.0},
        title="reversed",
        input_dim=12,
        output_dim=6,
        call=lambda layer, x: layer(x, reverse=True),
    ),
    *cases(layers.Identity, FEATURES),
    *cases(layers.Identity, "x:int32[batch,length]", title="integers"),
    *cases(layers.Lambda, STEPS, {"function": _spread}, {"function": keras.activations.relu}, function=_twice),
    *cases(layers.Masking, STEPS, {"mask_value": 1.0}),
    case("Masking", "mask read by a pool", lambda x: layers.GlobalAveragePooling1D()(layers.Masking()(keras.ops.relu(x))), STEPS),
    case("Masking", "mask through Dense, read by an LSTM", lambda x: layers.LSTM(3)(layers.Dense(4)(layers.Masking()(x))), STEPS),
)
