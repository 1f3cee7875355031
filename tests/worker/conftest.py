"""A janitor for the workers of a test, and workers that answer within a minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from converter.worker.janitor import Janitor
from converter.worker.process import WorkerProcess


@pytest.fixture
def worker() -> Iterator[Callable[..., WorkerProcess]]:
    """Start a worker: worker(timeout=1, memory_limit=10**9)."""
    with Janitor() as janitor, ExitStack() as stack:

        def start(**bounds: Any) -> WorkerProcess:
            return stack.enter_context(WorkerProcess(janitor, **{"timeout": 60, **bounds}))

        yield start
