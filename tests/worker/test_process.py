"""The host's end of the border: answers come back, and whatever happens to the worker becomes an error with a hint."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from converter.errors import ConverterError, PluginError, SourceNotFound, UnknownName, WorkerDied, WorkerTimeout
from converter.framework import LoadRequest
from converter.source import Source
from converter.specs import ModelSpec
from converter.worker import arrays, messages
from converter.worker.process import WorkerProcess

Start = Callable[..., WorkerProcess]
ToyFile = Callable[..., Path]


def load(worker: WorkerProcess, path: Path, folder: Path, exporters: str = "right") -> ModelSpec:
    options = {"exporters": exporters, "scale": 1, "negate": False, "flavour": "plain"}
    document = messages.load_request_to_json(LoadRequest(Source.of(path), options=options), folder)
    return ModelSpec.from_json(worker.ask("load", request=document, framework="toy"))


def record(worker: WorkerProcess, folder: Path, **more: Any) -> None:
    worker.ask("record", **{"folder": str(folder), "seed": 3, "sizes": {"batch": 2, "width": 4}, "feeds": None, "twice": False, **more})


def test_a_spec_that_is_no_json_is_an_error_and_not_the_end(install_plugin: Callable[[str, str], None], worker: Start, tmp_path: Path) -> None:
    install_plugin("unsaid", UNSAID)
    process = worker()
    with pytest.raises(PluginError) as caught:
        process.ask("load", request=messages.load_request_to_json(LoadRequest(Source.of(tmp_path)), tmp_path), framework="unsaid")
    assert caught.value.message == "TypeError: Object of type int64 is not JSON serializable"
    assert process.ask("match", source={"path": str(tmp_path)}, framework="", model_args={}) == "unsaid"


def test_a_model_is_loaded_recorded_and_exported(toy: Any, toy_file: ToyFile, worker: Start, tmp_path: Path) -> None:
    process = worker()
    spec = load(process, toy_file(), tmp_path)
    assert spec == toy.ToyModel([[0.0, 0.0]] * 3, [0.0]).spec
    record(process, tmp_path / "case", twice=True)
    feeds, first, again = (arrays.read(tmp_path / "case" / name) for name in ("inputs", "outputs", "again"))
    assert feeds["x"].shape == (2, 4, 3)
    assert all(np.array_equal(first[name], again[name]) for name in ("y", "z"))
    assert np.array_equal(first["z"], first["y"] + 1)
    process.ask("export", exporter="right", path=str(tmp_path / "deep" / "raw.onnx"), opset=None)
    assert (tmp_path / "deep" / "raw.onnx").is_file()
    assert "noise on stdout" in process.log()


def test_calls_are_timed_in_the_worker(toy: Any, toy_file: ToyFile, worker: Start, tmp_path: Path) -> None:
    process = worker()
    load(process, toy_file(), tmp_path)
    record(process, tmp_path / "case")
    seconds = process.ask("time", folder=str(tmp_path / "case"), calls=4)
    assert len(seconds) == 4
    assert all(isinstance(each, float) and each >= 0 for each in seconds)
    del toy


def test_given_feeds_are_used(toy: Any, toy_file: ToyFile, worker: Start, tmp_path: Path) -> None:
    process = worker()
    load(process, toy_file(), tmp_path)
    arrays.write({"x": np.ones((1, 2, 3), np.float32)}, tmp_path / "mine")
    record(process, tmp_path / "case", feeds=str(tmp_path / "mine"))
    assert np.allclose(arrays.read(tmp_path / "case" / "outputs")["y"], [[4.6, -1.85]])
    del toy


def test_an_error_comes_back_as_itself(toy: Any, toy_file: ToyFile, worker: Start, tmp_path: Path) -> None:
    process = worker()
    with pytest.raises(PluginError) as caught:
        load(process, toy_file(does="raise in load"), tmp_path)
    assert caught.value.message == "toy, load: RuntimeError: the toy broke"
    assert (caught.value.plugin, caught.value.stage, caught.value.hint) == ("toy", "load", "--debug shows the traceback")
    assert 'raise RuntimeError("the toy broke")' in caught.value.details
    load(process, toy_file(), tmp_path)
    with pytest.raises(UnknownName) as unknown:
        process.ask("export", exporter="left", path=str(tmp_path / "raw.onnx"), opset=None)
    assert (unknown.value.message, unknown.value.hint) == ("there is no exporter of toy for this model 'left'", "known: right")
    with pytest.raises(SourceNotFound, match="there is no module 'nowhere'"):
        process.ask("match", source={"reference": "nowhere:build"}, framework="", model_args={})
    del toy


@pytest.mark.parametrize(("does", "sign"), [("abort in load", "signal SIGABRT"), ("leave in load", "exit code 7")])
def test_a_worker_that_dies(toy: Any, toy_file: ToyFile, worker: Start, tmp_path: Path, does: str, sign: str) -> None:
    with pytest.raises(WorkerDied) as caught:
        load(worker(), toy_file(does=does), tmp_path)
    assert caught.value.message == f"load: the worker process ended with {sign}"
    assert caught.value.hint == "--debug shows what it printed last"
    assert ("behave" in caught.value.log) == (does == "abort in load")
    del toy


def test_a_worker_that_hangs(toy: Any, toy_file: ToyFile, worker: Start, tmp_path: Path) -> None:
    process = worker(timeout=2)
    with pytest.raises(WorkerTimeout) as caught:
        load(process, toy_file(does="hang in load"), tmp_path)
    assert caught.value.message == "load: no answer after 2 seconds"
    assert caught.value.hint == "--timeout SECONDS gives it more time"
    del toy


@pytest.mark.parametrize("stage", ["load", "run", "export"])
def test_a_worker_that_wants_too_much_memory(toy: Any, toy_file: ToyFile, worker: Start, tmp_path: Path, stage: str) -> None:
    process = worker(memory_limit=600_000_000)

    def go_the_whole_way() -> None:
        load(process, toy_file(does=f"exhaust in {stage}"), tmp_path, "exhaust")
        record(process, tmp_path / "case")
        process.ask("export", exporter="exhaust", path=str(tmp_path / "raw.onnx"), opset=None)

    with pytest.raises(WorkerDied) as caught:
        go_the_whole_way()
    assert "under its limit of 0.6 GB" in caught.value.message
    assert caught.value.hint == "--memory SIZE gives it more: --memory 8GB"
    del toy


def test_a_limit_too_low_to_start(worker: Start) -> None:
    process = worker(memory_limit=1_000_000)
    with pytest.raises(WorkerDied) as caught:
        process.ask("match", source={"path": "/"}, framework="", model_args={})
    assert caught.value.message.startswith("match: the worker process ended with ")
    assert caught.value.hint == "--memory SIZE gives it more: --memory 8GB"


@pytest.mark.parametrize("length", [1, 100_000])
def test_a_worker_that_is_gone_before_it_is_asked(worker: Start, length: int) -> None:
    process = worker()
    os.kill(process._process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process._process.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(WorkerDied) as caught:
        process.ask("match", source={"path": "/" + "long" * length}, framework="", model_args={})
    assert caught.value.message == "match: the worker process ended with signal SIGKILL"
    process.close()


def test_a_worker_ends_with_everything_that_it_started(install_plugin: Callable[[str, str], None], worker: Start, tmp_path: Path) -> None:
    install_plugin("parent", CHILDREN.replace("FILE", repr(str(tmp_path / "pid"))))
    process = worker()
    process.ask("match", source={"path": str(tmp_path)}, framework="", model_args={})
    child = psutil.Process(int((tmp_path / "pid").read_text()))
    process.close()
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


UNSAID = """
import numpy
from converter.plugin import *
class Model(SourceModel):
    inputs = (Input("x", "int64", (1,), Domain(values=(numpy.int64(3),))),)
    outputs, axes, exporters = (Output("y"),), {}, ()
    def run(self, feeds): ...
