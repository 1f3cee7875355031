"""`converter plugins` and `converter doctor`: what is installed, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from converter import plugins

RAISES = "raise RuntimeError('it broke while it was imported')"
MISSPELLS = """
from converter.plugin import hookimpl

@hookimpl
def converter_framework():
    return []
"""
SILENT = "answer = 42"
LACKS = """
from converter.plugin import Framework, Match, hookimpl

class Lacking(Framework):
    name = "lacking"
    requires = ("a_package_that_nobody_has",)
    sources = {"*.lack": "nothing much"}
    exporters = {}

    def match(self, source):
        return Match.SUFFIX if source.suffix == ".lack" else Match.NO

    def load(self, request):
        raise AssertionError

@hookimpl
def converter_frameworks():
    return [Lacking()]
"""


def row(text: str, first: str) -> str:
    """The line that begins with this word, blanks collapsed."""
    return " ".join(next(line for line in text.splitlines() if line.split()[:1] == [first]).split())


def test_the_list_shows_every_plugin_and_its_state(toy: Any, install_plugin: Callable[[str, str], None], command: Callable[..., Any]) -> None:
    del toy
    install_plugin("plugin_raises", RAISES)
    install_plugin("plugin_misspells", MISSPELLS)
    install_plugin("plugin_silent", SILENT)
    install_plugin("plugin_lacks", LACKS)
    screen = command("plugins")
    assert screen.code == 0
    assert row(screen.out, "toy") == "toy toy 1.0 ready"
    assert row(screen.out, "plugin_raises") == "plugin_raises plugin_raises 1.0 failed to load: RuntimeError: it broke while it was imported"
    assert "failed to load: PluginValidationError: " in row(screen.out, "plugin_misspells")
    assert "converter_framework" in row(screen.out, "plugin_misspells")
    assert "plugin_silent implements no hook; a plugin has a function converter_frameworks" in row(screen.out, "plugin_silent")
    assert row(screen.out, "plugin_lacks") == "plugin_lacks plugin_lacks 1.0 not installed: a_package_that_nobody_has"


def test_a_broken_plugin_disturbs_no_other(
    toy: Any, install_plugin: Callable[[str, str], None], command: Callable[..., Any], toy_file: Callable[..., Any]
) -> None:
    del toy
    install_plugin("plugin_raises", RAISES)
    install_plugin("plugin_misspells", MISSPELLS)
    assert command("convert", toy_file(), "--quiet").code == 0


def test_show_lists_sources_objects_exporters_and_options(toy: Any, command: Callable[..., Any]) -> None:
    del toy
    screen = command("plugins", "show", "toy")
    assert screen.code == 0
    lines = [" ".join(line.split()) for line in screen.out.splitlines()]
    assert lines[0] == "toy toy 1.0 converter_toy ready"
    for line in (
        "*.toy an affine model in JSON",
        "converter_toy.ToyModel",
        "right the right exporter",
        "-O scale=1 multiplies the weight",
        "-O negate=false turns the weight's sign",
        "-O flavour=plain|salted changes nothing",
    ):
        assert line in lines


def test_show_tells_why_a_plugin_failed(install_plugin: Callable[[str, str], None], command: Callable[..., Any]) -> None:
    install_plugin("plugin_raises", RAISES)
    plain = command("plugins", "show", "plugin_raises")
    assert plain.code == 0
    assert "failed to load: RuntimeError: it broke while it was imported\nhint: --debug shows the traceback\n" in plain.out
    assert "Traceback" not in plain.out
    debug = command("plugins", "show", "plugin_raises", "--debug")
    assert "Traceback" in debug.out
    assert "plugin_raises.py" in debug.out


def test_an_unknown_plugin_is_usage(toy: Any, command: Callable[..., Any]) -> None:
    del toy
    screen = command("plugins", "show", "caffe")
    assert screen.code == 2
    assert screen.err.startswith("error: there is no plugin 'caffe'\nhint: known: ")
    assert "toy" in screen.err


def test_no_plugin_at_all_is_said_with_the_way_on(command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "installed", tuple)
    screen = command("plugins")
    assert screen.out == "no plugin is installed\nhint: pip install 'onnx-converter[torch]' brings the first\n"


def test_naming_a_framework_whose_plugin_failed(
    install_plugin: Callable[[str, str], None], command: Callable[..., Any], toy_file: Callable[..., Any]
) -> None:
    install_plugin("plugin_raises", RAISES)
    screen = command("convert", toy_file(), "--framework", "plugin_raises")
    assert screen.code == 3
    assert "error: plugin 'plugin_raises' failed to load: RuntimeError: it broke while it was imported" in screen.err
    assert "hint: converter plugins show plugin_raises" in screen.err


def test_a_framework_without_its_packages(
    install_plugin: Callable[[str, str], None], command: Callable[..., Any], toy_file: Callable[..., Any]
) -> None:
    install_plugin("plugin_lacks", LACKS)
    screen = command("convert", toy_file("model.lack"))
    assert screen.code == 3
    assert "error: a_package_that_nobody_has is needed to convert model.lack (lacking), and it is not installed" in screen.err
    assert "hint: pip install 'onnx-converter[lacking]'" in screen.err


def test_the_trace_shows_hook_calls_and_stages(
    toy: Any, command: Callable[..., Any], toy_file: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    del toy
    monkeypatch.setenv("CONVERTER_TRACE", "1")
    plugins.installed.cache_clear()
    screen = command("convert", toy_file(), "--quiet")
    assert screen.code == 0
    assert "converter_frameworks" in screen.err
    started = [line.split()[1] for line in screen.err.splitlines() if line.startswith("stage ") and ": started" in line]
    assert started == ["match", "load", "record", "export", "finish", "validate", "publish"]


# doctor


def test_doctor_shows_packages_plugins_and_devices(toy: Any, install_plugin: Callable[[str, str], None], command: Callable[..., Any]) -> None:
    del toy
    install_plugin("plugin_raises", RAISES)
    install_plugin("plugin_lacks", LACKS)
    screen = command("doctor")
    assert (screen.code, screen.err) == (0, "")
    lines = [" ".join(line.split()) for line in screen.out.splitlines()]
    assert lines[0].startswith("Python 3.")
    assert "device CPU starts" in lines
    assert any(line.startswith("plugin toy 1.0, numpy ") for line in lines)
    assert "plugin plugin_raises failed to load: RuntimeError: it broke while it was imported" in lines
    assert "hint: converter plugins show plugin_raises --debug" in lines
    assert "plugin plugin_lacks a_package_that_nobody_has is not installed" in lines
    assert "hint: pip install a_package_that_nobody_has" in lines


def test_doctor_as_json(toy: Any, command: Callable[..., Any]) -> None:
    del toy
    findings = json.loads(command("doctor", "--json").out)
    assert all(finding.keys() == {"what", "value", "hint"} for finding in findings)
    values = {finding["what"]: finding for finding in findings}
    assert {"Python", "onnx", "numpy", "plugin toy", "device CPU", "device CUDA"} <= values.keys()
    cuda = values["device CUDA"]
    assert cuda["value"] == "starts" or (cuda["value"].startswith("does not start: ") and "NVIDIA driver" in cuda["hint"])
