"""A Keras model as a plain function of tensors, in inference mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from converter.plugin import LoadRequest, SourceError
from converter_tensorflow.faces.functional import face_of_graph
from converter_tensorflow.faces.subclassed import face_of_a_call
from converter_tensorflow.functions.function import Declared, TensorFunction
from converter_tensorflow.functions.graph_call import Call, call_of


@dataclass(frozen=True)
class KerasFunction(TensorFunction):
    """Calls the model in inference mode. `structure` nests the flat tensors into the arguments of the model's call; `call` is what runs it."""

    model: keras.Model
    structure: list[Any]
    call: Call

    def arguments(self, flat: Sequence[Any]) -> list[Any]:
        """Return the arguments of the model's call that hold these values."""
        return list(keras.tree.pack_sequence_as(self.structure, list(flat)))

    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        """Return the model's flat answers, in inference mode."""
        return self.call(tensors)

    def fits(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        """Let the layers compute their shapes: a convolution or pool that is larger than the image raises here, where a call may not."""
        tensors = [keras.KerasTensor(shape, each.dtype) for shape, each in zip(shapes, self.declared.inputs, strict=True)]
        try:
            self.model.compute_output_spec(*self.arguments(tensors))
        except Exception:  # noqa: BLE001 - custom layers raise what they like
            return False
        return True


def keras_function(model: keras.Model, request: LoadRequest) -> KerasFunction:
    """Return the model as a function.

    Raises SourceError for a model that keeps states between calls or takes sparse tensors, MissingInputs for one that was never built
    where `request.inputs` does not help, and UsageError where the given inputs are not the model's.
    """
    _refuse_states(model)
    face = face_of_graph(model, request.inputs) if getattr(model, "inputs", None) else face_of_a_call(model, request)

    def eager(tensors: Sequence[Any]) -> list[Any]:
        arguments = keras.tree.pack_sequence_as(face.structure, list(tensors))
        return list(keras.tree.flatten(model(*arguments, training=False)))

    declared = Declared(face.inputs, face.outputs, _summary(model))
    return KerasFunction(declared, model, face.structure, call_of(model, eager, face.inputs))


def _summary(model: keras.Model) -> str:
    layers = f"{len(model.layers)} layer{'s' if len(model.layers) != 1 else ''}"
    return f'{type(model).__name__} "{model.name}", {layers}, {model.count_params():,} parameters'


def _refuse_states(model: keras.Model) -> None:
    if stateful := [layer.name for layer in model._flatten_layers() if getattr(layer, "stateful", False)]:
        hint = "build it with stateful=False and give the states as inputs, or rebuild it without"
        raise SourceError(f"the model is stateful: {', '.join(stateful)} remembers earlier calls, and a graph cannot", hint=hint)
