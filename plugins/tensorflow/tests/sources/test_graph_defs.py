"""Frozen graphs and checkpoints of TensorFlow 1: what they take and give, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import converter
from converter.plugin import MissingInputs, SourceError, SourceModel, UnknownName, UnreadableSource, UsageError

Load = Callable[..., SourceModel]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """`net.pb`, frozen, and `net.meta` with its files, of a classifier in training; `loose.pb` takes an image of unknown rank, `bare.pb` has no weights."""
    tf1 = request.getfixturevalue("tf").compat.v1
    folder: Path = tmp_path_factory.mktemp("graphs")
    graph = tf1.Graph()
    with graph.as_default(), tf1.Session() as session:
        x, wanted = tf1.placeholder("float32", [None, 4], name="x"), tf1.placeholder("int64", [None], name="wanted")
        keep = tf1.placeholder_with_default(1.0, [], name="keep")
        kernel = tf1.get_variable("kernel", [4, 3], initializer=tf1.random_normal_initializer(seed=1))
        scores = tf1.identity(tf1.matmul(x * keep, kernel), name="head/scores")
        tf1.argmax(scores, 1, name="label")
        tf1.nn.softmax(scores, name="probabilities")
        loss = tf1.losses.sparse_softmax_cross_entropy(wanted, scores)
        tf1.summary.scalar("loss", loss)
        tf1.train.AdamOptimizer().minimize(loss, name="train")
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, str(folder / "net"))
        frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["label", "probabilities"])
        (folder / "net.pb").write_bytes(frozen.SerializeToString())
        (folder / "bare.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with tf1.Graph().as_default() as graph:
        tf1.identity(tf1.square(tf1.placeholder("float32", name="image")), name="squared")
        (folder / "loose.pb").write_bytes(graph.as_graph_def().SerializeToString())
    return folder


def names(model: SourceModel) -> tuple[list[str], list[str]]:
    return [each.name for each in model.inputs], [each.name for each in model.outputs]


def test_a_frozen_graph_says_what_it_takes_and_gives(load: Load, folder: Path, largest_error: Callable[..., float]) -> None:
    model = load(folder / "net.pb")
    assert names(model) == (["x"], ["label", "probabilities"])
    assert [each.dims for each in model.inputs] == [("batch", 4)]
    assert [each.dtype for each in model.outputs] == ["int64", "float32"]
    assert largest_error(model, "tf2onnx") < 1e-6


def test_other_tensors_may_be_asked_for(load: Load, folder: Path, largest_error: Callable[..., float]) -> None:
    model = load(folder / "net.pb", inputs="x, keep:0", outputs="head/scores:0")
    assert names(model) == (["x", "keep"], ["head/scores"])
    halved = model.run({"x": np.ones((2, 4), np.float32), "keep": np.float32(0.5).reshape(())})["head/scores"]
    whole = load(folder / "net.pb", outputs="head/scores").run({"x": np.ones((2, 4), np.float32)})["head/scores"]
    np.testing.assert_allclose(halved * 2, whole, rtol=1e-6)
    inner = load(folder / "net.pb", inputs="head/scores", outputs="probabilities")
    assert names(inner) == (["head/scores"], ["probabilities"])
    assert largest_error(inner, "tf2onnx") < 1e-6


@pytest.mark.parametrize(("option", "what"), [("inputs", "input of the graph"), ("outputs", "output of the graph")])
def test_tensors_that_are_not_there(load: Load, folder: Path, option: str, what: str) -> None:
    for name in ("net.pb", "net.meta"):
        with pytest.raises(UnknownName, match=f"there is no {what} 'probability'") as caught:
            load(folder / name, **{"outputs": "probabilities", option: "probability"})
        assert "probabilities" in caught.value.message + caught.value.hint


def test_a_checkpoint_is_frozen(load: Load, folder: Path, largest_error: Callable[..., float]) -> None:
    model = load(folder / "net.meta", outputs="probabilities")
    assert names(model) == (["x"], ["probabilities"])
    frozen = load(folder / "net.pb", outputs="probabilities")
    feeds = {"x": np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)}
    np.testing.assert_array_equal(model.run(feeds)["probabilities"], frozen.run(feeds)["probabilities"])
    assert largest_error(model, "tf2onnx") < 1e-6


def test_a_checkpoint_in_training_does_not_say_what_its_answer_is(load: Load, folder: Path) -> None:
    with pytest.raises(SourceError, match=r"net\.meta does not say which of its tensors is the answer: nothing reads label, probabilities") as caught:
        load(folder / "net.meta")
    assert caught.value.hint == "-O outputs=label names the answer, several with commas"


def test_a_rank_that_is_not_known_is_the_users(load: Load, folder: Path, largest_error: Callable[..., float]) -> None:
    with pytest.raises(MissingInputs, match="how many dims its input 'image' has") as caught:
        load(folder / "loose.pb")
    assert caught.value.hint == "--input 'image:float32[batch,…]' gives its dims"
    model = load(folder / "loose.pb", ["image:float32[batch,height,3]"])
    assert [each.dims for each in model.inputs] == [("batch", "height", 3)]
    assert largest_error(model, "tf2onnx") < 1e-6


def test_a_graph_without_weights(load: Load, folder: Path) -> None:
    with pytest.raises(SourceError, match=r"bare\.pb is a graph without its weights: kernel, .*are not in it") as caught:
        load(folder / "bare.pb")
    assert "the checkpoint's .meta file" in caught.value.hint


def test_weights_that_are_missing(load: Load, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "net.meta").write_bytes((folder / "net.meta").read_bytes())
    with pytest.raises(UnreadableSource, match=r"cannot restore net\.meta") as caught:
        load(tmp_path / "net.meta", outputs="label")
    assert caught.value.hint == "net.index and net.data-… belong beside it, as they were written"


@pytest.mark.parametrize("name", ["net.pb", "net.meta"])
def test_what_is_cut_off_or_another_format(load: Load, folder: Path, tmp_path: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    for number, content in enumerate((whole[: len(whole) // 2], b"no graph at all")):
        path = tmp_path / str(number) / name
        path.parent.mkdir()
        path.write_bytes(content)
        with pytest.raises(UnreadableSource, match="cut off, damaged, or another format"):
            load(path)


def test_operations_of_a_library_are_named(load: Load, folder: Path, tf: Any, tmp_path: Path) -> None:
    graph = tf.compat.v1.GraphDef.FromString((folder / "loose.pb").read_bytes())
    graph.node.add(name="words", op="SentencepieceOp")
    (tmp_path / "words.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(SourceError, match=r"words\.pb has operations that TensorFlow does not know: SentencepieceOp"):
        load(tmp_path / "words.pb")


def test_options_of_graphs_are_refused_elsewhere(load: Load, keras: Any) -> None:
    with pytest.raises(UsageError, match="option outputs is for frozen graphs and checkpoints"):
        load(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), outputs="dense")


def test_a_frozen_graph_converts(folder: Path, tmp_path: Path) -> None:
    report = converter.convert(folder / "net.pb", tmp_path / "net.onnx")
    assert report.agrees
    assert [each.name for each in report.spec.outputs] == ["label", "probabilities"]
