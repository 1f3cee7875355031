"""Sources that are Python: `module:attribute` in the working directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import converter

MODULE = """
from converter_toy import ToyModel

class Narrow(ToyModel):
    def __init__(self):
        super().__init__([[1.0], [1.0]], [0.0])

def make(factor=1.0, width=2):
    return ToyModel([[factor]] * width, [0.0])

class Shelf:
    ready = Narrow()

def broken():
    raise ValueError("no such weights")

plain = 3
"""


@pytest.fixture
def here(toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the module `nets`."""
    del toy
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "nets.py").write_text(MODULE)
    (folder / "faulty.py").write_text("import nothing_of_that_name\n")
    (folder / "json.py").write_text("raise RuntimeError('the user has a json.py')\n")
    monkeypatch.chdir(folder)
    return folder


def sum_of_ones(graph: Path) -> float:
    """The graph's y for ones."""
    session = converter.Session(graph, device="cpu")
    width = session.inputs[0].dims[-1]
    assert isinstance(width, int)
    return float(session.run({"x": np.ones((1, 1, width), np.float32)})["y"][0, 0])


@pytest.mark.parametrize(
    ("reference", "words", "graph", "answer"),
    [
        ("nets:Narrow", [], "Narrow.onnx", 2),
        ("nets:make", [], "make.onnx", 2),
        ("nets:make", ["--model-args", '{"factor": 1.5, "width": 4}'], "make.onnx", 6),
        ("nets:Shelf.ready", [], "ready.onnx", 2),
    ],
    ids=["class", "factory", "arguments", "instance"],
)
def test_a_reference_is_converted(here: Path, command: Callable[..., Any], reference: str, words: list[str], graph: str, answer: float) -> None:
    screen = command("convert", reference, *words)
    assert screen.code == 0, screen.err
    assert "affine" in screen.err
    assert sum_of_ones(here / graph) == answer


@pytest.mark.parametrize(
    ("reference", "words", "code", "message", "hint"),
    [
        ("nets:missing", [], 3, "nets:missing: module 'nets' has no 'missing'", "a Python object is named package.module:attribute"),
        ("net:make", [], 3, "net:make: there is no module 'net'", "a Python object is named package.module:attribute"),
        (
            "faulty:make",
            [],
            3,
            "importing faulty:make raised ModuleNotFoundError: No module named 'nothing_of_that_name'",
            "--debug shows the traceback",
        ),
        ("nets:broken", [], 3, "nets:broken() raised ValueError: no such weights", "--debug shows the traceback"),
        (
            "nets:make",
            ["--model-args", '{"depth": 1}'],
            3,
            "nets:make(depth=1) raised TypeError: make() got an unexpected keyword",
            "--model-args '{",
        ),
        ("nets:plain", [], 3, "no installed framework recognises int", "--framework NAME settles it"),
        ("nets", [], 3, "nets does not exist", "a Python object is named package.module:attribute"),
    ],
    ids=["attribute", "module", "import", "raises", "arguments", "type", "word"],
)
def test_a_wrong_reference_is_an_error_with_a_hint(
    here: Path, command: Callable[..., Any], reference: str, words: list[str], code: int, message: str, hint: str
) -> None:
    before = {path.name for path in here.iterdir()}
    screen = command("convert", reference, *words)
    assert screen.code == code
    assert f"error: {message}" in screen.err
    assert "hint: " in screen.err
    assert hint in screen.err
    assert "Traceback" not in screen.err
    assert {path.name for path in here.iterdir()} - {"__pycache__"} == before - {"__pycache__"}


def test_debug_shows_where_the_factory_raised(here: Path, command: Callable[..., Any]) -> None:
    screen = command("convert", "nets:broken", "--debug")
    assert screen.code == 3
    assert f'File "{here / "nets.py"}"' in screen.err
    assert 'raise ValueError("no such weights")' in screen.err


@pytest.mark.parametrize("text", ["{depth: 3}", "[3]"])
def test_model_args_that_are_no_json_object_are_usage(here: Path, command: Callable[..., Any], text: str) -> None:
    del here
    screen = command("convert", "nets:make", "--model-args", text)
    assert screen.code == 2
    assert f"'{text}' is not" in screen.err
