"""What tests of single patches share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from converter_torch.exporters.patches.replacing import Holders


@pytest.fixture(scope="module")
def holders() -> Iterator[None]:
    """The modules are looked through once for all the replacements of a file, as they are in an export."""
    with Holders().shared():
        yield
