"""The conformance kit: tests that every plugin should pass, and the skip where its framework is missing; needs pytest.

Nothing here imports a framework.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("converter.testing.conformance")

from converter.testing.conformance import FrameworkConformance  # noqa: E402 - rewriting asserts has to be arranged before
from converter.testing.skipping import skip_where_missing  # noqa: E402

__all__ = ["FrameworkConformance", "skip_where_missing"]
