"""How far apart the values are that an output of a quantised model can have."""

from __future__ import annotations

from typing import Any

from converter_tensorflow.tflite.files import kind_of
from converter_tensorflow.tflite.interface import Port

_MOVES = frozenset(
    {"RESHAPE", "TRANSPOSE", "SLICE", "STRIDED_SLICE", "GATHER", "GATHER_ND", "SQUEEZE", "EXPAND_DIMS", "CONCATENATION", "SPLIT", "PACK"}
)


def step_of(model: Any, subgraph: int, port: Port) -> float:
    """Return 1 for integers that an operator computed, their scale for floats that are nothing but such integers, 0 for everything else."""
    graph = model.subgraphs[subgraph]
    if port.step:
        return 1.0 if _is_computed(model, graph, port.index) else 0.0
    made_by = _maker(graph, port.index)
    if made_by is None or kind_of(model, made_by) != "DEQUANTIZE":
        return 0.0
    quantised = graph.tensors[made_by.inputs[0]].quantization
    scales = [] if quantised is None or quantised.scale is None else list(quantised.scale)
    return float(scales[0]) if len(scales) == 1 and _is_computed(model, graph, made_by.inputs[0]) else 0.0


def _is_computed(model: Any, graph: Any, tensor: int) -> bool:
    """Tell whether the tensor's integers are rounded on the way, and not just moved from a constant or an input."""
    made_by = _maker(graph, tensor)
    if made_by is None:
        return False
    if kind_of(model, made_by) in _MOVES:
        return any(_is_computed(model, graph, each) for each in made_by.inputs if _is_quantised(graph.tensors[each]))
    return True


def _is_quantised(tensor: Any) -> bool:
    return tensor.quantization is not None and tensor.quantization.scale is not None


def _maker(graph: Any, tensor: int) -> Any:
    return next((each for each in graph.operators if tensor in each.outputs), None)
