"""Whatever ends a conversion, and whenever: the destination is as it was, nothing lies beside it, and no process stays behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import psutil
import pytest

import converter
from converter import publishing

SCRIPT = Path(sys.executable).with_name("converter")
EARLIER = b"the graph that was here before"
PATIENCE = 60.0  # seconds until a test gives up
ONNX_RUNTIMES_OWN = ".ses"  # it leaves this in TMPDIR when it is imported
WAITING = """
import os, sys, time
from pathlib import Path

def wait_here():
    Path(os.environ["TOY_HANGS"]).touch()
    time.sleep(600)
"""
AT_STAGE = f"""{WAITING}
import converter

def observe(event):
    if (event.stage, event.state) == (sys.argv[3], "started"):
        wait_here()

converter.convert(sys.argv[1], sys.argv[2], observers=[observe])
"""
AT_RENAME = f"""{WAITING}
import converter
from converter.graph import documents

rename = os.replace

def replace(old, new):
    graph = Path(new).suffix == ".onnx"
    if graph and sys.argv[3] == "before":
        wait_here()
    rename(old, new)
    if graph and sys.argv[3] == "after":
        wait_here()

os.replace = replace
documents.write.__kwdefaults__["one_file"] = 1
converter.convert(sys.argv[1], sys.argv[2])
"""
ON_DISK = """
import sys

import converter
from converter.graph import documents

