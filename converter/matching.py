"""Which framework a source belongs to. Nothing is executed: names, bytes and class names decide."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from converter import plugins
from converter.errors import ConverterError, MissingPackage, PluginError, UnrecognisedSource
from converter.framework import Framework, Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from converter.source import Source


def select(source: Source, name: str = "") -> Framework:
    """Return the framework of a file, a folder or a live object; `name` settles it.

    The surest match wins; among live objects the framework that claims the most derived class.
    Raises UnrecognisedSource where none or several match, UnknownName for a wrong `name`,
    MissingPackage where the framework's own packages are not installed.
    """
    framework = plugins.framework(name) if name else _best(source, plugins.frameworks().values())
    if missing := plugins.missing_packages(framework):
        raise MissingPackage(missing[0], f"to convert {source.name} ({framework.name})", extra=framework.name)
    return framework


def sure(source: Source) -> Framework | None:
    """Return the framework whose file or folder this surely is, whether or not its packages are installed; None where no single one is sure."""
    found = [each for each in plugins.frameworks().values() if _match(each, source) is Match.CONTENT]
    return found[0] if len(found) == 1 else None


def choices(framework: Framework, source: Source) -> Mapping[str, Mapping[str, str]]:
    """Return `Framework.choices`; raises PluginError where the plugin fails."""
    try:
        return framework.choices(source)
    except ConverterError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise PluginError(framework.name, "choices", reason, hint="--debug shows the traceback", details=traceback.format_exc()) from error


def _best(source: Source, frameworks: Iterable[Framework]) -> Framework:
    known = list(frameworks)
    ranks = {each.name: _rank(each, source) for each in known}
    best = max(ranks.values(), default=(Match.NO, 0))
    winners = [each for each in known if ranks[each.name] == best]
    if best[0] is Match.NO:
        raise UnrecognisedSource(f"no installed framework recognises {source.name}", hint=_knows(known))
    if len(winners) > 1:
        names = [each.name for each in winners]
        raise UnrecognisedSource(f"{source.name} could belong to {' or '.join(names)}", hint=f"--framework {names[0]} decides")
    return winners[0]


def _rank(framework: Framework, source: Source) -> tuple[Match, int]:
    """How surely, and for live objects how close to the object's own class: 0 for the class itself, -1 for its parent, …."""
    if source.live is None:
        return _match(framework, source), 0
    places = [place for place, name in enumerate(source.class_names) if name in framework.types]
    return (Match.CONTENT, -min(places)) if places else (Match.NO, 0)


def _match(framework: Framework, source: Source) -> Match:
    try:
        return framework.match(source)
    except ConverterError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise PluginError(framework.name, "match", reason, hint="--framework NAME asks only that plugin", details=traceback.format_exc()) from error


def _knows(known: list[Framework]) -> str:
    if not known:
        return "no plugin is installed; pip install 'onnx-converter[torch]' brings one"
    missing = [f"{each.name} (without its packages)" if plugins.missing_packages(each) else each.name for each in known]
    return f"installed: {', '.join(missing)}; --framework NAME settles it; converter plugins lists what each one reads"
