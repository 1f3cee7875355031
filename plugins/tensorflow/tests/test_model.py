"""What a loaded model says of itself, and its own answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from converter.plugin import Axis, Domain, MissingInputs, SourceError, SourceModel, UnknownName, UsageError

Load = Callable[..., SourceModel]


def test_names_dims_and_domains_come_from_keras(load: Load, recommender: Any) -> None:
    model = load(recommender)
    assert [(each.name, each.dtype, each.dims, each.domain) for each in model.inputs] == [
        ("numbers", "float32", ("batch", 8), Domain()),
        ("words", "int32", ("batch", "length"), Domain(0, 29)),
    ]
    assert [(each.name, each.dtype) for each in model.outputs] == [("scores", "float32"), ("value", "float32")]
    assert model.axes == {"batch": Axis(1, 64), "length": Axis(1, 64)}
    assert model.summary == 'Functional "recommender", 8 layers, 286 parameters'
    assert [each.name for each in model.exporters] == ["traced", "tf2onnx", "keras"]


def test_the_answer_is_the_models_own(load: Load, recommender: Any) -> None:
    feeds = {"numbers": np.ones((2, 8), np.float32), "words": np.array([[1, 29], [0, 5]], np.int32)}
    answers = load(recommender).run(feeds)
    for name, expected in zip(["scores", "value"], recommender.predict(list(feeds.values()), verbose=0), strict=True):
        np.testing.assert_allclose(answers[name], expected, rtol=1e-6)


def test_dicts_are_named_by_their_keys(load: Load, keras: Any) -> None:
    z, a = keras.Input((4,), name="z"), keras.Input((2,), name="a")
    both = keras.layers.concatenate([z, a])
    model = load(keras.Model({"z": z, "a": a}, {"p": keras.layers.Dense(2)(both), "o": keras.layers.Dense(1)(both)}))
    feeds = model.sample(np.random.default_rng(0), {"batch": 3})
    assert {name: array.shape for name, array in feeds.items()} == {"a": (3, 2), "z": (3, 4)}
    assert {name: array.shape for name, array in model.run(feeds).items()} == {"o": (3, 1), "p": (3, 2)}


def test_made_up_and_repeated_names_become_readable(load: Load, keras: Any) -> None:
    steps = keras.Input((None, 4))
    everything = keras.layers.LSTM(3, return_state=True, name="lstm")(steps)
    model = load(keras.Model(steps, [steps, *everything]))
    assert [each.name for each in model.inputs] == ["input"]
    assert [each.name for each in model.outputs][1:] == ["lstm", "lstm_1", "lstm_2"]
    echoed = keras.Input((4,), name="echoed")
    assert [each.name for each in load(keras.Model(echoed, [echoed])).outputs] == ["echoed_1"]


def test_the_smallest_size_is_found(load: Load, convnet: Any) -> None:
    assert load(convnet).axes == {"batch": Axis(1, 64), "height": Axis(18, 144), "width": Axis(18, 144)}


def test_steps_are_found(load: Load, keras: Any) -> None:
    layers = keras.layers
    image = keras.Input((None, None, 3))
    kept = layers.Conv2D(2, 3, padding="same")(image)
    deep = layers.UpSampling2D(4)(layers.MaxPooling2D(4)(kept))
    assert load(keras.Model(image, layers.concatenate([deep, kept]))).axes["height"] == Axis(4, 64, 4)


def test_the_end_of_a_position_table_is_found(load: Load, keras: Any) -> None:
    class Positions(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = keras.layers.Embedding(100, 4), keras.layers.Embedding(50, 4)

        def call(self, x: Any) -> Any:
            return self.tokens(x) + self.places(keras.ops.arange(keras.ops.shape(x)[1]))

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    model = load(keras.Model(tokens, Positions()(tokens)))
    assert model.axes["length"] == Axis(1, 50)
    assert model.inputs[0].domain == Domain(0, 49)  # of its two tables the smaller one: valid in both


def test_lengths_are_shared_only_where_the_model_demands_it(load: Load, keras: Any) -> None:
    query, value = keras.Input((None, 8), name="query"), keras.Input((None, 8), name="value")
    free = load(keras.Model([query, value], keras.layers.Attention()([query, value])))
    assert [each.dims[1] for each in free.inputs] == ["length", "value_length"]
    tied = load(keras.Model([query, value], keras.layers.concatenate([query, value])))
    assert [each.dims[1] for each in tied.inputs] == ["length", "length"]


def test_integers_of_a_signature_stay_in_its_table(load: Load, two_functions: Any) -> None:
    model = load(two_functions)
    assert {each.name: each.domain for each in model.inputs} == {"x": Domain(), "state.rows": Domain(0, 2)}


@pytest.mark.parametrize("wrapped", ["reshaped", "nested", "float"])
def test_the_embedding_is_found_behind_other_layers(load: Load, keras: Any, wrapped: str) -> None:
    layers = keras.layers
    table = layers.Embedding(7, 3)
    inside = keras.Sequential([keras.Input((6,), dtype="int32"), table])
    behind = {"reshaped": [layers.Reshape((6,)), table], "nested": [inside], "float": [layers.Flatten(), table]}[wrapped]
    first = keras.Input((2, 3) if wrapped != "nested" else (6,), dtype="float32" if wrapped == "float" else "int32")
    assert load(keras.Sequential([first, *behind])).inputs[0].domain == Domain(0, 6)


def test_bytes_are_pixels(load: Load, keras: Any) -> None:
    assert load(keras.Sequential([keras.Input((2, 2, 3), dtype="uint8"), keras.layers.Rescaling(1 / 255)])).inputs[0].domain == Domain(0, 255)


def test_strings_and_bfloat16_pass(load: Load, keras: Any) -> None:
    words = keras.Input((1,), dtype="string", name="words")
    numbers = keras.Input((2,), name="numbers")
    outputs = [keras.layers.StringLookup(vocabulary=["é", "b"])(words), keras.layers.Dense(2, dtype="bfloat16", name="half")(numbers), words]
    model = load(keras.Model([words, numbers], outputs))
    answers = list(model.run({"words": np.array([["b"], ["é"]], object), "numbers": np.ones((2, 2), np.float32)}).values())
    assert answers[0].tolist() == [[2], [1]]
    assert answers[1].dtype == ml_dtypes.bfloat16
    assert answers[2].tolist() == [["b"], ["é"]]


def test_the_users_inputs_override(load: Load, recommender: Any) -> None:
    model = load(recommender, ["words:int32[batch=1..4,words=2..9]{0..3}"])
    assert model.inputs[0].dims == ("batch", 8)
    assert (model.inputs[1].dims, model.inputs[1].domain) == (("batch", "words"), Domain(0, 3))
    assert model.axes == {"batch": Axis(1, 4), "words": Axis(2, 9)}
    assert load(recommender, ["words:int32[batch,5]"]).inputs[1].domain == Domain(0, 29)


def test_inputs_that_are_not_the_models_are_refused(load: Load, recommender: Any) -> None:
    with pytest.raises(UnknownName, match="no input 'other'") as unknown:
        load(recommender, ["other:float32[batch,8]"])
    assert unknown.value.hint == "known: numbers, words"
    for text in ("numbers:float32[batch,9]", "numbers:float32[batch,width]", "numbers:float64[batch,8]", "numbers:float32[8]"):
        with pytest.raises(UsageError, match=r"the model's input is numbers:float32\[batch,8\], not numbers") as caught:
            load(recommender, [text])
        assert "free dims" in caught.value.hint


def test_a_subclassed_model_is_what_it_was_called_with(load: Load, keras: Any) -> None:
    class Sum(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="sum")
            self.dense = keras.layers.Dense(3)

        def call(self, parts: Any) -> Any:
            return {"all": self.dense(parts["a"]) + self.dense(parts["b"])}

    model = Sum()
    model({"a": np.ones((2, 4)), "b": np.ones((2, 4))})
    loaded = load(model)
    assert [(each.name, each.dims) for each in loaded.inputs] == [("a", ("batch", 4)), ("b", ("batch", 4))]
    assert [each.name for each in loaded.outputs] == ["all"]
    fixed = load(model, ["a:float32[3,4]", "b:float32[3,4]"])
    assert [each.dims for each in fixed.inputs] == [(3, 4), (3, 4)]


def test_an_unbuilt_model_is_built_from_the_users_inputs(load: Load, keras: Any) -> None:
    class Pair(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="pair")
            self.table, self.dense = keras.layers.Embedding(5, 3), keras.layers.Dense(3)

        def call(self, ids: Any, numbers: Any) -> Any:
            return self.table(ids), self.dense(numbers)

    with pytest.raises(MissingInputs, match=r"pair \(Pair\) has not been built: nothing says what it takes") as caught:
        load(Pair())
    assert "--input 'x:float32[batch,3]'" in caught.value.hint
    with pytest.raises(MissingInputs, match=r"pair cannot be called with ids:int32\[batch=1\.\.64\]") as caught:
        load(Pair(), ["ids:int32[batch]"])
    assert "once for each argument" in caught.value.hint
    model = load(Pair(), ["ids:int32[batch,length]", "numbers:float32[batch,2]"])
    assert model.inputs[0].domain == Domain(0, 4)  # found by trying
    assert [each.name for each in model.outputs] == ["output_0", "output_1"]


def test_an_unbuilt_sequential_is_built_from_the_users_input(load: Load, keras: Any) -> None:
    model = load(keras.Sequential([keras.layers.Dense(3)]), ["x:float32[batch,4]"])
    assert model.run({"x": np.ones((2, 4), np.float32)})["output"].shape == (2, 3)


def test_states_are_refused(load: Load, keras: Any, two_functions: Any) -> None:
    with pytest.raises(SourceError, match="the model is stateful: memory remembers earlier calls") as caught:
        load(keras.Sequential([keras.Input(batch_shape=(2, 3, 4)), keras.layers.LSTM(3, stateful=True, name="memory")]))
    assert "stateful=False" in caught.value.hint
    with pytest.raises(SourceError, match="count is stateful: it changes its variables calls, and a graph cannot") as caught:
        load(two_functions, signature="count")
    assert caught.value.hint.startswith("-O state=explicit makes them inputs and outputs")


def test_sparse_inputs_are_refused(load: Load, keras: Any) -> None:
    with pytest.raises(SourceError, match="input 'rare' is a sparse or ragged tensor") as caught:
        load(keras.Sequential([keras.Input((4,), sparse=True, name="rare"), keras.layers.Dense(3)]))
    assert "without sparse=True" in caught.value.hint


def test_sparse_answers_are_refused(load: Load, tf: Any) -> None:
    function = tf.function(tf.sparse.from_dense, input_signature=[tf.TensorSpec([None, 3], tf.float32, name="tensor")])
    model = load(function)
    with pytest.raises(SourceError, match="SparseTensor"):
        model.run({"tensor": np.ones((2, 3), np.float32)})


def test_a_refusal_of_the_model_is_told(load: Load, recommender: Any) -> None:
    model = load(recommender)
    with pytest.raises(SourceError, match=r"the model refuses its input: indices\[0,0\] = 30 is not in \[0, 30\) \(in Embedding\)") as caught:
        model.run({"numbers": np.ones((1, 8), np.float32), "words": np.array([[30]], np.int32)})
    assert "--input 'words:int32[batch=1..64,length=1..64]{0..29}'" in caught.value.hint


def test_a_batch_of_large_images_ends_early(load: Load, keras: Any) -> None:
    """Seventeen photographs through a large net are more than a machine holds."""
    highest = {}
    for size in (32, 300, 1200):
        model = load(keras.Sequential([keras.Input((size, size, 3)), keras.layers.GlobalAveragePooling2D()]))
        highest[size] = model.axes["batch"].high
    assert highest == {32: 64, 300: 15, 1200: 3}


def test_a_recurrent_model_answers_as_it_does_eagerly_in_a_hundredth_of_the_time(keras: Any, load: Load, tf: Any) -> None:
    layers = keras.layers
    ids, extra = keras.Input((None,), dtype="int32", name="ids"), keras.Input((None, 3), name="extra")
    hidden = layers.concatenate([layers.Embedding(9, 4, mask_zero=True)(ids), extra])
    hidden = layers.Bidirectional(layers.GRU(5, return_sequences=True))(hidden)
    net = keras.Model({"ids": ids, "extra": extra}, {"last": layers.LSTM(3)(hidden), "every": hidden})
    model = load(net, ["ids:int32[batch,length]{0..8}", "extra:float32[batch,length,3]"])
    assert model.axes["length"].high == 64
    for batch, length in ((1, 1), (3, 40)):
        feeds = model.sample(np.random.default_rng(length), {"batch": batch, "length": length})
        found, wanted = model.run(feeds), net({name: tf.constant(value) for name, value in feeds.items()}, training=False)
        for name, value in found.items():
            np.testing.assert_allclose(value, wanted[name], atol=1e-6)


def test_code_of_the_models_own_is_called_eagerly(keras: Any, load: Load) -> None:
    class Net(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = keras.layers.LSTM(3, return_sequences=True)

        def call(self, x: Any) -> Any:
            return self.lstm(x)[:, : int(x.shape[1]) // 2]

    net = Net()
    model = load(net, ["steps:float32[batch,length=2..9,4]"])
    x = np.ones((2, 6, 4), np.float32)
    (found,) = model.run({"steps": x}).values()
    assert found.shape == (2, 3, 3)
    np.testing.assert_allclose(found, net(x), atol=1e-6)


def test_a_deep_model_answers_as_it_does_eagerly_and_keeps_nothing(keras: Any, load: Load) -> None:
    image = keras.Input((None, None, 3), name="image")
    hidden = image
    for place in range(40):
        hidden = keras.layers.ReLU()(keras.layers.BatchNormalization()(keras.layers.Conv2D(3, 3, padding="same")(hidden)))
        hidden = keras.layers.add([hidden, image]) if place % 7 == 0 else hidden
    net = keras.Model(image, keras.layers.Dense(2, name="scores")(keras.layers.GlobalMaxPooling2D()(hidden)))
    model = load(net)
    feeds = model.sample(np.random.default_rng(0), {"batch": 2, "height": 9, "width": 12})
    calls: list[Any] = []
    net.layers[1].call = lambda x, own=net.layers[1].call: calls.append(x) or own(x)  # type: ignore[func-returns-value]
    (found,) = model.run(feeds).values()
    assert not calls
    np.testing.assert_allclose(found, net(feeds["image"], training=False), atol=1e-5)
    assert len(calls) == 1


def test_a_layer_that_does_something_else_in_a_graph_is_called_eagerly(keras: Any, load: Load) -> None:
    """TimeDistributed takes the first step alone where the number of steps is free."""
    steps = keras.Input((None, 6, 3), name="steps")
    net = keras.Model(steps, keras.layers.TimeDistributed(keras.layers.LSTM(2), name="y")(steps))
    model = load(net)
    for batch, length in ((1, 4), (9, 2), (2, 9)):
        feeds = model.sample(np.random.default_rng(0), {**dict.fromkeys(model.axes, length), "batch": batch})
        np.testing.assert_allclose(model.run(feeds)["y"], net(feeds["steps"], training=False), atol=1e-6)
