"""The classes of scikit-learn that the installed version has: some came after 1.4, others will go."""

from __future__ import annotations

from types import ModuleType


def known(module: ModuleType, *names: str) -> tuple[type, ...]:
    """Return the classes of these names that a module has."""
    return tuple(getattr(module, name) for name in names if hasattr(module, name))
