"""The light half: what it recognises, and that it does so without TensorFlow."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from converter import plugins
from converter.plugin import Match, Source, UnreadableSource
from converter_tensorflow.plugin import HDF5_MAGIC, TensorFlow


def archive(path: Path, *members: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for member in members:
            file.writestr(member, "{}" * 200)
    return path


def test_is_installed_as_a_plugin() -> None:
    assert isinstance(plugins.frameworks()["tensorflow"], TensorFlow)


@pytest.mark.parametrize("name", ["model.keras", "renamed.zip"])
def test_a_keras_archive_is_known_by_its_members(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / name, "metadata.json", "config.json", "model.weights.h5")
    assert TensorFlow().match(Source.of(path)) is Match.CONTENT


def test_another_zip_is_not_matched(tmp_path: Path) -> None:
    assert TensorFlow().match(Source.of(archive(tmp_path / "model.pt", "model/data.pkl"))) is Match.NO


def test_a_truncated_archive_is_unreadable(tmp_path: Path) -> None:
    path = archive(tmp_path / "model.keras", "metadata.json", "config.json", "model.weights.h5")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UnreadableSource, match="cut off or damaged") as caught:
        TensorFlow().match(Source.of(path))
    assert caught.value.hint == "copy or download it again"


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("model.h5", HDF5_MAGIC + b"... model_config ...", Match.CONTENT),
        ("model.data", HDF5_MAGIC + b"... model_config ...", Match.CONTENT),
        ("model.h5", HDF5_MAGIC + b"...", Match.SUFFIX),
        ("measured.nc", HDF5_MAGIC + b"...", Match.NO),
        ("model.keras", b"text", Match.SUFFIX),
        ("graph.pb", b"\n;\n\x01x\x12\x0bPlaceholder*\x0b\n\x05dtype", Match.CONTENT),
        ("graph.pb", b"\n\xb3\x0c\n\x0ascope/conv1\x12\x05Const*\x0b", Match.CONTENT),
        ("net.pb", b"\n\x04net1\x12\x20\n\x01x", Match.SUFFIX),  # Caffe2: a name, then operators
        ("saved_model.pb", b"\x08\x01\x12", Match.CONTENT),
        ("model.meta", b"\n\xb3\x0c", Match.SUFFIX),
    ],
)
def test_files_are_known_by_their_head_and_name(tmp_path: Path, name: str, head: bytes, expected: Match) -> None:
    (tmp_path / name).write_bytes(head)
    assert TensorFlow().match(Source.of(tmp_path / name)) is expected


def test_a_saved_model_is_a_folder_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert TensorFlow().match(Source.of(tmp_path / "model")) is Match.NO
    (tmp_path / "model" / "saved_model.pb").touch()
    assert TensorFlow().match(Source.of(tmp_path / "model")) is Match.CONTENT


def test_imports_no_framework() -> None:
    code = "import sys, converter_tensorflow.plugin as p; p.TensorFlow(); print([n for n in ('tensorflow', 'keras', 'tf2onnx', 'h5py') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
