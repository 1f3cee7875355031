"""`converter run`: values, arrays and images in; texts, figures and arrays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from converter.ctc import CtcAlphabet
from converter.images import ImagePreparation

AFFINE = "affine (float[batch, 2] x, int64[] n) => (float[batch, 2] y) { f = Cast<to=1>(n) y = Add(x, f) }"
TEXTS = "shout (string[batch] words) => (string[batch] same) { same = Identity(words) }"
READER = """
reader (float[batch, 1, 4, 6] images) => (float[batch, 6, 2] scores)
<int64[2] axes = {1, 2}, int64[1] last = {2}, float one = {1}>
{
  light = ReduceMean<keepdims=0>(images, axes)
  dark = Sub(one, light)
  blank = Unsqueeze(dark, last)
  letter = Unsqueeze(light, last)
  scores = Concat<axis=2>(blank, letter)
}
"""
PREPARATION = ImagePreparation("images", height=4, width=6, mode="L", fill=0, mean=(0.0,), std=(1.0,))


@pytest.fixture
def affine(graph_file: Callable[[Path, str], Path], tmp_path: Path) -> Path:
    """A graph that adds a whole number."""
    return graph_file(tmp_path / "affine.onnx", AFFINE)


@pytest.fixture
def reader(graph_file: Callable[[Path, str], Path], tmp_path: Path) -> Callable[..., Path]:
    """A graph that reads an `a` from each run of light columns: reader(image=…, ctc=…) with this metadata."""

    def write(**metadata: str) -> Path:
        path = graph_file(tmp_path / "reader.onnx", READER)
        with_metadata(path, metadata)
        return path

    return write


def with_metadata(path: Path, metadata: Mapping[str, str]) -> None:
    """Add metadata to a graph."""
    model = onnx.load(path)
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.save(model, path)


def columns(path: Path, light: list[int]) -> Path:
    """Write an image of 4 pixels' height whose columns are light (1) or dark (0)."""
    image = pytest.importorskip("PIL.Image", reason="Pillow reads the images")
    image.fromarray(np.tile(np.array(light, np.uint8) * 255, (4, 1))).save(path)
    return path


# Values and arrays


def test_json_values(affine: Path, command: Callable[..., Any]) -> None:
    screen = command("run", affine, "--input", "x=[[1.5, 2.0], [3.0, -4.0]]", "--input", "n=2")
    assert screen.code == 0
    assert screen.out == "y float32 [2, 2]\n[[ 3.5  4. ]\n [ 5.  -2. ]]\n"


