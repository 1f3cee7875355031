"""The code that runs on CUDA, on a double of the device: every fault of memory or of order shows, and the right path passes."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DOUBLE = Path(__file__).parent / "double.py"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the double protects memory pages as Linux does")


def scenes(group: str) -> list[str]:
    """The scenes of a group, read from the script without running it: this process keeps its memory unprotected."""
    (found,) = (node for node in ast.parse(DOUBLE.read_text()).body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == group)
    return [ast.literal_eval(key) for key in found.value.keys]  # type: ignore[union-attr]


def play(*names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(DOUBLE), *names], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("scene", scenes("FATAL"))
def test_a_fault_of_memory_kills(scene: str) -> None:
    done = play(scene)
    assert done.stdout == f"{scene}\n"  # it began, and did not come to its end
    assert done.returncode in {-signal.SIGSEGV, -signal.SIGBUS}, done.stderr


@pytest.mark.parametrize("scene", scenes("WRONG"))
def test_a_duty_left_undone_shows(scene: str) -> None:
    done = play(scene)
    assert done.stdout == f"{scene}\n"
    assert done.returncode in {1, -signal.SIGSEGV, -signal.SIGBUS}, done.stderr
    assert done.returncode != 1 or "AssertionError" in done.stderr


def test_the_right_path_passes() -> None:
    done = play(*scenes("SOUND"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [*scenes("SOUND"), "done"]
