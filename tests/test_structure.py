"""The shape of the house: import directions, and that the host starts no framework."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FRAMEWORKS = ["torch", "sklearn", "tensorflow", "keras", "lightgbm", "pandas", "joblib", "skops"]


def test_the_import_contracts_hold() -> None:
    script = Path(sys.executable).with_name("lint-imports")
    if not script.exists():
        pytest.skip("import-linter is not installed")
    done = subprocess.run([script, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", ["converter.pipeline", "converter.api", "converter.worker.child", "converter.plugin", "converter.runtime"])
def test_the_host_imports_no_framework(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {FRAMEWORKS} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip() == "[]"


def test_import_converter_costs_nothing() -> None:
    code = "import sys; before = set(sys.modules); import converter; print(sorted(name.split('.')[0] for name in set(sys.modules) - before))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not {"numpy", "onnx", "onnxruntime", "pluggy", "click"} & set(eval(found))


def test_every_file_says_what_it_is() -> None:
    import ast

    silent = [path for path in (ROOT / "converter").rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text())) and path.name != "version.py"]
    assert silent == []
