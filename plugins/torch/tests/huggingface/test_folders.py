"""Model folders are known by their names and their `config.json`; nothing is imported for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from converter.plugin import Match, Source
from converter_torch.huggingface.folders import is_model_folder, weights_in
from converter_torch.plugin import Torch


def _folder(path: Path, config: object, *files: str) -> Path:
    (path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    for name in files:
        (path / name).write_bytes(b"x")
    return path


def test_a_model_folder_matches(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"model_type": "gpt2"}, "model.safetensors", "tokenizer.json")
    assert Torch().match(Source.of(folder)) is Match.CONTENT
    assert is_model_folder(Source.of(folder))


def test_one_without_weights_matches_so_that_this_is_told(tmp_path: Path) -> None:
    assert Torch().match(Source.of(_folder(tmp_path, {"model_type": "gpt2"}))) is Match.CONTENT


def test_other_configurations_do_not(tmp_path: Path) -> None:
    for number, config in enumerate(({"layers": 3}, "{", "[]", "3")):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert not is_model_folder(Source.of(_folder(folder, config)))
        assert Torch().match(Source.of(folder)) is Match.NO


def test_weights_are_those_that_transformers_looks_for(tmp_path: Path) -> None:
    names = ["model-00001-of-00002.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"]
    assert weights_in(_folder(tmp_path, {}, *names, "training_args.bin", "optimizer.pt", "tf_model.h5")) == sorted(names)


def test_matching_imports_neither_torch_nor_transformers(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"model_type": "gpt2"}, "model.safetensors")
    code = f"""
import sys
from converter.plugin import Match, Source
from converter_torch.plugin import Torch
assert Torch().match(Source.of({str(folder)!r})) is Match.CONTENT
assert not {{"torch", "transformers"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