def test_an_npy_file_and_an_npz_output(affine: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.save(tmp_path / "x.npy", x)
    screen = command("run", affine, "--input", f"x={tmp_path / 'x.npy'}", "--input", "n=-1", "-o", tmp_path / "answers" / "y.npz")
    assert (screen.code, screen.out) == (0, "")
    with np.load(tmp_path / "answers" / "y.npz") as written:
        assert written.files == ["y"]
        np.testing.assert_array_equal(written["y"], x - 1)
    assert [path.name for path in (tmp_path / "answers").iterdir()] == ["y.npz"]


def test_all_inputs_from_an_npz(affine: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "feeds.npz", x=np.zeros((1, 2), np.float32), n=np.int64(7))
    screen = command("run", affine, "--data", tmp_path / "feeds.npz")
    assert (screen.code, screen.out) == (0, "y float32 [1, 2]\n[[7. 7.]]\n")


def test_strings(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_file(tmp_path / "texts.onnx", TEXTS)
    screen = command("run", graph, "--input", 'words=["héllo", "wörld"]')
    assert screen.code == 0
    assert screen.out == "same object [2]\n['héllo' 'wörld']\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 3, "'n'"),
        (["--input", "x=[[1.0, 2.0]]"], 3, "'n'"),
        (["--input", "x=[[1.0, 2.0]]", "--input", "n=1", "--input", "more=1"], 3, "'more'"),
        (["--input", "x=[1.0, 2.0]", "--input", "n=1"], 3, "'x'"),
        (["--input", "x=[[1.0, 2.0, 3.0]]", "--input", "n=1"], 3, "'x'"),
        (["--input", "x=[[1.0], [2.0, 3.0]]", "--input", "n=1"], 2, "input 'x': '[[1.0], [2.0, 3.0]]' is no JSON value of float32"),
        (["--input", "x=[[1.0, ", "--input", "n=1"], 2, "input 'x': '[[1.0, ' is no JSON value of float32"),
        (["--input", "x=missing.npy", "--input", "n=1"], 3, "missing.npy does not exist"),
        (["--input", "x=affine.onnx", "--input", "n=1"], 2, "input 'x' cannot be read from affine.onnx"),
        (["--input", "x=objects.npy", "--input", "n=1"], 3, "objects.npy cannot be read as an array"),
        (["--input", "x=[[1.0, 2.0]]", "--input", "n=1", "-o", "y.txt"], 2, ".npz, not to y.txt"),
        (["--input", "x=[[1.0, 2.0]]", "--input", "n=1", "--device", "tpu"], 2, "there is no device 'tpu'"),
    ],
    ids=["none", "missing", "unknown", "rank", "shape", "ragged", "syntax", "file", "suffix", "objects", "output", "device"],
)
def test_wrong_inputs_are_named_with_a_hint(
    affine: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("objects.npy", np.array([{}], object), allow_pickle=True)
    screen = command("run", affine.name, *words)
    assert screen.code == code
    assert "error: " in screen.err
    assert message in screen.err
    assert "\nhint: " in screen.err
    assert "Traceback" not in screen.err
    assert screen.out == ""


def test_a_word_without_equals_is_usage(affine: Path, command: Callable[..., Any]) -> None:
    screen = command("run", affine, "--input", "x")
    assert screen.code == 2
    assert "'x' is not key=value" in screen.err


def test_a_missing_graph_is_named(command: Callable[..., Any], tmp_path: Path) -> None:
    screen = command("run", tmp_path / "missing.onnx", "--input", "x=1")
    assert screen.code == 3
    assert f"error: {tmp_path / 'missing.onnx'} does not exist" in screen.err


# Images


def test_images_of_a_pattern_or_a_folder_are_read_as_text(reader: Callable[..., Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = reader(image=PREPARATION.to_json(), ctc=CtcAlphabet("scores", "a", batch_first=True).to_json())
    first = columns(tmp_path / "1.png", [1, 0, 1, 0, 0, 1])
    second = columns(tmp_path / "2.png", [0, 1, 1, 0, 0, 0])
    for value in (f"{tmp_path}/*.png", tmp_path):
        screen = command("run", graph, "--input", f"images={value}")
        assert screen.code == 0
        assert screen.out == f"{first}\taaa\n{second}\ta\n"


def test_prepared_arrays_are_read_as_text_too(reader: Callable[..., Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = reader(ctc=CtcAlphabet("scores", "a", batch_first=True).to_json())
    np.save(tmp_path / "images.npy", np.ones((2, 1, 4, 6), np.float32))
    screen = command("run", graph, "--input", f"images={tmp_path / 'images.npy'}")
    assert screen.out == "0\ta\n1\ta\n"


def test_without_an_alphabet_the_scores_are_shown(reader: Callable[..., Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = reader(image=PREPARATION.to_json())
    screen = command("run", graph, "--input", f"images={columns(tmp_path / '1.png', [1, 0, 1, 0, 0, 1])}")
    assert screen.code == 0
    assert screen.out.startswith("scores float32 [1, 6, 2]\n[[[0. 1.]")


def test_images_for_a_graph_that_says_nothing_of_them(reader: Callable[..., Path], command: Callable[..., Any], tmp_path: Path) -> None:
    screen = command("run", reader(), "--input", f"images={columns(tmp_path / '1.png', [1])}")
    assert screen.code == 2
    assert screen.err == (
        "error: the graph does not say how images for 'images' are prepared\nhint: give a prepared array: --input images=images.npy\n"
    )


def test_a_broken_image_is_named(reader: Callable[..., Path], command: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="Pillow reads the images")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG words")
    screen = command("run", reader(image=PREPARATION.to_json()), "--input", f"images={tmp_path / 'broken.png'}")
    assert screen.code == 3
    assert f"error: {tmp_path / 'broken.png'} is not an image that Pillow reads" in screen.err
    assert "hint: readable suffixes: .bmp" in screen.err
