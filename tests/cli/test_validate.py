"""`converter validate`: against the model, against recorded cases, alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def right(toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path) -> Path:
    """A graph of `toy_file()`, with its cases beside it in `cases`."""
    del toy
    assert command("convert", toy_file(), "-o", tmp_path / "right.onnx", "--cases", tmp_path / "cases", "--quiet").code == 0
    return tmp_path / "right.onnx"


@pytest.fixture
def biased(toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path) -> Path:
    """A graph that is off by a thousandth."""
    del toy
    assert command("convert", toy_file(), "-o", tmp_path / "wrong.onnx", "-O", "exporters=biased", "--keep-rejected", "--quiet").code == 1
    return tmp_path / "wrong.rejected.onnx"


def test_against_the_model(right: Path, command: Callable[..., Any], toy_file: Callable[..., Path]) -> None:
    screen = command("validate", right, "--against", toy_file())
    assert screen.code == 0
    assert screen.out.startswith(f"{right}: 10 of 10 cases agree, worst ")
    assert [line.split()[0] for line in screen.err.splitlines()] == ["load", "record", "validate"]


def test_against_another_model(right: Path, command: Callable[..., Any], toy_file: Callable[..., Path]) -> None:
    screen = command("validate", right, "--against", toy_file("other.toy", bias=[0.1, 0.2]))
    assert screen.code == 1
    assert f"{right}: rejected: output" in screen.out


def test_options_reach_the_plugin(right: Path, command: Callable[..., Any], toy_file: Callable[..., Path]) -> None:
    assert command("validate", right, "--against", toy_file(), "-O", "scale=2", "--quiet").code == 1


def test_against_recorded_cases(right: Path, biased: Path, command: Callable[..., Any]) -> None:
    cases = right.with_name("cases")
    screen = command("validate", right, "--cases", cases)
    assert screen.code == 0
    assert screen.out.startswith(f"{right}: 10 of 10 cases agree, worst ")
    wrong = command("validate", biased, "--cases", cases)
    assert wrong.code == 1
    assert f"{biased}: rejected: output" in wrong.out
    assert command("validate", biased, "--cases", cases, "--atol", "0.01", "--quiet").code == 0


def test_alone(right: Path, command: Callable[..., Any]) -> None:
    screen = command("validate", right)
    assert screen.code == 0
    assert "10 of 10 cases agree, worst 0.0e+00" in screen.out


def test_json_quiet_and_report(right: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    screen = command("validate", right, "--json", "--report", tmp_path / "report.json")
    document = json.loads(screen.out)
    assert document == json.loads((tmp_path / "report.json").read_text())
    assert (document["framework"], document["agrees"], document["attempts"][0]["exporter"]) == ("onnx", True, "file")
    silent = command("validate", right, "--quiet")
    assert (silent.code, silent.out, silent.err) == (0, "", "")


def test_both_at_once_is_usage(right: Path, command: Callable[..., Any], toy_file: Callable[..., Path]) -> None:
    screen = command("validate", right, "--against", toy_file(), "--cases", right.with_name("cases"))
    assert screen.code == 2
    assert screen.err == "error: a graph is validated against a source or against cases, not both\nhint: leave out one of --against and --cases\n"


def test_a_missing_graph_and_one_that_is_none(command: Callable[..., Any], tmp_path: Path) -> None:
    missing = command("validate", tmp_path / "missing.onnx")
    assert missing.code == 3
    assert missing.err == f"error: {tmp_path / 'missing.onnx'} does not exist\nhint: check the path\n"
    (tmp_path / "words.onnx").write_text("words")
    wrong = command("validate", tmp_path / "words.onnx")
    assert wrong.code == 3
    assert "error: the graph is not valid ONNX: " in wrong.err
    assert "hint: " in wrong.err


def test_missing_cases_are_named(right: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    screen = command("validate", right, "--cases", tmp_path / "empty")
    assert screen.code == 3
    assert f"error: {tmp_path / 'empty'} holds no test_data_set_N folders\nhint: converter convert SOURCE --cases DIR records some\n" in screen.err


def test_an_unknown_device_is_refused_first(right: Path, command: Callable[..., Any]) -> None:
    screen = command("validate", right, "--device", "tpu")
    assert screen.code == 2
    assert screen.err == "error: there is no device 'tpu'\nhint: known: auto, cpu, cuda, cuda:1, tensorrt\n"
