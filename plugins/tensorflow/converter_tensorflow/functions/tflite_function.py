"""A TensorFlow Lite model as a plain function of tensors, answered by TensorFlow's own interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from converter.plugin import LoadRequest
from converter_tensorflow.faces.examples import example_tensors
from converter_tensorflow.faces.naming import BATCH
from converter_tensorflow.faces.overriding import overridden
from converter_tensorflow.functions.function import Declared, TensorFunction
from converter_tensorflow.sources.tflite_files import TfliteSource
from converter_tensorflow.tensors import to_array, to_tensor
from converter_tensorflow.tflite.interpreter import KERNELS, OPTIMISED, Interpreter, InterpreterRefusal

NUDGES = 8
NUDGE = 2.0**-22  # relative, two steps of float32


@dataclass(frozen=True)
class TfliteFunction(TensorFunction):
    """Asks the interpreter, which is resized to the tensors that it is given."""

    source: TfliteSource

    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        """Return the interpreter's answers; raises SourceError where it refuses the tensors, or ends."""
        feeds = {port.key: _raw(to_array(tensor)) for port, tensor in zip(self.source.interface.taken, tensors, strict=True)}
        found = self.source.interpreter.run(self.source.interface.signature, feeds)
        return [to_tensor(found[port.key], output.dtype) for port, output in zip(self.source.interface.given, self.declared.outputs, strict=True)]

    def errors(self, tensors: Sequence[Any]) -> list[float]:
        """Return how far apart answers to the same are that are right alike: the largest difference of each float output, 0 of others.

        Other kernels of TensorFlow answer; for a hybrid model, of which those compute something else, its own to inputs whose last bits differ.
        """
        own = self(tensors)
        others = [self(_nudged(tensors, seed)) for seed in range(NUDGES)] if self.source.is_hybrid else [self._optimised(tensors)]
        return [max(_distance(first, other[place]) for other in others) for place, first in enumerate(own)]

    def _optimised(self, tensors: Sequence[Any]) -> list[Any]:
        plain = replace(self.source, interpreter=Interpreter(self.source.path, OPTIMISED))
        return replace(self, source=plain)(tensors)


def _nudged(tensors: Sequence[Any], seed: int) -> list[Any]:
    """The tensors with every float32 two steps up or down."""
    rng = np.random.default_rng(seed)
    return [each * (1 + rng.choice([-NUDGE, NUDGE], each.shape).astype(np.float32)) if each.dtype == "float32" else each for each in tensors]


def _distance(first: Any, second: Any) -> float:
    if not first.dtype.is_floating or first.shape != second.shape:
        return 0.0
    return float(np.max(np.abs(to_array(first).astype(np.float64) - to_array(second)), initial=0.0))


def _raw(array: np.ndarray) -> np.ndarray:
    """Text as bytes of one length, which cross the border of a process."""
    return np.char.encode(array.astype(str)) if array.dtype.kind == "O" else array


def tflite_function(found: TfliteSource, request: LoadRequest) -> TfliteFunction:
    """Return the file's function; a batch that the model declares free but takes in one size only is fixed.

    Raises SourceError where the interpreter does not answer at all, UsageError where `request.inputs` are not the model's.
    """
    inputs = overridden(found.interface.inputs, request.inputs)
    function = TfliteFunction(Declared(inputs, found.interface.outputs, _summary(found)), found)
    if BATCH in request.axes or not any(BATCH in each.dims for each in inputs) or _answers(function, 2):
        return function
    return function.taking(tuple(replace(each, dims=tuple(1 if dim == BATCH else dim for dim in each.dims)) for each in inputs))


def _answers(function: TfliteFunction, batch: int) -> bool:
    """Tell whether the model takes a batch of this size; where nothing but the batch is free, since other sizes are not known yet."""
    if any(dim != BATCH for each in function.declared.inputs for dim in each.dims if isinstance(dim, str)):
        return True
    try:
        function(example_tensors(function.declared.inputs, {BATCH: batch}))
    except InterpreterRefusal:
        return False
    return True


def _summary(found: TfliteSource) -> str:
    kinds = found.kinds
    signature = f', signature "{found.interface.signature}"' if found.interface.signature else ""
    return f"TensorFlow Lite model, {len(kinds)} operators{signature}; its answers are those of {KERNELS}"
