"""`converter plugins`: what is installed, what each plugin reads and offers, and why one failed to load."""

from __future__ import annotations

import click

from converter.framework import Framework, Option
from converter.plugins import Plugin


@click.group(name="plugins", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List the installed plugins, or show one: `converter plugins show NAME`."""
    if context.invoked_subcommand is None:
        click.echo(_list())


@command.command(name="show")
@click.argument("name")
@click.option("--debug", is_flag=True, help="Show the traceback of a plugin that failed to load.")
def show(name: str, *, debug: bool) -> None:
    """Show the sources, exporters and options of the plugin NAME."""
    from converter import plugins
    from converter.errors import UnknownName

    found = [plugin for plugin in plugins.installed() if name in {plugin.name, *(framework.name for framework in plugin.frameworks)}]
    if not found:
        raise UnknownName("plugin", name, [plugin.name for plugin in plugins.installed()])
    click.echo("\n\n".join(_page(plugin, debug=debug) for plugin in found))


def _list() -> str:
    from converter import plugins
    from converter.cli import screens

    rows = [[plugin.name, f"{plugin.distribution} {plugin.version}", _state(plugin)] for plugin in plugins.installed()]
    if not rows:
        return "no plugin is installed\nhint: pip install 'onnx-converter[torch]' brings the first"
    return screens.table(rows, indent="")


def _state(plugin: Plugin) -> str:
    if plugin.error:
        return f"failed to load: {plugin.error}"
    if plugin.missing:
        return f"not installed: {', '.join(plugin.missing)}"
    return "ready"


def _page(plugin: Plugin, *, debug: bool) -> str:
    head = f"{plugin.name}   {plugin.distribution} {plugin.version}   {plugin.module}   {_state(plugin)}"
    if plugin.error:
        return f"{head}\n\n{plugin.details}" if debug else f"{head}\nhint: --debug shows the traceback"
    return "\n".join([head, *(_framework(framework) for framework in plugin.frameworks)])


def _framework(framework: Framework) -> str:
    from converter.cli import screens

    options = [[f"-O {option.name}={_shown(option)}", option.help] for option in framework.options]
    sections = [
        ("sources", [[pattern, what] for pattern, what in framework.sources.items()]),
        ("objects", [[name, ""] for name in framework.types]),
        ("exporters, best first", [[name, what] for name, what in framework.exporters.items()]),
        ("options", options),
    ]
    return "\n".join(f"\n  {title}\n{screens.table(rows, indent='    ')}" for title, rows in sections if rows)


def _shown(option: Option) -> str:
    if option.choices:
        return "|".join(option.choices)
    return str(option.default).lower() if isinstance(option.default, bool) else str(option.default)
