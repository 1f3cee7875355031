"""The light half: which files are torch's, without torch."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from converter.plugin import Match, Source, UnreadableSource
from converter_torch.plugin import Torch, converter_frameworks


def match(path: Path) -> Match:
    return Torch().match(Source.of(path))


def test_the_hook_names_the_framework() -> None:
    (entry,) = [each for each in entry_points(group="converter") if each.name == "torch"]
    assert entry.value == "converter_torch.plugin"
    assert [each.name for each in converter_frameworks()] == ["torch"]


def test_the_light_half_imports_no_torch() -> None:
    code = "import sys, converter_torch.plugin; print([name for name in ('torch', 'onnx', 'safetensors') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def write_checkpoint(path: Path) -> None:
    torch.save({"model": nn.Linear(2, 2).state_dict()}, path)


def write_legacy(path: Path) -> None:
    torch.save(nn.Linear(2, 2).state_dict(), path, _use_new_zipfile_serialization=False)


def write_safetensors(path: Path) -> None:
    save_file(nn.Linear(2, 2).state_dict(), path, {"made": "here"})


def write_program(path: Path) -> None:
    with path.open("wb") as file:
        torch.export.save(torch.export.export(nn.Linear(2, 2), (torch.ones(3, 2),)), file)


def write_script(path: Path) -> None:
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)


def write_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(nn.Linear(2, 2)))


@pytest.mark.parametrize("write", [write_checkpoint, write_legacy, write_safetensors, write_program, write_script, write_pickle])
def test_the_bytes_tell_whatever_the_name(write: Any, tmp_path: Path) -> None:
    path = tmp_path / "data.bytes"
    write(path)
    assert match(path) is Match.CONTENT


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt", ".bin", ".safetensors", ".pt2", ".torchscript", ".PTH"])
def test_a_name_alone_suggests_it(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"net{suffix}").write_text("no torch in here")
    assert match(tmp_path / f"net{suffix}") is Match.SUFFIX


def test_other_files_are_none(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    (tmp_path / "booster.txt").write_text("tree\nversion=v4")
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1, 2]))
    assert {match(each) for each in tmp_path.iterdir()} == {Match.NO}
    assert match(tmp_path) is Match.NO


def test_weights_in_several_files(tmp_path: Path) -> None:
    for name in ("model.safetensors.index.json", "pytorch_model.bin.index.json"):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text('{"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}')
        assert match(folder / name) is match(folder) is Match.CONTENT
    (tmp_path / "package.json").write_text('{"name": "no index"}')
    assert match(tmp_path / "package.json") is Match.NO


def test_a_zip_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.pth"
    write_checkpoint(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadableSource, match=r"cut\.pth is a zip file that is cut off") as caught:
        match(path)
    assert "again" in caught.value.hint