documents.write.__kwdefaults__["one_file"] = 1
sys.exit(not converter.convert(sys.argv[1], sys.argv[2]).agrees)
"""


@dataclass(frozen=True)
class Host:
    """A conversion that stands still in some stage."""

    process: subprocess.Popen[bytes]
    children: tuple[psutil.Process, ...]
    trace: Path

    def end_by(self, number: signal.Signals) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def left(self) -> list[str]:
        """The processes that it started and that still run."""
        return [" ".join(each.cmdline()) for each in self.children if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


# A child of a background job would ignore SIGINT. The process becomes the command: no code of ours runs between a fork and its exec.
AS_IN_A_TERMINAL = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The destination's folder, with an earlier graph and somebody else's file."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(EARLIER)
    (folder / "notes.txt").write_text("mine")
    return folder


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """Start a command and return it once it stands still: standing(command, word, …)."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str | Path) -> Host:
        marker, trace = tmp_path / "it-hangs", tmp_path / "trace.txt"
        temporary = tmp_path / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = {**os.environ, "TOY_HANGS": str(marker), "CONVERTER_TRACE": "1", "TMPDIR": str(temporary)}
        with trace.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-c", AS_IN_A_TERMINAL, *map(str, command)],
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env=environment,
            )
        started.append(process)
        wait_until(lambda: marker.exists() or process.poll() is not None)
        assert process.poll() is None, trace.read_text()
        return Host(process, tuple(psutil.Process(process.pid).children(recursive=True)), trace)

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_until(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until it holds, or the seconds are over; the caller asserts what it wants to hold."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones and those of subfolders included; folders as empty files."""
    found: dict[str, bytes] = {}
    for place, folders, files in os.walk(folder):
        found |= {str(Path(place, name).relative_to(folder)): b"" for name in folders}
        for path in (Path(place, name) for name in files if name != ONNX_RUNTIMES_OWN):
            with contextlib.suppress(FileNotFoundError):  # the janitor is at work
                found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def assert_traceless(host: Host, folder: Path, before: dict[str, bytes]) -> None:
    """The folder is as it was, and nothing that the host started or wrote elsewhere is left."""
    temporary = folder.parent / "tmp"
    wait_until(lambda: contents(folder) == before and not host.left() and not contents(temporary), seconds=10)
    assert contents(folder) == before
    assert host.left() == []
    assert contents(temporary) == {}


@pytest.fixture
def stopped_at(toy: Any, toy_file: Callable[..., Path], standing: Callable[..., Host], tmp_path: Path, out: Path) -> Callable[[str], Host]:
    """Start a conversion that stands still in the named stage: the console script where the toy can hang, else the api with an observer."""
    del toy

    def start(stage: str) -> Host:
        does = {"match": "hang in match", "load": "hang in load", "record": "hang in run"}.get(stage)
        destination = out / "model.onnx"
        if does is not None:
            return standing(SCRIPT, "convert", toy_file(does=does), "-o", destination)
        if stage == "export":
            return standing(SCRIPT, "convert", toy_file(), "-o", destination, "-O", "exporters=hang")
        driver = tmp_path / "driver.py"
        driver.write_text(AT_STAGE)
        return standing(sys.executable, driver, toy_file(), destination, stage)

    return start


STAGES = ["match", "load", "record", "export", "finish", "validate", "publish"]
WITH_WORKER = {"load", "record", "export"}  # afterwards the model's memory is given back


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_conversion_leaves_everything_as_it_was(stage: str, stopped_at: Callable[[str], Host], out: Path) -> None:
    before = {"model.onnx": EARLIER, "notes.txt": b"mine"}
    host = stopped_at(stage)
    assert _stage_of(host) == stage
    assert contents(out) != before, "the working folder is there while it runs"
    assert (len(host.children) > 1) == (stage in WITH_WORKER), "a janitor, and a worker while the model is needed"
    assert host.end_by(signal.SIGKILL) == -signal.SIGKILL
    assert_traceless(host, out, before)


@pytest.mark.parametrize("stage", ["record", "validate"])
@pytest.mark.parametrize(("number", "codes"), [(signal.SIGTERM, {-signal.SIGTERM}), (signal.SIGINT, {130, -signal.SIGINT, 1})])
def test_a_terminated_conversion_leaves_everything_as_it_was(
    number: signal.Signals, codes: set[int], stage: str, stopped_at: Callable[[str], Host], out: Path
) -> None:
    host = stopped_at(stage)
    assert host.end_by(number) in codes
    assert_traceless(host, out, {"model.onnx": EARLIER, "notes.txt": b"mine"})


def test_the_console_script_leaves_with_130_after_control_c(stopped_at: Callable[[str], Host]) -> None:
    host = stopped_at("export")
    assert host.end_by(signal.SIGINT) == 130
    assert "Traceback" not in host.trace.read_text()


def test_the_janitor_outlives_a_killed_process_group(stopped_at: Callable[[str], Host], out: Path) -> None:
    """As a batch system does it: SIGTERM to everything it finds, the janitor too."""
    host = stopped_at("load")
    for child in host.children:
        child.terminate()
    host.end_by(signal.SIGKILL)
    assert_traceless(host, out, {"model.onnx": EARLIER, "notes.txt": b"mine"})


def test_the_next_run_sweeps_what_a_killed_janitor_left(
    toy: Any, toy_file: Callable[..., Path], stopped_at: Callable[[str], Host], out: Path, command: Callable[..., Any]
) -> None:
    del toy
    host = stopped_at("publish")
    for child in host.children:
        child.kill()
    host.end_by(signal.SIGKILL)
    assert len(contents(out)) > 2, "nobody was left to clean up"
    assert command("convert", toy_file(), "-o", out / "model.onnx", "--quiet").code == 0
    assert sorted(contents(out)) == ["model.onnx", "notes.txt"]


# External data: two files, one commit


@pytest.fixture
def large(toy: Any, toy_file: Callable[..., Path], tmp_path: Path) -> Callable[[float], Path]:
    """A source whose weights are large enough to lie outside the graph."""
    del toy, tmp_path
    return lambda weight: toy_file(f"large-{weight}.toy", weight=[[weight] * 32] * 16, bias=[0.0] * 32)


@pytest.fixture
def convert_to_disk(tmp_path: Path) -> Callable[[Path, Path], None]:
    """Convert with weights in a data file, as if the graph were above 2 GB."""

    def convert(source: Path, destination: Path) -> None:
        driver = tmp_path / "on_disk.py"
        driver.write_text(ON_DISK)
        subprocess.run([sys.executable, str(driver), str(source), str(destination)], check=True, timeout=PATIENCE)

    return convert


def answer(graph: Path) -> float:
    """The graph's answer to ones; fails where its data are missing."""
    onnx.checker.check_model(str(graph))
    return float(converter.Session(graph, device="cpu").run({"x": np.ones((1, 1, 16), np.float32)})["y"][0, 0])


def test_the_data_of_the_graph_before_go_last(large: Callable[[float], Path], convert_to_disk: Callable[[Path, Path], None], tmp_path: Path) -> None:
    graph = tmp_path / "out" / "model.onnx"
    convert_to_disk(large(1.0), graph)
    (first,) = publishing.data_files(graph)
    assert sorted(contents(graph.parent)) == sorted(["model.onnx", first.name])
    assert answer(graph) == 16
    convert_to_disk(large(2.0), graph)
    (second,) = publishing.data_files(graph)
    assert sorted(contents(graph.parent)) == sorted(["model.onnx", second.name])
    assert first != second
    assert answer(graph) == 32


def test_the_same_graph_again_keeps_its_data(large: Callable[[float], Path], convert_to_disk: Callable[[Path, Path], None], tmp_path: Path) -> None:
    graph = tmp_path / "out" / "model.onnx"
    convert_to_disk(large(1.0), graph)
    before = contents(graph.parent)
    convert_to_disk(large(1.0), graph)
    assert contents(graph.parent) == before


def test_killed_between_data_and_graph_the_graph_before_stands(
    large: Callable[[float], Path], convert_to_disk: Callable[[Path, Path], None], standing: Callable[..., Host], tmp_path: Path
) -> None:
    graph = tmp_path / "out" / "model.onnx"
    convert_to_disk(large(1.0), graph)
    before = contents(graph.parent)
    driver = tmp_path / "at_rename.py"
    driver.write_text(AT_RENAME)
    host = standing(sys.executable, driver, large(2.0), graph, "before")
    assert len(list(graph.parent.glob("*.data"))) == 2, "the new data are in place, the new graph is not"
    host.end_by(signal.SIGKILL)
    assert_traceless(host, graph.parent, before)
    assert answer(graph) == 16


def test_killed_right_after_the_commit_the_new_graph_has_its_data(
    large: Callable[[float], Path], convert_to_disk: Callable[[Path, Path], None], standing: Callable[..., Host], tmp_path: Path
) -> None:
    graph = tmp_path / "out" / "model.onnx"
    convert_to_disk(large(1.0), graph)
    driver = tmp_path / "at_rename.py"
    driver.write_text(AT_RENAME)
    host = standing(sys.executable, driver, large(2.0), graph, "after")
    host.end_by(signal.SIGKILL)
    wait_until(lambda: not host.left() and not list(graph.parent.glob(".*")), seconds=10)
    assert host.left() == []
    assert list(graph.parent.glob(".*")) == []
    assert answer(graph) == 32


# A worker that ends is an error that names the stage


@pytest.mark.parametrize(
    ("fields", "words", "message", "hint"),
    [
        ({"does": "abort in load"}, (), "load: the worker process ended with signal SIGABRT", "--debug shows what it printed last"),
        ({"does": "abort in run"}, (), "record: the worker process ended with signal SIGABRT", "--debug shows what it printed last"),
        ({}, ("-O", "exporters=abort"), "export: the worker process ended with signal SIGABRT", "--debug shows what it printed last"),
        ({"does": "leave in load"}, (), "load: the worker process ended with exit code 7", "--debug shows what it printed last"),
        ({"does": "hang in load"}, ("--timeout", "2"), "load: no answer after 2 seconds", "--timeout SECONDS gives it more time"),
        ({"does": "hang in run"}, ("--timeout", "2"), "record: no answer after 2 seconds", "--timeout SECONDS gives it more time"),
        ({}, ("-O", "exporters=hang", "--timeout", "2"), "export: no answer after 2 seconds", "--timeout SECONDS gives it more time"),
        (
            {},
            ("-O", "exporters=exhaust", "--memory", "700MB"),
            "toy, exporter exhaust: MemoryError: Unable to allocate 76.3 MiB for an array with shape (10000000,) and data type float64 under its limit of 0.7 GB",
            "--memory SIZE gives it more: --memory 8GB",
        ),
        (
            {"does": "exhaust in load"},
            ("--memory", "700MB"),
            "load: the worker ran out of memory under its limit of 0.7 GB",
            "--memory SIZE gives it more: --memory 8GB",
        ),
    ],
    ids=["abort-load", "abort-record", "abort-export", "leave-load", "hang-load", "hang-record", "hang-export", "exhaust-export", "exhaust-load"],
)
def test_a_worker_that_ends_is_an_error_with_its_stage(
    toy: Any,
    toy_file: Callable[..., Path],
    command: Callable[..., Any],
    out: Path,
    fields: dict[str, str],
    words: tuple[str, ...],
    message: str,
    hint: str,
) -> None:
    del toy
    before = contents(out)
    screen = command("convert", toy_file(**fields), "-o", out / "model.onnx", *words)
    assert screen.code == 3
    assert f"error: {message}" in screen.err
    assert f"hint: {hint}" in screen.err
    assert "Traceback" not in screen.err
    assert screen.out == ""
    assert contents(out) == before


def test_the_next_exporter_gets_a_fresh_worker_after_a_crash(toy: Any, toy_file: Callable[..., Path], command: Callable[..., Any], out: Path) -> None:
    del toy
    screen = command("convert", toy_file(), "-o", out / "model.onnx", "-O", "exporters=abort,right")
    assert screen.code == 0
    assert "failed: export: the worker process ended with signal SIGABRT" in screen.err
    assert answerable(out / "model.onnx")


def answerable(graph: Path) -> bool:
    """Whether the graph can be checked and opened."""
    onnx.checker.check_model(str(graph))
    return converter.Session(graph, device="cpu").device == "cpu"


def test_debug_shows_what_a_dead_worker_printed(toy: Any, toy_file: Callable[..., Path], command: Callable[..., Any], out: Path) -> None:
    del toy
    screen = command("convert", toy_file(does="abort in run"), "-o", out / "model.onnx", "--debug")
    assert screen.code == 3
    assert "noise on stdout" in screen.err
    assert "Fatal Python error: Aborted" in screen.err


def _stage_of(host: Host) -> str:
    """The last stage that its trace says was started."""
    started = [line.split()[1] for line in host.trace.read_text().splitlines() if line.startswith("stage ") and ": started" in line]
    return started[-1] if started else ""
