"""Discovery: every installed plugin becomes a record, a broken one with its reason.

    entry point of group "converter" ─ import ─▶ module ─ register ─▶ hook ─ call ─▶ frameworks

Plugins are asked one by one, so that what one raises is written down beside it and disturbs no other.
Set CONVERTER_TRACE=1 to see every hook call on stderr.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import sys
import traceback
from dataclasses import dataclass

import pluggy

from converter import hookspecs
from converter.errors import ConverterError, UnknownName
from converter.framework import Framework

GROUP = "converter"
REQUIRED = ("name", "requires", "sources", "exporters")  # attributes that a Framework must set
TRACE_VARIABLE = "CONVERTER_TRACE"


@dataclass(frozen=True)
class Plugin:
    """One installed plugin: its frameworks, or why it has none."""

    name: str
    distribution: str
    version: str
    module: str
    frameworks: tuple[Framework, ...] = ()
    error: str = ""
    details: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The import names that its frameworks require and that are not installed."""
        return tuple(name for framework in self.frameworks for name in missing_packages(framework))


@functools.cache
def installed() -> tuple[Plugin, ...]:
    """Return every installed plugin, sorted by name."""
    entries = sorted(importlib.metadata.entry_points(group=GROUP), key=lambda entry: (entry.name, _distribution(entry)[0]))
    owners: dict[str, str] = {}
    return tuple(_load(entry, owners) for entry in entries)


def frameworks() -> dict[str, Framework]:
    """Return the frameworks of all plugins that loaded, by name."""
    return {framework.name: framework for plugin in installed() for framework in plugin.frameworks}


def framework(name: str) -> Framework:
    """Return the named framework; raises UnknownName, or ConverterError with the reason if its plugin failed to load."""
    found = frameworks()
    if name in found:
        return found[name]
    for plugin in installed():
        if plugin.name == name and plugin.error:
            raise ConverterError(f"plugin '{name}' failed to load: {plugin.error}", hint=f"converter plugins show {name}")
    raise UnknownName("framework", name, sorted(found))


def missing_packages(framework: Framework) -> list[str]:
    """Return the import names that the framework requires and that are not installed; nothing is imported."""
    return [name for name in framework.requires if not is_installed(name)]


def is_installed(name: str) -> bool:
    """Tell whether a top-level module can be imported; an empty folder of that name is none."""
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.loader is not None and spec.origin is not None


def _load(entry: importlib.metadata.EntryPoint, owners: dict[str, str]) -> Plugin:
    """Return the record of one plugin; `owners`, the plugin of each framework's name, grows by its frameworks."""
    distribution, version = _distribution(entry)
    try:
        found = tuple(_frameworks_of(entry))
        if taken := [framework.name for framework in found if framework.name in owners]:
            raise TypeError(f"framework '{taken[0]}' is plugin {owners[taken[0]]}'s already")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a stranger's module raises is its own record
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return Plugin(entry.name, distribution, version, entry.value, error=reason, details=traceback.format_exc())
    owners.update({framework.name: entry.name for framework in found})
    return Plugin(entry.name, distribution, version, entry.value, found)


def _distribution(entry: importlib.metadata.EntryPoint) -> tuple[str, str]:
    """The name and version of what brought it."""
    return (entry.dist.name, entry.dist.version) if entry.dist else ("?", "?")


def _frameworks_of(entry: importlib.metadata.EntryPoint) -> list[Framework]:
    manager = _manager()
    manager.register(entry.load(), name=entry.name)
    manager.check_pending()  # a hook that is none: misspelled
    answers = manager.hook.converter_frameworks()
    if not answers:
        raise TypeError(f"{entry.value} implements no hook; a plugin has a function converter_frameworks marked with @hookimpl")
    frameworks = [each for answer in answers for each in answer]
    if not frameworks:
        raise TypeError("converter_frameworks gave no Framework")
    for framework in frameworks:
        if not isinstance(framework, Framework):
            raise TypeError(f"converter_frameworks gave {framework!r}, which is no Framework")
        if unsaid := [name for name in REQUIRED if not hasattr(framework, name)]:
            raise TypeError(f"{type(framework).__name__} has no {' and no '.join(unsaid)}")
    return frameworks


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    if os.environ.get(TRACE_VARIABLE):
        manager.trace.root.setwriter(lambda text: sys.stderr.write(text))
        manager.enable_tracing()
    return manager
