"""Fixtures of the host's tests: the toy framework is installed for the time of a test, in this process and in workers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from converter import plugins

TOY = Path(__file__).parent / "toy"
PYTHONPATH = "PYTHONPATH"


def install(folder: Path, name: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `folder` a place of installed packages that has a plugin."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[converter]\n{name} = {module}\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv(PYTHONPATH, os.pathsep.join(filter(None, [str(folder), os.environ.get(PYTHONPATH, "")])))
    plugins.installed.cache_clear()


@pytest.fixture
def install_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Install a plugin from its source text: install_plugin(name, code)."""

    def put(name: str, code: str) -> None:
        folder = tmp_path / "site"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(code)
        install(folder, name, name, monkeypatch)

    yield put
    plugins.installed.cache_clear()


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Install the toy framework and give its module."""
    folder = tmp_path / "toy-site"
    folder.mkdir()
    (folder / "converter_toy.py").write_text((TOY / "converter_toy.py").read_text())
    install(folder, "toy", "converter_toy", monkeypatch)
    import converter_toy  # type: ignore[import-not-found]

    yield converter_toy
    sys.modules.pop("converter_toy", None)
    plugins.installed.cache_clear()


@pytest.fixture
def toy_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a .toy file: toy_file("model.toy", load="abort")."""

    def write(name: str = "model.toy", **fields: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"weight": [[1.0, -2.0], [0.5, 0.25], [3.0, 0.0]], "bias": [0.1, -0.1], **fields}))
        return path

    return write
