"""What has no rule: one function or one layer through tf2onnx alone, inside the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import onnx
import tensorflow as tf

from converter.writing import Value, inlined
from converter_tensorflow.exporters.handlers import HANDLERS
from converter_tensorflow.exporters.opsets import chosen_opset
from converter_tensorflow.exporters.tf2onnx import converted
from converter_tensorflow.freezing import freeze
from converter_tensorflow.tracing.current import current_document, writing_into
from converter_tensorflow.tracing.operands import is_traced
from converter_tensorflow.tracing.traced import Traced

_MASK = "_keras_mask"


def foreign(call: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return what a function of TensorFlow answers, written by tf2onnx; masks travel along.

    Raises ExportError where tf2onnx cannot write it, and what the function raises.
    """
    tensors = _tensors((args, kwargs))
    answers: list[Any] = []

    def run(*given: Any) -> list[Any]:
        stand_ins = {id(each): tf.ensure_shape(tensor, each.shape) for each, tensor in zip(tensors, given, strict=True)}
        for each, tensor in zip(tensors, stand_ins.values(), strict=True):
            if getattr(each, _MASK, None) is not None:
                setattr(tensor, _MASK, stand_ins[id(each._keras_mask)])  # type: ignore[attr-defined] # Keras sets it on any tensor
        own_args, own_kwargs = keras.tree.map_structure(lambda leaf: stand_ins[id(leaf)] if is_traced(leaf) else leaf, (args, kwargs))
        with writing_into(None):
            answer = call(*own_args, **own_kwargs)
        answers[:] = [answer]
        return [tf.identity(each) for each in _with_masks(answer)]

    found = freeze(run, [tf.TensorSpec(each.shape, each.dtype) for each in tensors], HANDLERS)
    document = current_document()
    names = [f"{kind}_{place}" for kind, each in (("input", found.inputs), ("output", found.outputs)) for place in range(len(each))]
    model = converted(found, names, min(document.opset, chosen_opset(None, "traced")))
    if model.opset_import[0].version != document.opset:
        model = onnx.version_converter.convert_version(model, document.opset)
    given = dict(zip(names, [each.value.name for each in tensors], strict=False))
    placed = inlined(document, model.graph, given)
    answer = answers[0]
    flat = _with_masks(answer)
    values = [Value(document, placed[name], tensor.dtype.name) for name, tensor in zip(names[len(tensors) :], flat, strict=True)]
    return _packed(answer, [Traced(value, tensor.shape.as_list()) for value, tensor in zip(values, flat, strict=True)])


def _tensors(nest: Any) -> list[Traced]:
    """The traced tensors of a nest, and their masks, each once."""
    leaves = [each for each in keras.tree.flatten(nest) if is_traced(each)]
    masks = [each._keras_mask for each in leaves if getattr(each, _MASK, None) is not None]
    return list({id(each): each for each in (*leaves, *masks)}.values())


def _with_masks(answer: Any) -> list[Any]:
    flat = keras.tree.flatten(answer)
    return [*flat, *(mask for each in flat if (mask := getattr(each, _MASK, None)) is not None)]


def _packed(answer: Any, values: Sequence[Traced]) -> Any:
    flat = keras.tree.flatten(answer)
    masks = iter(values[len(flat) :])
    for tensor, value in zip(flat, values, strict=False):
        if getattr(tensor, _MASK, None) is not None:
            value._keras_mask = next(masks)  # type: ignore[attr-defined] # Keras sets it on any tensor
    return keras.tree.pack_sequence_as(answer, list(values[: len(flat)]))
