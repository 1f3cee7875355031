"""Tests of a plugin where its framework is missing: skipped with the reason, before their modules are imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converter.framework import Framework
from converter.plugins import missing_packages

Hook = Callable[[Path, pytest.Collector], pytest.Module | None]


class _Skipped(pytest.Module):
    reason: str

    def collect(self) -> Any:
        pytest.skip(self.reason, allow_module_level=True)


def skip_where_missing(framework: Framework) -> Hook:
    """Return the hook `pytest_pycollect_makemodule` of a plugin's conftest: every test module is skipped where packages of the framework are missing."""
    missing = missing_packages(framework)

    def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
        if not missing:
            return None
        module: _Skipped = _Skipped.from_parent(parent, path=module_path)
        module.reason = f"not installed: {', '.join(missing)}"
        return module

    return pytest_pycollect_makemodule
