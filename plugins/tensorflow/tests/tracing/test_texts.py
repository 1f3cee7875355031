"""Texts and hashes against TensorFlow's own: random strings and numbers, every setting that ONNX can say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from converter.plugin import ExportError, ExportRequest, LoadRequest, Source

WORDS = ["red", "Green", "blue", "sea", "a", "É", "x1"]
ALPHABET = [*"aAbBzZ09", " ", "  ", "\t", "\n", ",", ".", "!", "'", "]", "\\", "É", "ß", "red", "Green", "sea"]
EDGES = np.array([0, 1, -1, 7, -9, 10, 99, -100, 1234567, 12345678, -1234567, 10**15, 10**16, -(10**16), 2**63 - 1, -(2**63)], np.int64)


@pytest.fixture
def answers(keras: Any, tmp_path: Path) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """What a layer says of arrays, and what its graph says: answers(layer, array, …)."""

    def answers(layer: Any, *arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from converter_tensorflow.functions.keras_function import keras_function
        from converter_tensorflow.tensors import to_array, to_tensor
        from converter_tensorflow.tracing.tracing import write_traced

        dtypes = ["string" if each.dtype == object else each.dtype.name for each in arrays]
        inputs = [keras.Input(each.shape[1:], dtype=dtype, name=f"x{place}") for place, (each, dtype) in enumerate(zip(arrays, dtypes, strict=True))]
        model = keras.Model(inputs, layer(inputs if len(inputs) > 1 else inputs[0]))
        function = keras_function(model, LoadRequest(Source.of(model)))
        assert write_traced(function, model, ExportRequest(tmp_path / "graph.onnx")) is None
        (want,) = (to_array(each) for each in function([to_tensor(*pair) for pair in zip(arrays, dtypes, strict=True)]))
        session = onnxruntime.InferenceSession(tmp_path / "graph.onnx")
        (got,) = session.run(None, {f"x{place}": each for place, each in enumerate(arrays)})
        return got, want

    return answers


def texts(rng: np.random.Generator, count: int) -> np.ndarray:
    drawn = ["".join(rng.choice(ALPHABET, rng.integers(0, 12))) for _ in range(count)]
    return np.array([*drawn, "", " ", "red,Green sea"], object)


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"standardize": None},
        {"standardize": "lower"},
        {"standardize": "strip_punctuation"},
        {"ngrams": 2},
        {"ngrams": (1, 3), "output_mode": "count"},
        {"output_sequence_length": 4},
        {"output_sequence_length": 40},
        {"output_mode": "multi_hot"},
        {"output_mode": "tf_idf", "idf_weights": np.arange(1, 8, dtype=np.float32)},
        {"output_mode": "multi_hot", "pad_to_max_tokens": True, "max_tokens": 12},
        {"split": None, "standardize": "lower", "output_mode": "int"},
    ],
    ids=str,
)
def test_texts_are_split_and_looked_up(keras: Any, answers: Callable[..., tuple[np.ndarray, np.ndarray]], setting: dict[str, Any]) -> None:
    lower = setting.get("standardize", "lower") in ("lower", "lower_and_strip_punctuation")
    vocabulary = list(dict.fromkeys(word.lower() if lower and word.isascii() else word for word in WORDS))
    got, want = answers(keras.layers.TextVectorization(vocabulary=vocabulary, **setting), texts(np.random.default_rng(0), 40)[:, None])
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("setting", [{}, {"salt": 7}, {"salt": [1, 2**40]}, {"mask_value": 7}, {"output_mode": "one_hot"}], ids=str)
def test_numbers_are_hashed(keras: Any, answers: Callable[..., tuple[np.ndarray, np.ndarray]], setting: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    numbers = np.concatenate([EDGES, rng.integers(-(2**63), 2**63 - 1, 200), rng.integers(-(10**4), 10**4, 200), 10 ** rng.integers(0, 18, 50)])
    got, want = answers(keras.layers.Hashing(1000, **setting), numbers[:, None])
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    np.testing.assert_array_equal(got, want)


def test_columns_are_crossed(keras: Any, answers: Callable[..., tuple[np.ndarray, np.ndarray]]) -> None:
    rng = np.random.default_rng(0)
    columns = [np.concatenate([EDGES, rng.integers(-(2**40), 2**40, 100)])[:, None] for _ in range(2)]
    np.testing.assert_array_equal(*answers(keras.layers.HashedCrossing(977), *columns))


def test_unknown_numbers_of_a_vocabulary_are_hashed(keras: Any, answers: Callable[..., tuple[np.ndarray, np.ndarray]]) -> None:
    numbers = np.arange(-20, 60, dtype=np.int64)[:, None]
    for setting in ({}, {"oov_method": "farmhash"}):
        try:
            layer = keras.layers.IntegerLookup(vocabulary=[3, 5, 8, 40], num_oov_indices=3, **setting)
        except (TypeError, ValueError):  # an older Keras
            continue
        np.testing.assert_array_equal(*answers(layer, numbers))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda layers: layers.Hashing(9), r"layer \w+ \(Hashing\) has no form in ONNX: it hashes texts, and no operator gives their bytes"),
        (lambda layers: layers.StringLookup(vocabulary=WORDS, num_oov_indices=2), r"\(StringLookup\) .*: num_oov_indices=2 hashes texts"),
        (
            lambda layers: layers.TextVectorization(vocabulary=WORDS, split="character"),
            r"\(TextVectorization\) .*: split='character', and ONNX splits",
        ),
        (lambda layers: layers.StringLookup(vocabulary=WORDS, num_oov_indices=0), r"\(StringLookup\) .*: num_oov_indices=0 raises an error"),
    ],
)
def test_what_no_operator_does_is_refused_by_name(keras: Any, answers: Callable[..., Any], make: Any, reason: str) -> None:
    with pytest.raises(ExportError, match=reason) as caught:
        answers(make(keras.layers), np.array([["red"]], object))
    assert caught.value.hint


def test_an_opset_of_the_users_own_is_kept(keras: Any, tmp_path: Path) -> None:
    from converter_tensorflow.functions.keras_function import keras_function
    from converter_tensorflow.tracing.tracing import write_traced

    inputs = keras.Input((), dtype="string")
    model = keras.Model(inputs, keras.layers.TextVectorization(vocabulary=["a"])(inputs))
    with pytest.raises(ExportError, match="StringSplit comes with opset 20") as caught:
        write_traced(keras_function(model, LoadRequest(Source.of(model))), model, ExportRequest(tmp_path / "graph.onnx", 18))
    assert caught.value.hint == "--opset 20, or leave it out"
