"""The command line's reference page is its help, word for word. UPDATE_DOCS=1 writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

import click

from converter.cli import COMMANDS, cli

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
HEAD = '# Command line\n\nExit codes: 0 the graph agrees, 1 it disagrees, 2 wrong usage, 3 cannot. Shell completion: `eval "$(_CONVERTER_COMPLETE=bash_source converter)"`.\n'


def page() -> str:
    context = click.Context(cli, info_name="converter", **{**cli.context_settings, "terminal_width": 120, "max_content_width": 120})
    parts = [HEAD]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        shown = command.get_help(click.Context(command, context, name, terminal_width=120, max_content_width=120))
        parts.append(f"\n## converter {name}\n\n```text\n{shown}\n```\n")
    return "".join(parts)


def test_the_reference_is_the_help() -> None:
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page(), "UPDATE_DOCS=1 pytest tests/docs/test_command_line_reference.py writes the page anew"
