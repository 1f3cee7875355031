"""Help, completion and exit codes of the installed script; what it imports to answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from converter.cli import COMMANDS, cli
from converter.version import __version__

SCRIPT = Path(sys.executable).with_name("converter")
IMPORTS = """
import json, sys
from converter.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
HEAVY = {"numpy", "onnx", "onnx_ir", "onnxruntime", "rich", "torch", "tensorflow", "keras", "sklearn", "lightgbm"}


def imported_by(*words: str) -> set[str]:
    """The modules that a command line has imported when it ends."""
    ended = subprocess.run([sys.executable, "-c", IMPORTS, *words], capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(ended.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "words", [["--help"], ["convert", "--help"], ["validate", "--help"], ["run", "-h"], ["bench", "-h"], ["--version"]], ids=" ".join
)
def test_help_imports_no_library_and_no_plugin(words: list[str]) -> None:
    modules = imported_by(*words)
    assert "click" in modules
    assert {name.partition(".")[0] for name in modules} & HEAVY == set()
    assert [name for name in modules if name.startswith("converter_")] == []


def test_the_top_help_imports_no_command() -> None:
    modules = imported_by("--help")
    assert [name for name in modules if name.startswith("converter.cli.")] == []


def test_listing_plugins_imports_no_framework() -> None:
    assert {name.partition(".")[0] for name in imported_by("plugins")} & {"torch", "tensorflow", "keras", "sklearn", "lightgbm"} == set()


def _commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in COMMANDS:
        found = cli.get_command(context, name)
        assert found is not None
        yield name, found
        if isinstance(found, click.Group):
            yield from ((f"{name} {inner}", command) for inner, command in found.commands.items())


def test_every_command_and_every_option_says_what_it_is() -> None:
    found = dict(_commands())
    assert {"convert", "validate", "run", "bench", "inspect", "plugins", "plugins show", "doctor"} <= found.keys()
    silent = [name for name, command in found.items() if not command.help]
    options = [(name, each) for name, command in found.items() for each in command.params if isinstance(each, click.Option)]
    assert len(options) > 40
    silent += [f"{name} {option.name}" for name, option in options if not option.help or not option.help.endswith(".")]
    assert silent == []


def test_the_api_and_the_command_line_know_the_same_options() -> None:
    import inspect

    from converter import api

    for name, beside in (("convert", {"destination"}), ("validate", set()), ("bench", set())):
        known = set(inspect.signature(getattr(api, name)).parameters) - {"source", "graph", "observers"} - beside
        options = {each.name for each in dict(_commands())[name].params if isinstance(each, click.Option)}
        assert options - {"output", "report_file", "table", "plot", "as_json", "quiet", "debug"} == known


def run_script(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed console script."""
    return subprocess.run([str(SCRIPT), *map(str, words)], capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environment})


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-O", "exporters=right"], 0),
        (["-O", "exporters=biased"], 1),
        (["-O", "exporters=right", "--input", "nonsense"], 2),
        (["-O", "exporters=raise"], 3),
    ],
    ids=["agrees", "disagrees", "usage", "cannot"],
)
def test_the_script_ends_with_the_documented_code(toy: Any, toy_file: Callable[..., Path], tmp_path: Path, words: list[str], code: int) -> None:
    del toy
    ended = run_script("convert", toy_file(), "-o", tmp_path / "out.onnx", *words)
    assert ended.returncode == code, ended.stderr
    assert (tmp_path / "out.onnx").exists() == (code == 0)
    assert "Traceback" not in ended.stderr
    assert ("error:" in ended.stderr, "hint:" in ended.stderr) == (code > 0, code > 0)


@pytest.mark.parametrize("words", [["nonsense"], ["convert"], ["convert", "x.toy", "--nonsense"], ["convert", "x.toy", "--seeds", "0"]], ids=" ".join)
def test_a_command_line_that_click_cannot_read_is_usage(command: Callable[..., Any], words: list[str]) -> None:
    screen = command(*words)
    assert screen.code == 2
    assert "Error:" in screen.err


def test_the_version_is_printed(command: Callable[..., Any]) -> None:
    assert command("--version").out == f"converter, version {__version__}\n"


def complete(*words: str) -> list[str]:
    """What the shell is offered for the last word."""
    ended = run_script(_CONVERTER_COMPLETE="bash_complete", COMP_WORDS=" ".join(["converter", *words]), COMP_CWORD=str(len(words)))
    assert ended.returncode == 0, ended.stderr
    return [line.partition(",")[2] for line in ended.stdout.splitlines()]


def test_the_shell_completes_commands_options_and_frameworks(toy: Any) -> None:
    del toy
    assert complete("con") == ["convert"]
    assert complete("convert", "--keep") == ["--keep-rejected"]
    assert complete("convert", "--framework", "toy") == ["toy"]
