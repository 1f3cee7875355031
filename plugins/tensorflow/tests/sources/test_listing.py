"""What a SavedModel offers, listed without TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from converter.plugin import Source, UnreadableSource
from converter_tensorflow.plugin import TensorFlow


def listed(path: Path) -> dict[str, str]:
    return TensorFlow().choices(Source.of(path)).get("signature", {})


def test_signatures_and_functions(tf: Any, two_functions: Any, tmp_path: Path) -> None:
    two_functions.untyped(tf.ones([2, 3]))
    doubled = tf.function(lambda words, x: {"twice": x * 2, "same": words})
    specs = [tf.TensorSpec([None, 2], tf.string, name="words"), tf.TensorSpec([], tf.float64, name="x")]
    signatures = {"serving_default": doubled.get_concrete_function(*specs), "counted": two_functions.count}
    tf.saved_model.save(two_functions, str(tmp_path / "model"), signatures)
    found = listed(tmp_path / "model")
    assert found == {
        "__call__": "a function of the object",
        "count": "a function of the object",
        "untyped": "a function of the object",
        "counted": "x:float32[?, 3] → output_0:float32[?, 3]",
        "serving_default": "words:string[?, 2], x:float64[] → same:string[?, 2], twice:float64[]",
    }
    assert listed(tmp_path / "model" / "saved_model.pb") == found


def test_a_model_of_keras(lstm: Any, tmp_path: Path) -> None:
    lstm.export(tmp_path / "model", verbose=False)
    line = "steps:float32[?, ?, 5] → output_0:float32[?, 6]"
    assert listed(tmp_path / "model") == {"serve": line, "serving_default": line}


def test_a_session_of_tensorflow_1(tf: Any, tmp_path: Path) -> None:
    tf1 = tf.compat.v1
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder("float64", name="x")
        tf1.saved_model.simple_save(session, str(tmp_path / "model"), {"x": x}, {"y": tf1.reduce_sum(x)})
    assert listed(tmp_path / "model") == {"serving_default": "x:float64[…] → y:float64[]"}


def test_other_files_offer_nothing(lstm: Any, tmp_path: Path) -> None:
    lstm.save(tmp_path / "model.keras")
    assert TensorFlow().choices(Source.of(tmp_path / "model.keras")) == {}


@pytest.mark.parametrize("content", [b"no graph at all", b"\x0a\xff\x01"])
def test_what_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(UnreadableSource, match=r"saved_model\.pb is not a SavedModel: it is cut off, damaged, or another format") as caught:
        listed(tmp_path)
    assert caught.value.hint == "copy or download it again"


def test_without_tensorflow() -> None:
    code = "import sys, converter_tensorflow.sources.listing; print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
