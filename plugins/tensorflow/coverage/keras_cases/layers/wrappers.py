"""Layers around a layer."""

from keras import layers

from keras_cases.case import case, cases, made
from keras_cases.layers.shapes import IMAGE, STEPS

_FRAMES = "x:float32[batch,length,8,8,3]"
_FREE_FRAMES = "x:float32[batch,length,height,width,3]"
_TOKENS = "ids:int32[batch,length]{0..11}"
_CONVOLUTION = made(layers.Conv2D, 4, 3, padding="same", strides=2)

CASES = (
    *cases(layers.TimeDistributed, STEPS, title="Dense", layer=made(layers.Dense, 5)),
    *cases(layers.TimeDistributed, "x:float32[batch,4,6]", title="Dense, fixed length", layer=made(layers.Dense, 5)),
    *cases(layers.TimeDistributed, _FRAMES, title="Conv2D", layer=_CONVOLUTION),
    *cases(layers.TimeDistributed, _FREE_FRAMES, title="Conv2D, free size", layer=_CONVOLUTION),
    *cases(layers.TimeDistributed, _FRAMES, title="MaxPooling2D", layer=made(layers.MaxPooling2D)),
    *cases(layers.TimeDistributed, _FRAMES, title="Flatten", layer=made(layers.Flatten)),
    *cases(layers.TimeDistributed, _FRAMES, title="BatchNormalization", layer=made(layers.BatchNormalization)),
    *cases(layers.TimeDistributed, "x:float32[batch,length,3,6]", title="LSTM", layer=made(layers.LSTM, 4)),
    case(
        "TimeDistributed",
        "Dense, embedding's mask, read by an LSTM",
        lambda ids: layers.LSTM(4)(layers.TimeDistributed(layers.Dense(5))(layers.Embedding(12, 4, mask_zero=True)(ids))),
        _TOKENS,
    ),
    *cases(layers.SpectralNormalization, STEPS, title="Dense", layer=made(layers.Dense, 5)),
    *cases(layers.SpectralNormalization, IMAGE, title="Conv2D", layer=made(layers.Conv2D, 5, 3)),
    *cases(layers.SpectralNormalization, _TOKENS, title="Embedding", layer=made(layers.Embedding, 12, 4)),
)
