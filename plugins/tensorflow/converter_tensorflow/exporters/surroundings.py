"""What every conversion by tf2onnx runs in: silent, leaving no trace in the process, and with its failures told in one line."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Iterator

from converter.plugin import ConverterError, ExportError
from converter_tensorflow.reasons import reason_of
from converter_tensorflow.startup import kept_environment

LOGGERS = ("tf2onnx", "tensorflow", "absl")


@contextlib.contextmanager
def converting(exporter: str) -> Iterator[None]:
    """Run a conversion; whatever it raises leaves as an ExportError of this exporter.

    tf2onnx logs what it cannot do and goes on, so its log is no use: `refuse_leftovers` finds the same in the graph.
    """
    try:
        with kept_environment("TF_CPP_MIN_LOG_LEVEL"), _silent():
            yield
    except (ConverterError, MemoryError):
        raise
    except Exception as error:
        raise ExportError("tensorflow", exporter, f"{type(error).__name__}: {reason_of(error)}", details=traceback.format_exc()) from error


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
