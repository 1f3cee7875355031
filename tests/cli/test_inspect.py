"""`converter inspect`: a graph as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converter.version import __version__


@pytest.fixture
def graph(toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path) -> Path:
    """A published graph."""
    del toy
    assert command("convert", toy_file(), "-o", tmp_path / "model.onnx", "--quiet").code == 0
    return tmp_path / "model.onnx"


def test_the_page_shows_what_the_graph_takes_gives_and_is_made_of(graph: Path, command: Callable[..., Any]) -> None:
    screen = command("inspect", graph)
    assert (screen.code, screen.err) == (0, "")
    words = [line.split() for line in screen.out.splitlines()]
    assert ["inputs", "x", "float32", "[batch,", "width,", "3]"] in words
    assert ["outputs", "y", "float32", "[batch,", "2]"] in words
    assert ["z", "float32", "[batch,", "2]"] in words
    assert ["axes", "batch,", "width"] in words
    assert ["opset", "ai.onnx", "20"] in words
    assert ["producer", "onnx-converter", __version__] in words
    assert ["converter.exporter", "right"] in words
    assert ["toy", "affine"] in words


def test_json_has_the_same(graph: Path, command: Callable[..., Any]) -> None:
    document = json.loads(command("inspect", graph, "--json").out)
    assert document["inputs"] == [{"name": "x", "dtype": "float32", "dims": ["batch", "width", 3]}]
    assert [each["name"] for each in document["outputs"]] == ["y", "z"]
    assert (document["axes"], document["opsets"]) == (["batch", "width"], {"": 20})
    assert document["operators"] == {"Add": 2, "MatMul": 1, "ReduceMean": 1} | {name: 1 for name in document["operators"] if name == "Identity"}
    assert (document["size"], document["data_size"]) == (graph.stat().st_size, 0)
    assert document["metadata"]["converter.framework"] == "toy"


def test_a_missing_graph_and_one_that_is_none(command: Callable[..., Any], tmp_path: Path) -> None:
    missing = command("inspect", tmp_path / "missing.onnx")
    assert missing.code == 3
    assert missing.err.startswith(f"error: {tmp_path / 'missing.onnx'} does not exist\nhint: check the path")
    (tmp_path / "words.onnx").write_text("words")
    wrong = command("inspect", tmp_path / "words.onnx")
    assert wrong.code == 3
    assert wrong.err.startswith("error: words.onnx is not an ONNX file: ")
    assert "hint: it may be cut off, or of another kind" in wrong.err


FRUITY = """
from converter.plugin import *
class Fruity(Framework):
    name, requires, sources, exporters = "fruity", ("surely_not_installed",), {}, {}
    def match(self, source):
        return Match.CONTENT if source.suffix == ".fruit" or "fruit" in source.folder_names else Match.NO
    def choices(self, source):
        return {"part": {"peel": "thin", "core": "1" if source.head or source.folder_names else 1 / 0}}
    def load(self, request): ...
@hookimpl
def converter_frameworks(): return [Fruity()]
"""


@pytest.mark.parametrize("place", ["apple.fruit", "basket/fruit"])
def test_a_source_shows_what_it_offers(install_plugin: Callable[[str, str], None], command: Callable[..., Any], tmp_path: Path, place: str) -> None:
    install_plugin("fruity", FRUITY)
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("round")
    source = tmp_path / place.removesuffix("/fruit")
    screen = command("inspect", source)
    assert screen.code == 0
    assert screen.out == "  framework  fruity\n\n  -O part=peel  thin\n  -O part=core  1\n"
    document = json.loads(command("inspect", source, "--json").out)
    assert document == {"framework": "fruity", "options": {"part": {"peel": "thin", "core": "1"}}}


def test_a_folder_that_nobody_knows(command: Callable[..., Any], tmp_path: Path) -> None:
    screen = command("inspect", tmp_path)
    assert screen.code == 3
    assert screen.err.startswith(f"error: no installed framework recognises {tmp_path.name}")
