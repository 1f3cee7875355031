"""Models of any framework become ONNX graphs that are proven to compute the same.

    converter.convert("crnn.pth", "crnn.onnx")              a path, a module:attribute, or a live object
    converter.validate("crnn.onnx", against="crnn.pth")
    converter.Session("crnn.onnx")(images)

Names are imported when first used: `import converter` itself costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from converter.version import __version__

if TYPE_CHECKING:
    from converter.api import convert, validate
    from converter.errors import ConverterError
    from converter.runtime import Session
    from converter.validation.report import Report

__all__ = ["ConverterError", "Report", "Session", "__version__", "convert", "validate"]

_HOMES = {
    "convert": "converter.api",
    "validate": "converter.api",
    "Session": "converter.runtime",
    "Report": "converter.validation.report",
    "ConverterError": "converter.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'converter' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)
