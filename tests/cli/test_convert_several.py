"""`converter convert` of several sources: what one of them leaves does not overwrite another's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_each_source_records_its_own_cases(toy: Any, toy_file: Callable[..., Path], command: Callable[..., Any], tmp_path: Path) -> None:
    sources = [toy_file("a.toy"), toy_file("b.toy", bias=[1.0, 2.0])]
    screen = command("convert", *sources, "-o", tmp_path / "out", "--cases", tmp_path / "cases", "--quiet")
    assert (screen.code, screen.err) == (0, "")
    assert sorted(path.name for path in (tmp_path / "cases").iterdir()) == ["a", "b"]
    for name in ("a", "b"):
        assert command("validate", tmp_path / "out" / f"{name}.onnx", "--cases", tmp_path / "cases" / name, "--quiet").code == 0
    assert command("validate", tmp_path / "out" / "a.onnx", "--cases", tmp_path / "cases" / "b", "--quiet").code == 1
    del toy
