"""Models of any framework become ONNX graphs that are proven to compute the same.

    converter.convert("crnn.pth", "crnn.onnx")              a path, a module:attribute, or a live object
    converter.validate("crnn.onnx", against="crnn.pth")
    converter.Session("crnn.onnx")(images)
    converter.bench("crnn.onnx", against="crnn.pth")

Names are imported when first used: `import converter` itself costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from converter.version import __version__

if TYPE_CHECKING:
    from converter.api import bench, convert, validate
    from converter.benching.report import BenchReport
    from converter.errors import ConverterError
    from converter.runtime import Session
    from converter.validation.report import Report

__all__ = ["BenchReport", "ConverterError", "Report", "Session", "__version__", "bench", "convert", "validate"]

_HOMES = {
    "convert": "converter.api",
    "validate": "converter.api",
    "bench": "converter.api",
    "BenchReport": "converter.benching.report",
    "Session": "converter.runtime",
    "Report": "converter.validation.report",
    "ConverterError": "converter.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'converter' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)
