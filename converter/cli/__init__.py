"""The command line: one module per command, imported only when that command runs. `--help` imports click and nothing else."""

from __future__ import annotations

import importlib
import sys

import click

from converter.version import __version__

COMMANDS = {  # name: its line in --help
    "convert": "Convert models to ONNX and prove the graphs.",
    "validate": "Validate an ONNX graph against its model, recorded cases, or alone.",
    "run": "Run an ONNX graph on files.",
    "bench": "Measure how long an ONNX graph takes, and its source model.",
    "inspect": "Show what an ONNX graph takes, gives and is made of.",
    "plugins": "List the installed plugins, or show one.",
    "doctor": "Check Python, packages and devices.",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports `converter.cli.<name>` for its `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of their use."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the named command, None for an unknown one."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"converter.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="converter")
def cli() -> None:
    """Turn models of any framework into ONNX graphs that are proven to compute the same, and run them.

    \b
      converter convert crnn.pth
      converter validate crnn.onnx --against crnn.pth
      converter run crnn.onnx --input images=words/*.png

    Exit codes: 0 the graph agrees, 1 it disagrees, 2 wrong usage, 3 cannot.
    """  # noqa: D301 - click's \b keeps the lines of the example apart


def main() -> None:
    """Run the command line and exit."""
    try:
        status = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - the last place where a fault can be told
        from converter.cli.failures import show

        sys.exit(show(error))
    sys.exit(status if isinstance(status, int) else 0)
