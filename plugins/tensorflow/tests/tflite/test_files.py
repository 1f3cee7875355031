"""What a TensorFlow Lite file takes and gives, against TensorFlow's interpreter in this process, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.plugin import Match, Source, SourceError, SourceModel, UnknownName, UnreadableSource
from converter_tensorflow.plugin import TensorFlow

Load = Callable[..., SourceModel]
Files = Callable[[str], Path]


def own_answers(tf: Any, path: Path, value: np.ndarray) -> np.ndarray:
    """TensorFlow's interpreter as everybody calls it."""
    interpreter = tf.lite.Interpreter(str(path))
    (taken,), (given, *_) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(taken["index"], value.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(taken["index"], value)
    interpreter.invoke()
    return np.array(interpreter.get_tensor(given["index"]))


@pytest.mark.parametrize(
    ("name", "dtype", "low", "step"),
    [("float32", "float32", None, 0.0), ("hybrid", "float32", None, 0.0), ("int8", "int8", -128, 1.0), ("uint8", "uint8", 0, 1.0)],
)
def test_answers_are_the_interpreters(tf: Any, load: Load, tflite: Files, name: str, dtype: str, low: float | None, step: float) -> None:
    model = load(tflite(name))
    (taken,), (given,) = model.inputs, model.outputs
    assert (taken.name, taken.dtype, taken.dims, taken.domain.low) == ("image", dtype, ("batch", 12, 12, 3), low)
    assert (given.name, given.dtype, given.step) == ("output_0", dtype, step)
    feeds = model.sample(np.random.default_rng(0), {"batch": 3})
    np.testing.assert_array_equal(model.run(feeds)["output_0"], own_answers(tf, tflite(name), feeds["image"]))
    assert "its answers are those of XNNPACK's kernels" in model.summary


def test_floats_that_stand_for_integers_have_their_scale_as_step(load: Load, tflite: Files) -> None:
    (given,) = load(tflite("inner")).outputs
    assert given.dtype == "float32"
    assert 0 < given.step < 0.1


def test_a_signature_gives_the_names(load: Load, tflite: Files) -> None:
    with pytest.raises(SourceError, match="the file has several signatures: look_up, score") as caught:
        load(tflite("two"))
    assert caught.value.hint == "-O signature=look_up names the one to convert"
    with pytest.raises(UnknownName, match="there is no signature 'scores'"):
        load(tflite("two"), signature="scores")
    score, look_up = (load(tflite("two"), signature=name) for name in ("score", "look_up"))
    assert ([each.name for each in score.inputs], [each.name for each in score.outputs]) == (["x"], ["best", "scores"])
    assert ([each.name for each in look_up.inputs], [each.name for each in look_up.outputs]) == (["rows"], ["found"])
    assert look_up.run({"rows": np.array([2, 0], np.int32)})["found"].shape == (2, 3)


def test_without_a_signature_the_tensors_give_the_names(load: Load, tflite: Files, tmp_path: Path) -> None:
    from converter_tensorflow.tflite.files import packed, read

    tree = read(tflite("branch"))
    tree.signatureDefs = None
    (tmp_path / "bare.tflite").write_bytes(packed(tree))
    model = load(tmp_path / "bare.tflite")
    assert [(each.name, each.dims) for each in model.inputs] == [("x", (2, 4))]
    assert [each.name for each in model.outputs] == ["PartitionedCall"]
    assert model.run({"x": np.ones((2, 4), np.float32)})["PartitionedCall"].tolist() == [[2.0] * 4] * 2


def test_a_batch_that_the_model_takes_in_one_size_only_is_fixed(load: Load, tflite: Files) -> None:
    assert [each.dims for each in load(tflite("bakes")).inputs] == [(1, 4)]


def test_variables_that_are_assigned_are_named(load: Load, tflite: Files) -> None:
    with pytest.raises(SourceError, match=r"count\.tflite is stateful: it assigns to calls \(ASSIGN_VARIABLE\)"):
        load(tflite("count"))


def test_custom_operators_are_named(load: Load, tflite: Files) -> None:
    with pytest.raises(SourceError, match=r"bessel\.tflite has custom operators that TensorFlow's interpreter does not know: BesselI0e"):
        load(tflite("bessel"))


@pytest.mark.parametrize("kept", [300, 3000, -40])
def test_what_is_cut_off(load: Load, tflite: Files, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.tflite"
    path.write_bytes(tflite("float32").read_bytes()[:kept])
    with pytest.raises(UnreadableSource, match=r"cut\.tflite is cut off or damaged") as caught:
        load(path)
    assert caught.value.hint == "copy or download it again"


@pytest.mark.parametrize("head", [b"no model at all", b"\x1c\0\0\0CAF3" + bytes(100), b"\x1c\0\0\0TFL3" + bytes(range(100))])
def test_another_format(load: Load, tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(head)
    with pytest.raises(UnreadableSource, match=r"is not a TensorFlow Lite model|is cut off or damaged"):
        load(path)


@pytest.mark.parametrize(("name", "head", "expected"), [("net.bin", b"\x20\0\0\0TFL3", Match.CONTENT), ("net.tflite", b"text", Match.SUFFIX)])
def test_a_file_is_known_by_its_identifier(tmp_path: Path, name: str, head: bytes, expected: Match) -> None:
    (tmp_path / name).write_bytes(head)
    assert TensorFlow().match(Source.of(tmp_path / name)) is expected
