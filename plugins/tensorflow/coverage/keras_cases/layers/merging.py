"""Layers that take several tensors."""

from keras import layers

from keras_cases.case import case, cases
from keras_cases.layers.shapes import STEPS

_PAIR = (STEPS, "y:float32[batch,length,6]")
_BROADCAST = (STEPS, "y:float32[batch,1,6]")
_ALIKE = (layers.Add, layers.Average, layers.Maximum, layers.Minimum, layers.Multiply)
_MASKED = ("x:int32[batch,length]{0..11}", "y:int32[batch,length]{0..11}")


def _of_masked(kind: type[layers.Layer], x: object, y: object) -> object:
    table = layers.Embedding(12, 6, mask_zero=True)
    return layers.GlobalAveragePooling1D()(kind()([table(x), table(y)]))


CASES = (
    *(each for kind in _ALIKE for each in cases(kind, _PAIR)),
    *(each for kind in _ALIKE for each in cases(kind, (*_PAIR, "z:float32[batch,length,6]"), title="three")),
    *(each for kind in _ALIKE for each in cases(kind, _BROADCAST, title="broadcast")),
    case("Add", "masked", lambda x, y: _of_masked(layers.Add, x, y), _MASKED),
    *cases(layers.Subtract, _PAIR, {"dtype": "mixed_float16"}),
    *cases(layers.Subtract, _BROADCAST, title="broadcast"),
    *cases(layers.Concatenate, _PAIR, {"axis": 1}, {"axis": 2}),
    *cases(layers.Concatenate, (STEPS, "y:float32[batch,y_length,6]"), title="other lengths", axis=1),
    case("Concatenate", "masked", lambda x, y: _of_masked(layers.Concatenate, x, y), _MASKED),
    *cases(layers.Dot, ("x:float32[batch,6]", "y:float32[batch,6]"), {"normalize": True}, axes=1),
    *cases(layers.Dot, ("x:float32[batch,length,6]", "y:float32[batch,y_length,6]"), {"normalize": True}, title="of sequences", axes=2),
    *cases(layers.Dot, ("x:float32[batch,length,6]", "y:float32[batch,6,y_length]"), title="two axes", axes=(2, 1)),
)
