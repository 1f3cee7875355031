"""The Keras CRNN example: its file reads the words of examples/crnn as a graph, and its training learns."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the example is a Keras model")
pytest.importorskip("PIL", reason="the example renders its words with Pillow")

import converter

EXAMPLES = Path(__file__).parents[2] / "examples"
FILE = EXAMPLES / "keras_crnn" / "crnn.keras"
CHARSET = "0123456789abcdefghijklmnopqrstuvwxyz"
MODULES = ("fonts", "vocabulary", "render", "dataset", "model", "train")


@pytest.fixture(scope="module")
def example() -> Iterator[SimpleNamespace]:
    """The example's scripts as modules, importable for the time of these tests alone."""
    pytest.importorskip("converter_tensorflow.startup", reason="the plugin starts TensorFlow").start()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES / "crnn"))
        patch.syspath_prepend(str(EXAMPLES / "keras_crnn"))
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in MODULES:
        sys.modules.pop(name)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> converter.Session:
    path = tmp_path_factory.mktemp("keras_crnn") / "crnn.onnx"
    report = converter.convert(FILE, path, options={"charset": CHARSET})
    assert report.agrees, report
    assert report.attempts[0].exporter == "traced"
    return converter.Session(path, device="cpu")


def builtin_words(example: SimpleNamespace, count: int, *, held_out: bool) -> Any:
    """Words in the face that comes with Pillow: the same on a machine without fonts."""
    return example.dataset.render_words(example.dataset.Recipe([example.fonts.builtin()], 0, example.dataset.FAMILIAR, held_out=held_out), count)


def test_the_file_is_small_and_holds_no_optimizer(example: SimpleNamespace) -> None:
    import keras

    model = keras.models.load_model(FILE)
    assert FILE.stat().st_size < 6e6
    assert getattr(model, "optimizer", None) is None
    assert [type(each) for each in model.layers] == [type(each) for each in example.model.crnn(37).layers]
    assert model.count_params() == example.model.crnn(37).count_params()


def test_the_graph_is_fused_and_free_in_batch_and_width(graph: converter.Session) -> None:
    (images,), (scores,) = graph.inputs, graph.outputs
    assert (images.name, images.dims) == ("images", ("batch", 32, "width", 3))
    assert (scores.name, scores.dims[0], scores.dims[2]) == ("scores", "batch", 37)
    for batch, width in ((1, 16), (3, 97), (2, 333)):
        assert graph(np.zeros((batch, 32, width, 3), np.float32)).scores.shape == (batch, width // 4, 37)


def test_words_of_a_face_that_every_machine_has_are_read(example: SimpleNamespace, graph: converter.Session) -> None:
    words = builtin_words(example, 100, held_out=True)
    read = example.train.READING.decode(graph(example.train.images_of(words).astype(np.float32)).scores)
    assert sum(said == truth for said, truth in zip(read, words.truth, strict=True)) >= 85


def test_labels_are_what_the_loss_wants(example: SimpleNamespace) -> None:
    words = SimpleNamespace(truth=["0z", "abc"])
    assert example.train.labels_of(words).tolist() == [[1, 36, 0], [11, 12, 13]]


@pytest.mark.slow
def test_a_few_steps_of_training_lower_the_loss(example: SimpleNamespace) -> None:
    import keras

    keras.utils.set_random_seed(0)
    words = builtin_words(example, 32, held_out=False)
    before = loss_of(example, example.model.crnn(37), words)
    trained = example.train.train(words, epochs=10, batch=16, rate=3e-3)
    assert getattr(trained, "optimizer", None) is None
    assert loss_of(example, trained, words) < 0.5 * before


def loss_of(example: SimpleNamespace, model: Any, words: Any) -> float:
    import keras

    labels, scores = example.train.labels_of(words), model.predict(example.train.images_of(words), verbose=0)
    return float(np.mean(keras.losses.CTC()(labels, scores)))
