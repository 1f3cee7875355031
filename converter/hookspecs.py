"""The one hook: a plugin names its frameworks."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from converter.framework import Framework

hookspec = pluggy.HookspecMarker("converter")


@hookspec
def converter_frameworks() -> Iterable[Framework]:  # type: ignore[empty-body]
    """Return the frameworks that this plugin converts. Called once; must import no framework."""
