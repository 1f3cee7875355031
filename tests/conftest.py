"""Fixtures of the host's tests: the toy framework is installed for the time of a test, in this process and in workers."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx.parser
import pytest
from hypothesis import settings

from converter import cli, plugins
from converter.cases import Case
from converter.specs import ModelSpec
from converter.worker import arrays

# The same examples on every run, however busy the machine; HYPOTHESIS_PROFILE=deep looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.register_profile("deep", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

TOY = Path(__file__).parent / "toy"
PYTHONPATH = "PYTHONPATH"
HEADER = '<ir_version: 10, opset_import: ["" : 20]>'


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
    names: list[str] = []

    def put(name: str, code: str) -> None:
        folder = tmp_path / "site"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(code)
        install(folder, name, name, monkeypatch)
        names.append(name)

    yield put
    for name in names:
        sys.modules.pop(name, None)
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
    """Write a .toy file: toy_file("model.toy", does="abort in load")."""

    def write(name: str = "model.toy", **fields: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"weight": [[1.0, -2.0], [0.5, 0.25], [3.0, 0.0]], "bias": [0.1, -0.1], **fields}))
        return path

    return write


@dataclass(frozen=True)
class Screen:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Screen]:
    """Run a command line in this process: command("convert", path, "--quiet")."""

    def run(*words: str | Path) -> Screen:
        monkeypatch.setattr(sys, "argv", ["converter", *map(str, words)])
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
            cli.main()
        return Screen(int(left.value.code or 0), out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def snapshot(tmp_path: Path) -> Callable[[], dict[str, bytes]]:
    """Every file below tmp_path with its bytes, the installed plugins left out."""

    def look() -> dict[str, bytes]:
        files = [path for path in tmp_path.rglob("*") if path.is_file() and not {"site", "toy-site"} & {*path.relative_to(tmp_path).parts}]
        return {str(path.relative_to(tmp_path)): path.read_bytes() for path in files}

    return look


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """Wait until something holds, at most some seconds; fail where it never does."""

    def wait(holds: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                pytest.fail(f"never came true within {seconds} seconds")
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def graph_file() -> Callable[[Path, str], Path]:
    """Write a graph given in ONNX's text form, header included or not; for the grammar see onnx.parser."""

    def write(path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(onnx.parser.parse_model(text if text.lstrip().startswith("<") else f"{HEADER} {text}").SerializeToString())
        return path

    return write


@pytest.fixture(scope="session")
def record_case() -> Callable[..., Case]:
    """Record a case by hand: record_case(folder, feeds, answers, sizes)."""

    def write(folder: Path, feeds: Mapping[str, np.ndarray], answers: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> Case:
        arrays.write(feeds, folder / "inputs")
        arrays.write(answers, folder / "outputs")
        return Case(folder.name, "by hand", sizes, folder)

    return write


@pytest.fixture(scope="session")
def as_json() -> Callable[[Any], Any]:
    """Take a value through strict JSON."""
    return lambda value: json.loads(json.dumps(value, allow_nan=False))


@pytest.fixture
def spec_json(as_json: Callable[[Any], Any]) -> Callable[[ModelSpec], ModelSpec]:
    """Take a spec over the worker border."""
    return lambda spec: ModelSpec.from_json(as_json(spec.to_json()))
