"""`converter run` with files: whole tables in, every dtype and name out, and values that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Text = Callable[[Path, str], Path]
Run = Callable[..., Any]
NEGATE = "g (float[N] a) => (float[N] file) { file = Neg(a) }"


def outputs(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as loaded:
        return dict(loaded)


def test_every_row_of_a_table(graph_file: Text, command: Run, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "\n".join(f"{row},0" for row in range(1000)))
    screen = command("run", graph_file(tmp_path / "g.onnx", NEGATE), "--data", tmp_path / "t.csv", "-o", tmp_path / "out.npz")
    assert (screen.code, screen.out, screen.err) == (0, "", "")
    assert np.array_equal(outputs(tmp_path / "out.npz")["file"], -np.arange(1000, dtype=np.float32))


@pytest.mark.parametrize(
    ("text", "given", "wanted"),
    [
        ("g (string[N] a) => (string[N] y) { y = Identity(a) }", '["é", "", "long"]', np.array(["é", "", "long"])),
        ("g (float[N] a) => (bfloat16[N] y) { y = Cast<to=16>(a) }", "[1.0, -2.0]", np.array([1, -2], np.float32)),
        ("g (float a) => (float y) { y = Neg(a) }", "3", np.float32(-3)),
        ("g (float[N] a) => (float[N] y) { y = Neg(a) }", "[]", np.zeros(0, np.float32)),
    ],
)
def test_every_dtype_is_read_back_without_pickle(graph_file: Text, command: Run, tmp_path: Path, text: str, given: str, wanted: np.ndarray) -> None:
    screen = command("run", graph_file(tmp_path / "g.onnx", text), "--input", f"a={given}", "-o", tmp_path / "out.npz")
    assert (screen.code, screen.err) == (0, "")
    found = outputs(tmp_path / "out.npz")["y"]
    assert (found.shape, found.dtype.kind) == (wanted.shape, wanted.dtype.kind)
    assert np.array_equal(found, wanted)


@pytest.mark.parametrize("given", ["[300]", "[-1]", '{"b": 1}', "[[1], 2]", "[1", '["x"]'])
def test_values_that_do_not_fit_are_usage(graph_file: Text, command: Run, tmp_path: Path, given: str) -> None:
    path = graph_file(tmp_path / "g.onnx", "g (uint8[N] a) => (uint8[N] y) { y = Identity(a) }")
    screen = command("run", path, "--input", f"a={given}")
    assert screen.code == 2
    assert screen.err.startswith(f"error: input 'a': '{given}' is no JSON value of uint8: ")
    assert screen.err.endswith("hint: --input 'x=[[1.0, 2.0]]'\n")


@pytest.mark.parametrize("content", [b"", b"words", b"\x93NUMPY"])
def test_a_damaged_array(graph_file: Text, command: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    screen = command("run", graph_file(tmp_path / "g.onnx", NEGATE), "--input", f"a={tmp_path / 'a.npy'}")
    assert screen.code == 3
    assert screen.err.startswith(f"error: {tmp_path / 'a.npy'} cannot be read as an array: ")
    assert screen.err.endswith("hint: write it with numpy.save, without objects\n")


def test_an_output_that_is_no_tensor(graph_file: Text, command: Run, tmp_path: Path) -> None:
    path = graph_file(tmp_path / "g.onnx", "g (float[N] a) => (seq(float[N]) s) { s = SequenceConstruct(a, a) }")
    screen = command("run", path, "--input", "a=[1.0]", "-o", tmp_path / "out.npz")
    assert (screen.code, screen.err) == (2, "error: output 's' is no tensor, and an .npz holds nothing else\nhint: leave out -o to see it\n")
    assert not (tmp_path / "out.npz").exists()
    assert command("run", path, "--input", "a=[1.0]").code == 0
