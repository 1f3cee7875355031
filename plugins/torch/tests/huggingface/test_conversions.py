"""Folders of several kinds, through the host and its worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import converter
from converter_torch.precision import converted

Save = Callable[[str], Path]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bert", "llama", "vit", "resnet", "wav2vec2", "clip", "roberta"])
def test_a_folder_converts(save: Save, tmp_path: Path, name: str) -> None:
    report = converter.convert(save(name), tmp_path / "model.onnx")
    assert report.agrees
    assert (tmp_path / "model.onnx").is_file()
    assert report.attempts[-1].exporter == "patched"


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "exporter"), [("float16", "patched"), ("bfloat16", "widened")])
def test_a_sharded_folder_of_half_precision_converts(save: Save, transformers: Any, tmp_path: Path, dtype: str, exporter: str) -> None:
    """As language models are published: in half precision, in several files."""
    whole = transformers.AutoModelForCausalLM.from_pretrained(save("llama"))
    converted(whole, dtype).save_pretrained(tmp_path / "model", max_shard_size="10kB")
    assert len(list((tmp_path / "model").glob("*.safetensors"))) > 1
    report = converter.convert(tmp_path / "model", tmp_path / "model.onnx")
    assert report.agrees, [attempt.line for attempt in report.attempts]
    assert report.attempts[-1].exporter == exporter
    assert {each.dtype for each in report.spec.inputs} == {"int64", dtype}
