"""Run what a document shows: its commands with their output, its Python, and the files that it writes.

    ```console            lines "$ command" and what they print; a last line "[exit code 1]" where it is not 0
    ```console install=M  installs the module M of the workspace as a plugin first
    ```python             runs, in one namespace per document
    ```python file=NAME   written to the workspace; so is any other language
    ```text               not run

Figures differ from run to run: numbers are compared as numbers being there, "…" stands for any text, a line "…" for any lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
EXIT = re.compile(r"\[exit code (\d+)\]")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its attributes, its text, and the line that it begins at."""

    language: str
    attributes: dict[str, str]
    text: str
    line: int


def blocks(document: str) -> Iterator[Block]:
    """The fenced blocks of a Markdown text."""
    for token in MarkdownIt().parse(document):
        if token.type == "fence" and token.map is not None:
            language, *rest = token.info.split() or [""]
            yield Block(language, dict(part.partition("=")[::2] for part in rest), token.content, token.map[0] + 1)


@dataclass
class Workspace:
    """A folder in which a document's snippets run one after the other."""

    folder: Path
    namespace: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})

    def run(self, block: Block) -> None:
        """Run one block; raises AssertionError where it does not do what the document shows."""
        if "file" in block.attributes:
            (self.folder / block.attributes["file"]).write_text(block.text)
        elif block.language == "python":
            exec(compile(block.text, f"<line {block.line}>", "exec"), self.namespace)
        elif block.language == "console":
            if "install" in block.attributes:
                self._install(block.attributes["install"])
            for command, expected, code in _commands(block.text):
                self._run_command(command, expected, code)

    def _install(self, module: str) -> None:
        """Do what `pip install -e .` would do with the pyproject.toml of the workspace."""
        project = tomllib.loads((self.folder / "pyproject.toml").read_text())["project"]
        info = self.folder / f"{module}-{project['version']}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
        groups = project["entry-points"].items()
        lines = [line for group, entries in groups for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()))]
        (info / "entry_points.txt").write_text("\n".join(lines))

    def _run_command(self, command: str, expected: list[str], code: int) -> None:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(self.folder), "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=240,
        )
        assert done.returncode == code, f"$ {command}\nexit code {done.returncode}, the document says {code}\n{done.stdout}"
        pattern = "".join(_pattern(line) for line in expected)
        actual = "".join(f"{_normal(line)}\n" for line in done.stdout.splitlines())
        assert re.fullmatch(pattern, actual), f"$ {command}\nprints\n{done.stdout}\nthe document says\n" + "\n".join(expected)


def _commands(text: str) -> Iterator[tuple[str, list[str], int]]:
    """The commands of a console block, what the document says that they print, and their exit code."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        while lines[0].endswith("\\"):
            lines[:2] = [lines[0][:-1] + lines[1].strip()]
        command, *output = lines
        code = next((int(match[1]) for line in output if (match := EXIT.fullmatch(line.strip()))), 0)
        yield command.partition("   #")[0], [line for line in output if line.strip() and not EXIT.fullmatch(line.strip())], code


def _normal(line: str) -> str:
    return " ".join(NUMBER.sub("0", line).split())


def _pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    return ".*".join(re.escape(part) for part in _normal(line).split("…")) + r"\n(?:\n)*"
