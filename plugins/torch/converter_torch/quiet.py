"""torch's exporters without what they tell of themselves: warnings and log lines that nobody can act on."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator

_LOGGER = "torch.onnx"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and log lines below an error back."""
    logger = logging.getLogger(_LOGGER)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
