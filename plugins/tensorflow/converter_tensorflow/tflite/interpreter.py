"""TensorFlow's interpreter at arm's length: in a process of its own, since some models make it abort or read memory that is not its own.

Which kernels answer: TensorFlow's default, XNNPACK where it takes an operator, else the interpreter's own optimised ones; the reference
kernels compute other roundings, and segfault on some models themselves (docs/decisions/0019-tflite.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from converter.plugin import SourceError
from converter_tensorflow.tflite.process import Ended, Process

KERNELS = "XNNPACK's kernels, else TFLite's optimised ones"
DEFAULT, OPTIMISED = "AUTO", "BUILTIN_WITHOUT_DEFAULT_DELEGATES"  # of TensorFlow's OpResolverType
_PROCESS = Process()  # importing TensorFlow takes seconds, so all models of this process share one


class InterpreterRefusal(SourceError):
    """The interpreter answers with an error instead of values; `reason` is its own text."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"TensorFlow's interpreter refuses: {reason}")
        self.reason = reason


class InterpreterEnded(SourceError):
    """The interpreter took its process with it."""


class Interpreter:
    """Answers for one file."""

    def __init__(self, path: Path, kernels: str = DEFAULT) -> None:
        self.path = path
        self.kernels = kernels
        self._opened = 0  # the generation of the process that has the file open

    def describe(self) -> dict[str, Any]:
        """Return what the file takes and gives, as `serving` says it; raises InterpreterRefusal where it is damaged, InterpreterEnded."""
        return self._ask({"do": "describe"}, {})[0]

    def run(self, signature: str, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the answers of a signature, "" for the main subgraph; raises InterpreterRefusal and InterpreterEnded."""
        return self._ask({"do": "run", "signature": signature}, feeds)[1]

    def _ask(self, request: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        named = {"path": str(self.path), "kernels": self.kernels}
        if self._opened != _PROCESS.started():
            self._exchange({**named, "do": "open"}, {})
            self._opened = _PROCESS.generation
        return self._exchange({**named, **request}, arrays)

    def _exchange(self, request: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        try:
            document, found = _PROCESS.ask(request, arrays)
        except Ended as error:
            hint = "the file or this version of TensorFlow is at fault, tf.lite.Interpreter ends the same way; convert what the file was made of"
            raise InterpreterEnded(f"TensorFlow's interpreter ended on {self.path.name} {error}", hint=hint) from None
        if "error" in document:
            raise InterpreterRefusal(document["error"])
        return document, found
