"""A scalar and an unknown rank look alike in ONNX Runtime; the graph's bytes tell them apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import onnx.parser
import pytest

from converter.runtime.opening.ranks import shaped_ports

TEXT = "g (float a, float[] b, float[n] c, float[?, 3] d, seq(float[n]) e, string f) => (float g, float[] h) { g = Neg(a) h = Neg(b) }"


def test_which_ports_declare_a_shape(graph: Callable[[str], bytes], tmp_path: Path) -> None:
    data = graph(TEXT)
    assert shaped_ports(data) == {"a", "c", "d", "f", "g"}
    (tmp_path / "net.onnx").write_bytes(data)
    assert shaped_ports(tmp_path / "net.onnx") == {"a", "c", "d", "f", "g"}


def test_what_else_is_in_the_file_does_not_matter(graph: Callable[[str], bytes]) -> None:
    model = onnx.load_model_from_string(graph(TEXT))
    model.doc_string, model.model_version = "text " * 100, 2**40
    model.graph.doc_string = "more text"
    model.graph.initializer.extend(onnx.numpy_helper.from_array(__import__("numpy").ones(300), f"w{number}") for number in range(3))
    assert shaped_ports(model.SerializeToString()) == {"a", "c", "d", "f", "g"}


@pytest.mark.parametrize("data", [b"", b"ORTM", b"\x3a\x7f", b"\xff" * 40, b"\x0b" * 8])
def test_bytes_in_another_format_tell_nothing(data: bytes) -> None:
    assert shaped_ports(data) == frozenset()
