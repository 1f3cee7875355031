"""Categories from numbers: buckets, codes, hashes and look-ups."""

import numpy as np
from keras import layers

from keras_cases.case import case, cases

_CODES = "x:int64[batch,3]{0..4}"
_ONE = "x:int64[batch,1]{0..9}"
_NUMBERS = "x:int64[batch,4]{0..12}"
_VOCABULARY = [3, 5, 7, 11]
_TF_IDF = {"output_mode": "tf_idf", "idf_weights": [0.5, 1.0, 1.5, 2.0]}


def _adapted(x: object) -> object:
    layer = layers.Discretization(num_bins=4)
    layer.adapt(np.random.default_rng(1).normal(0, 1, (60, 1)).astype(np.float32))
    return layer(x)


def _adapted_lookup(x: object) -> object:
    layer = layers.IntegerLookup(max_tokens=4)
    layer.adapt(np.array([3, 3, 5, 5, 5, 7, 9, 9, 9, 9]))
    return layer(x)


CASES = (
    *cases(layers.CategoryEncoding, _CODES, {"output_mode": "count"}, num_tokens=5),
    *cases(layers.CategoryEncoding, "x:int64[batch,1]{0..4}", {"output_mode": "one_hot"}, {"output_mode": "count"}, title="one", num_tokens=5),
    case(
        "CategoryEncoding",
        "weighted counts",
        lambda x, weights: layers.CategoryEncoding(5, output_mode="count")(x, count_weights=weights),
        (_CODES, "weights:float32[batch,3]"),
    ),
    *cases(layers.Discretization, "x:float32[batch,length]", bin_boundaries=[-1.0, 0.0, 0.5]),
    *cases(
        layers.Discretization,
        "x:float32[batch,3]",
        {"output_mode": "multi_hot"},
        {"output_mode": "count"},
        {"output_mode": "one_hot"},
        title="modes",
        bin_boundaries=[-1.0, 0.0, 0.5],
    ),
    *cases(layers.Discretization, "x:int32[batch,3]{-3..9}", title="integers", bin_boundaries=[-1.0, 0.0, 4.0]),
    case("Discretization", "adapted", _adapted, "x:float32[batch,1]"),
    *cases(layers.Hashing, _NUMBERS, {"mask_value": 3}, {"salt": 7}, {"output_mode": "one_hot"}, {"output_mode": "count"}, num_bins=5),
    *cases(layers.Hashing, _NUMBERS, title="a key of two", num_bins=5, salt=[1, 2]),
    *cases(layers.Hashing, "x:string[batch,3]", title="words", num_bins=5),
    *cases(layers.HashedCrossing, ("x:int64[batch,1]", "y:int64[batch,1]"), {"output_mode": "one_hot"}, num_bins=7),
    *cases(layers.HashedCrossing, ("x:string[batch,1]", "y:int64[batch,1]"), title="words", num_bins=7),
    *cases(
        layers.IntegerLookup,
        _NUMBERS,
        {"num_oov_indices": 2},
        {"mask_token": 0},
        {"output_mode": "multi_hot"},
        {"output_mode": "count"},
        {"num_oov_indices": 3, "output_mode": "count"},
        _TF_IDF,
        vocabulary=_VOCABULARY,
    ),
    *cases(layers.IntegerLookup, _ONE, title="one hot", vocabulary=_VOCABULARY, output_mode="one_hot"),
    *cases(layers.IntegerLookup, "x:int64[batch,4]{0..4}", {"mask_token": 0}, title="inverted", vocabulary=_VOCABULARY, invert=True),
    *cases(layers.IntegerLookup, "x:int32[batch,length]{0..12}", title="free length", vocabulary=_VOCABULARY),
    *cases(layers.IntegerLookup, "x:int64[batch,3]{-9000000000..9000000000}", {"num_oov_indices": 3}, title="large", vocabulary=[-(2**40), 0, 2**40]),
    case("IntegerLookup", "adapted", _adapted_lookup, _NUMBERS),
)
