"""The conformance kit: tests that every plugin should pass. Subclass `FrameworkConformance` in a test module; needs pytest.

Nothing here imports a framework.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("converter.testing.conformance")

from converter.testing.conformance import FrameworkConformance  # noqa: E402 - rewriting asserts has to be arranged before

__all__ = ["FrameworkConformance"]
