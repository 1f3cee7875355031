"""Installed plugins are found; a broken one is a record with its reason and disturbs nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converter import plugins
from converter.errors import ConverterError, UnknownName
from converter.plugins import Plugin

Install = Callable[[str, str], None]
HEAD = "from converter.plugin import *\nfrom converter.plugin import hookimpl\n"
FRAMEWORK = f"""{HEAD}
class One(Framework):
    name, requires, sources, exporters = "NAME", REQUIRES, {{}}, {{}}
    def match(self, source):
        MATCH
    def load(self, request): ...
@hookimpl
def converter_frameworks():
    return [One()]
"""


def framework(name: str, requires: str = "()", match: str = "return Match.NO") -> str:
    """The source of a plugin with one framework."""
    return FRAMEWORK.replace("NAME", name).replace("REQUIRES", requires).replace("MATCH", match)


BROKEN = {
    "raises": ("import no_such_module_here", "ModuleNotFoundError: No module named 'no_such_module_here'"),
    "wordy": ("raise RuntimeError('a first line\\nand a second')", "RuntimeError: a first line"),
    "leaves": ("import sys; sys.exit('no')", "SystemExit: no"),
    "misspells": (f"{HEAD}@hookimpl\ndef converter_framworks(): return []", "unknown hook 'converter_framworks'"),
    "unmarked": ("def converter_frameworks(): return []", "implements no hook; a plugin has a function converter_frameworks marked with @hookimpl"),
    "nothing": (f"{HEAD}@hookimpl\ndef converter_frameworks(): return []", "converter_frameworks gave no Framework"),
    "none": (f"{HEAD}@hookimpl\ndef converter_frameworks(): return None", "implements no hook"),
    "something": (f"{HEAD}@hookimpl\ndef converter_frameworks(): return ['torch']", "converter_frameworks gave 'torch', which is no Framework"),
    "number": (f"{HEAD}@hookimpl\ndef converter_frameworks(): return 7", "TypeError: 'int' object is not iterable"),
    "abstract": (
        f"{HEAD}class F(Framework): pass\n@hookimpl\ndef converter_frameworks(): return [F()]",
        "TypeError: Can't instantiate abstract class F",
    ),
    "nameless": (framework("x").replace('name, requires, sources, exporters = "x", ()', "requires, sources, exporters = ()"), "One has no name"),
}


def found(name: str) -> Plugin:
    return next(plugin for plugin in plugins.installed() if plugin.name == name)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_listed_with_its_reason(toy: Any, install_plugin: Install, name: str) -> None:
    code, reason = BROKEN[name]
    install_plugin(name, code)
    plugin = found(name)
    assert reason in plugin.error
    assert "\n" not in plugin.error
    assert "Traceback" in plugin.details
    assert (plugin.distribution, plugin.version, plugin.module, plugin.frameworks) == (name, "1.0", name, ())
    assert found("toy").error == ""
    assert isinstance(plugins.framework("toy"), toy.Toy)
    with pytest.raises(ConverterError) as caught:
        plugins.framework(name)
    assert caught.value.message == f"plugin '{name}' failed to load: {plugin.error}"
    assert caught.value.hint == f"converter plugins show {name}"


def test_all_broken_plugins_at_once(toy: Any, install_plugin: Install) -> None:
    for name, (code, _) in BROKEN.items():
        install_plugin(name, code)
    listed = {plugin.name: plugin.error for plugin in plugins.installed()}
    assert list(listed) == sorted(listed)
    assert [name for name in listed if name in BROKEN and not listed[name]] == []
    assert plugins.frameworks()["toy"].types == toy.Toy.types


def test_two_plugins_of_one_framework(install_plugin: Install) -> None:
    install_plugin("first", framework("twin"))
    install_plugin("second", framework("twin"))
    assert (found("first").error, [each.name for each in found("first").frameworks]) == ("", ["twin"])
    assert found("second").error == "TypeError: framework 'twin' is plugin first's already"
    assert found("second").frameworks == ()
    assert type(plugins.framework("twin")).__module__ == "first"


def test_two_distributions_of_one_entry_point(tmp_path: Path, toy: Any, install_plugin: Install) -> None:
    install_plugin("another", framework("another"))
    (tmp_path / "site" / "another-1.0.dist-info" / "entry_points.txt").write_text("[converter]\ntoy = another\n")
    plugins.installed.cache_clear()
    both = [(plugin.distribution, [each.name for each in plugin.frameworks]) for plugin in plugins.installed() if plugin.name == "toy"]
    assert both == [("another", ["another"]), ("toy", [toy.Toy.name])]


def test_an_unknown_framework_names_the_known_ones(toy: Any) -> None:
    with pytest.raises(UnknownName) as caught:
        plugins.framework("troch")
    assert caught.value.message == "there is no framework 'troch'"
    assert toy.Toy.name in caught.value.hint.removeprefix("known: ").split(", ")


def test_missing_packages_are_probed_and_not_imported(install_plugin: Install) -> None:
    install_plugin("needy", framework("needy", "('numpy', 'no_such_package_here', 'sqlite3')"))
    assert found("needy").missing == ("no_such_package_here",)
    assert found("needy").error == ""


def test_an_empty_folder_is_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hollow").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not plugins.is_installed("hollow")
    assert plugins.is_installed("json")


def test_the_trace_shows_every_hook_call(toy: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CONVERTER_TRACE", "1")
    plugins.installed.cache_clear()
    plugins.installed()
    shown = capsys.readouterr()
    assert "converter_frameworks" in shown.err
    assert toy.__name__ in shown.err
    assert shown.out == ""