class Unsaid(Framework):
    name, requires, sources, exporters = "unsaid", (), {}, {}
    def match(self, source): return Match.CONTENT
    def load(self, request): return Model()
@hookimpl
def converter_frameworks(): return [Unsaid()]
"""
CHILDREN = """
import subprocess
from converter.plugin import *
class Parent(Framework):
    name, requires, sources, exporters = "parent", (), {}, {}
    def match(self, source):
        child = subprocess.Popen(["sleep", "600"])
        open(FILE, "w").write(str(child.pid))
        return Match.CONTENT
    def load(self, request): ...
@hookimpl
def converter_frameworks(): return [Parent()]
"""
FORGER = """
import os, sys
from converter.plugin import *
class Forger(Framework):
    name, requires, sources, exporters = "forger", (), {}, {}
    def match(self, source):
        assert sys.stdin.read() == ""
        print('{"ok": "torch"}')
        os.write(1, b'{"ok": "torch"}' + bytes([10]))
        os.system("echo 7")
        sys.stderr.write("noise " * 500_000)
        return Match.CONTENT
    def load(self, request):
        sys.exit("had enough")
@hookimpl
def converter_frameworks(): return [Forger()]
"""


def test_nothing_that_is_printed_is_taken_for_an_answer(install_plugin: Callable[[str, str], None], worker: Start, tmp_path: Path) -> None:
    install_plugin("forger", FORGER)
    process = worker()
    assert process.ask("match", source={"path": str(tmp_path)}, framework="", model_args={}) == "forger"
    assert len(process.log()) <= 20_000
    document = messages.load_request_to_json(LoadRequest(Source.of(tmp_path)), tmp_path)
    with pytest.raises(ConverterError) as caught:
        process.ask("load", request=document, framework="forger")
    assert "SystemExit: had enough" in caught.value.message


def test_the_users_own_modules_do_not_stand_in(toy: Any, toy_file: ToyFile, worker: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json", "numpy", "select", "converter"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    assert load(worker(), toy_file(), tmp_path).summary == "affine 3 to 2"
    del toy


def test_the_worker_is_in_a_session_of_its_own(worker: Start) -> None:
    process = worker()
    assert os.getsid(process._process.pid) == process._process.pid
    os.kill(process._process.pid, signal.SIGSTOP)
    started = time.monotonic()
    process.close()
    assert time.monotonic() - started < 10
