"""Folders of several kinds, through the host and its worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import converter

Save = Callable[[str], Path]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bert", "llama", "vit", "resnet", "wav2vec2", "clip", "roberta"])
def test_a_folder_converts(save: Save, tmp_path: Path, name: str) -> None:
    report = converter.convert(save(name), tmp_path / "model.onnx")
    assert report.agrees
    assert (tmp_path / "model.onnx").is_file()
    assert report.attempts[-1].exporter == "patched"
