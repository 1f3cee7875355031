"""Which framework a source belongs to: the surest match wins, and whoever cannot decide says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converter import matching
from converter.errors import ConverterError, MissingPackage, PluginError, UnknownName, UnreadableSource, UnrecognisedSource
from converter.source import Source

Install = Callable[[str, str], None]
CODE = """
from converter.plugin import *
class One(Framework):
    name, requires, sources, exporters, types = "NAME", REQUIRES, {}, {}, TYPES
    def match(self, source):
        MATCH
    def load(self, request): ...
@hookimpl
def converter_frameworks(): return [One()]
"""


@pytest.fixture
def plugin(install_plugin: Install) -> Callable[..., None]:
    """Install a plugin that matches so."""

    def put(name: str, match: str = "return Match.NO", requires: str = "()", types: str = "()") -> None:
        install_plugin(name, CODE.replace("NAME", name).replace("REQUIRES", requires).replace("TYPES", types).replace("MATCH", match))

    return put


def refusal(error: type[ConverterError], source: Source, name: str = "") -> tuple[str, str]:
    with pytest.raises(error) as caught:
        matching.select(source, name)
    return caught.value.message, caught.value.hint


def test_the_bytes_outrank_the_name(toy: Any, toy_file: Callable[..., Path], plugin: Callable[..., None]) -> None:
    source = Source.of(toy_file())
    assert matching.select(source).name == toy.Toy.name
    plugin("bytes", "return Match.CONTENT if source.head.startswith(b'{') else Match.NO")
    assert matching.select(source).name == "bytes"
    assert matching.select(source, "toy").name == "toy"


def test_nobody_recognises_it(tmp_path: Path, toy: Any) -> None:
    (tmp_path / "model.xyz").write_bytes(b"???")
    message, hint = refusal(UnrecognisedSource, Source.of(tmp_path / "model.xyz"))
    assert message == "no installed framework recognises model.xyz"
    assert toy.Toy.name in hint
    assert hint.endswith("; --framework NAME settles it; converter plugins lists what each one reads")


def test_two_recognise_it(toy: Any, toy_file: Callable[..., Path], plugin: Callable[..., None]) -> None:
    plugin("also", "return Match.SUFFIX")
    message, hint = refusal(UnrecognisedSource, Source.of(toy_file()))
    assert message == f"model.toy could belong to also or {toy.Toy.name}"
    assert hint == "--framework also decides"


def test_the_packages_of_the_framework_are_missing(tmp_path: Path, plugin: Callable[..., None]) -> None:
    plugin("needy", "return Match.CONTENT if source.suffix == '.needy' else Match.NO", "('no_such_package_here',)")
    (tmp_path / "model.needy").write_bytes(b"x")
    message, hint = refusal(MissingPackage, Source.of(tmp_path / "model.needy"))
    assert message == "no_such_package_here is needed to convert model.needy (needy), and it is not installed"
    assert hint == "pip install 'onnx-converter[needy]'"
    (tmp_path / "model.xyz").write_bytes(b"x")
    assert "needy (without its packages)" in refusal(UnrecognisedSource, Source.of(tmp_path / "model.xyz"))[1]


def test_an_unknown_name(toy: Any, toy_file: Callable[..., Path]) -> None:
    assert refusal(UnknownName, Source.of(toy_file()), "tyo")[0] == "there is no framework 'tyo'"
    del toy


def test_no_plugin_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching.plugins, "frameworks", dict)
    (tmp_path / "model.xyz").write_bytes(b"x")
    assert (
        refusal(UnrecognisedSource, Source.of(tmp_path / "model.xyz"))[1] == "no plugin is installed; pip install 'onnx-converter[torch]' brings one"
    )


def test_a_plugin_that_fails_while_matching_is_named(toy: Any, toy_file: Callable[..., Path], plugin: Callable[..., None]) -> None:
    plugin("clumsy", "raise KeyError('oops')")
    message, hint = refusal(PluginError, Source.of(toy_file()))
    assert (message, hint) == ("clumsy, match: KeyError: 'oops'", "--framework NAME asks only that plugin")
    assert matching.select(Source.of(toy_file()), "toy").name == toy.Toy.name


def test_a_damaged_zip_is_told_by_whoever_looks_into_it(tmp_path: Path, plugin: Callable[..., None]) -> None:
    plugin("zips", "return Match.CONTENT if 'data.pkl' in source.zip_names else Match.NO")
    (tmp_path / "model.zip").write_bytes(b"PK\x03\x04 and no more")
    assert "cut off or damaged" in refusal(UnreadableSource, Source.of(tmp_path / "model.zip"))[0]


class Base:
    pass


class Derived(Base):
    pass


def test_the_framework_of_the_nearest_class_takes_an_object(plugin: Callable[..., None]) -> None:
    plugin("general", types=f"('{__name__}.Base',)")
    assert matching.select(Source.of(Derived())).name == "general"
    plugin("special", types=f"('{__name__}.Derived',)")
    assert matching.select(Source.of(Derived())).name == "special"
    assert matching.select(Source.of(Base())).name == "general"
    plugin("rival", types=f"('{__name__}.Derived', '{__name__}.Base')")
    assert refusal(UnrecognisedSource, Source.of(Derived()))[0] == "Derived could belong to rival or special"


def test_an_object_of_nobody(plugin: Callable[..., None]) -> None:
    plugin("eager", "return Match.CONTENT")
    assert refusal(UnrecognisedSource, Source.of(Derived()))[0] == "no installed framework recognises Derived"
