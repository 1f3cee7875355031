"""The process of the interpreters: one that ends is an error, and the next question goes to another."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from converter.plugin import SourceModel

Load = Callable[..., SourceModel]
Files = Callable[[str], Path]


def test_a_process_that_ends_is_one_clear_error(load: Load, tflite: Files) -> None:
    from converter_tensorflow.tflite.interpreter import _PROCESS, InterpreterEnded

    model = load(tflite("branch"))
    feeds = {"x": np.ones((2, 4), np.float32)}
    answer = model.run(feeds)
    assert _PROCESS._running is not None
    assert _PROCESS._log is not None
    os.write(_PROCESS._log.fileno(), b"INFO: loaded\ntensor 7 lies outside of its buffer\nWARNING: more\n")
    os.kill(_PROCESS._running.pid, signal.SIGABRT)
    with pytest.raises(InterpreterEnded) as caught:
        model.run(feeds)
    assert caught.value.message == "TensorFlow's interpreter ended on branch.tflite (SIGABRT): tensor 7 lies outside of its buffer"
    assert "tf.lite.Interpreter ends the same way" in caught.value.hint
    np.testing.assert_array_equal(model.run(feeds)["output_0"], answer["output_0"])


def test_a_refusal_leaves_the_process_alive(load: Load, tflite: Files) -> None:
    from converter_tensorflow.tflite.interpreter import Interpreter, InterpreterRefusal

    interpreter = Interpreter(tflite("branch"))
    with pytest.raises(InterpreterRefusal, match="TensorFlow's interpreter refuses: "):
        interpreter.run("", {"0": np.ones((2, 4), np.int32)})
    assert interpreter.run("", {"0": np.ones((2, 4), np.float32)})["0"].tolist() == [[2.0] * 4] * 2
    assert load(tflite("branch")).inputs
