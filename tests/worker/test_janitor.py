"""The janitor outlives the host: whatever was announced and not forgotten is gone afterwards, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from converter.worker import janitor
from converter.worker.janitor import Janitor


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"], start_new_session=True)


def test_what_was_announced_is_cleaned_and_what_was_forgotten_is_kept(tmp_path: Path) -> None:
    for name in ("gone", "kept"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
        (tmp_path / f"{name}.data").touch()
    doomed, spared = sleeper(), sleeper()
    with Janitor() as here:
        for name in ("gone", "kept"):
            here.remove(tmp_path / name)
            here.remove(tmp_path / f"{name}.data")
        here.end_group(doomed.pid)
        here.end_group(spared.pid)
        here.forget(tmp_path / "kept")
        here.forget(tmp_path / "kept.data")
        here.forget_group(spared.pid)
    try:
        assert doomed.wait(10) == -signal.SIGKILL
        assert spared.poll() is None
        assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "kept.data"]
    finally:
        spared.kill()
        spared.wait()


def test_paths_are_announced_as_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gone").touch()
    with Janitor() as here:
        here.remove(Path("gone"))
        monkeypatch.chdir("/")
    assert not (tmp_path / "gone").exists()


HOST = """
import sys
from pathlib import Path
from converter.worker.janitor import Janitor
here = Janitor()
here.remove(Path(sys.argv[1]))
print(here._process.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_cleans_up_after_a_host_that_is_killed(tmp_path: Path, number: signal.Signals, until: Callable[..., None]) -> None:
    (tmp_path / "gone").mkdir()
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, str(tmp_path / "gone")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert host.stdout is not None
    cleaner = psutil.Process(int(host.stdout.readline()))
    os.kill(host.pid, number)
    host.communicate(timeout=20)
    until(lambda: not (tmp_path / "gone").exists())
    until(lambda: not cleaner.is_running() or cleaner.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_does_not_listen_to_the_signals_that_end_the_host(tmp_path: Path, number: signal.Signals, until: Callable[..., None]) -> None:
    (tmp_path / "gone").touch()
    here = Janitor()
    here.remove(tmp_path / "gone")
    until(lambda: ignores(here._process.pid, number))  # its first milliseconds, before it set its handlers, are not at issue
    os.kill(here._process.pid, number)
    here.close()
    assert here._process.returncode == 0
    assert not (tmp_path / "gone").exists()


def ignores(pid: int, number: signal.Signals) -> bool:
    mask = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigIgn"))
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)


def test_a_janitor_that_was_killed_is_no_trouble(tmp_path: Path) -> None:
    with Janitor() as here:
        here._process.kill()
        here._process.wait()
        here.remove(tmp_path / "gone")
        here.end_group(1)


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = f"import runpy, sys; sys.stdin.close(); sys.stdin = open('/dev/null'); runpy.run_path({janitor.__file__!r}, run_name='__main__'); print([m for m in sys.modules if 'converter' in m or m == 'numpy'])"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
