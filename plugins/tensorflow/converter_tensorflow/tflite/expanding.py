"""What tf2onnx leaves over of a prepared file, in ONNX's operators: functions, which are inlined."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import inliner, numpy_helper, parser

from converter_tensorflow.tflite.rewrites.borders import COPIED
from converter_tensorflow.tflite.rewrites.clipped import CLIPPED
from converter_tensorflow.tflite.rewrites.hybrids import PER_ITEM, PER_ROW

PREFIX = "TFL_"  # tf2onnx's, for every operator of TensorFlow Lite
GELU, GELU_BY_TANH = "GELU", "GELU_BY_TANH"
OWN = frozenset({GELU, "RELU_0_TO_1", CLIPPED})  # operators of TensorFlow Lite that tf2onnx does not know and this module does
LOWEST_OPSET = 18  # of the functions below
_DOMAIN = "tensorflow.lite"

# XNNPACK's rounding (xnn_f32_qd8_asymmetric_quantization_params): 255 steps from the lowest to the highest value, 0 among them, one step being 0 itself.
_ROUNDED = """
<opset_import: ["" : {opset}], domain: "tensorflow.lite">
{name} (x) => (y) {{
    axes = Constant <value_ints = [{axes}]> ()
    zero = Constant <value_float = 0.0> ()
    one = Constant <value_float = 1.0> ()
    steps = Constant <value_float = 255.0> ()
    bottom = Constant <value_float = -128.0> ()
    top = Constant <value_float = 127.0> ()
    lowest = ReduceMin <keepdims = 1> (x, axes)
    highest = ReduceMax <keepdims = 1> (x, axes)
    low = Min (lowest, zero)
    high = Max (highest, zero)
    span = Sub (high, low)
    is_flat = Equal (span, zero)
    divisor = Where (is_flat, steps, span)
    inverse = Div (steps, divisor)
    low_steps = Mul (low, inverse)
    high_steps = Mul (high, inverse)
    below = Add (bottom, low_steps)
    above = Add (top, high_steps)
    error = Add (below, above)
    is_low = Greater (error, zero)
    from_low = Sub (bottom, low_steps)
    from_high = Sub (top, high_steps)
    chosen = Where (is_low, from_low, from_high)
    kept = Clip (chosen, bottom, top)
    origin = Round (kept)
    scaled = Mul (x, inverse)
    whole = Round (scaled)
    moved = Add (whole, origin)
    stored = Clip (moved, bottom, top)
    centred = Sub (stored, origin)
    step = Div (one, inverse)
    y = Mul (centred, step)
}}
"""
_BETWEEN = """<opset_import: ["" : {opset}], domain: "tensorflow.lite">
{name} (x) => (y) {{
    low = Constant <value_float = {low}> ()
    high = Constant <value_float = 1.0> ()
    y = Clip (x, low, high)
}}"""
_FUNCTIONS = {
    PREFIX + PER_ROW: _ROUNDED.replace("{axes}", "-1"),
    PREFIX + PER_ITEM: _ROUNDED.replace("{axes}", "1, 2, 3"),
    PREFIX + COPIED: '<opset_import: ["" : {opset}], domain: "tensorflow.lite">\n{name} (x) => (y) {{ y = Identity (x) }}',
    PREFIX + CLIPPED: _BETWEEN.replace("{low}", "-1.0"),
    PREFIX + "RELU_0_TO_1": _BETWEEN.replace("{low}", "0.0"),
    PREFIX + GELU: """<opset_import: ["" : {opset}], domain: "tensorflow.lite">
{name} (x) => (y) {{
    half = Constant <value_float = 0.5> ()
    one = Constant <value_float = 1.0> ()
    root = Constant <value_float = 0.70710678118654752> ()
    narrow = Mul (x, root)
    error = Erf (narrow)
    sum = Add (error, one)
    share = Mul (sum, half)
    y = Mul (x, share)
}}""",
    PREFIX + GELU_BY_TANH: """<opset_import: ["" : {opset}], domain: "tensorflow.lite">
{name} (x) => (y) {{
    half = Constant <value_float = 0.5> ()
    one = Constant <value_float = 1.0> ()
    cubic = Constant <value_float = 0.044715> ()
    root = Constant <value_float = 0.79788456080286536> ()
    square = Mul (x, x)
    cube = Mul (square, x)
    small = Mul (cube, cubic)
    bent = Add (x, small)
    narrow = Mul (bent, root)
    tangent = Tanh (narrow)
    sum = Add (tangent, one)
    share = Mul (sum, half)
    y = Mul (x, share)
}}""",
    "QuantizeInt16": """<opset_import: ["" : {opset}], domain: "tensorflow.lite">
{name} (x, scale, zero_point) => (y) {{
    bottom = Constant <value_float = -32768.0> ()
    top = Constant <value_float = 32767.0> ()
    scaled = Div (x, scale)
    whole = Round (scaled)
    origin = Cast <to = 1> (zero_point)
    moved = Add (whole, origin)
    kept = Clip (moved, bottom, top)
    y = CastLike (kept, zero_point)
}}""",
}


def expanded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the graph with the operators of the rewrites, and quantisation to 16 bits and more, written out."""
    opset = next(each.version for each in model.opset_import if each.domain in {"", "ai.onnx"})
    graphs = list(_graphs(model.graph))
    constants = {each.name: each for graph in graphs for each in graph.initializer}
    for graph in graphs:
        _write_out_dequantisation(graph, constants)
    for graph in graphs:
        for node in graph.node:
            _widen(node, constants)
            if node.op_type == PREFIX + GELU and any(each.name == "approximate" and each.i for each in node.attribute):
                node.op_type = PREFIX + GELU_BY_TANH
    used = {node.op_type for graph in graphs for node in graph.node} & set(_FUNCTIONS)
    if not used:
        return model
    for graph in graphs:
        for node in graph.node:
            if node.op_type in used:
                node.domain = _DOMAIN
                del node.attribute[:]
    model.functions.extend(parser.parse_function(_FUNCTIONS[name].format(name=name, opset=opset)) for name in sorted(used))
    model.opset_import.append(onnx.helper.make_opsetid(_DOMAIN, 1))
    return inliner.inline_local_functions(model)


def _write_out_dequantisation(graph: onnx.GraphProto, constants: dict[str, onnx.TensorProto]) -> None:
    """Write every DequantizeLinear as a cast, a difference and a product.

    ONNX Runtime makes layers of integers of those that it finds around a layer, whose sums saturate at 16 bits on CPUs without VNNI, and for a
    layer of floats it rounds what it multiplies with by itself; the float layer that is left gives the exact sum of the integers.
    """
    for place, node in reversed(list(enumerate(graph.node))):
        if node.op_type != "DequantizeLinear":
            continue
        stored, scale, zero_point = (constants.get(name) for name in node.input)
        if scale is not None and zero_point is not None and (stored is not None or not scale.dims):
            nodes, scales = _written_out(node, len(stored.dims) if stored is not None else 0, scale, zero_point)
            graph.initializer.extend(scales)
            del graph.node[place]
            for each in reversed(nodes):
                graph.node.insert(place, each)


def _written_out(
    node: onnx.NodeProto, rank: int, scale: onnx.TensorProto, zero_point: onnx.TensorProto
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    axis = next((each.i for each in node.attribute if each.name == "axis"), 1)
    name = node.output[0]
    shape = [-1 if place == axis % rank else 1 for place in range(rank)] if len(scale.dims) else []
    factors = numpy_helper.from_array(numpy_helper.to_array(scale).reshape(shape), f"{name}_factors")
    origins = numpy_helper.from_array(numpy_helper.to_array(zero_point).astype(np.float32).reshape(shape), f"{name}_origins")
    make = onnx.helper.make_node
    nodes = [
        make("Cast", [node.input[0]], [f"{name}_whole"], to=onnx.TensorProto.FLOAT),
        make("Sub", [f"{name}_whole", origins.name], [f"{name}_centred"]),
        make("Mul", [f"{name}_centred", factors.name], [name]),
    ]
    return nodes, [factors, origins]


def _widen(node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]) -> None:
    """Let a function do what QuantizeLinear does not do before opset 21: integers of 16 bits."""
    zero_point = constants.get(node.input[2]) if node.op_type == "QuantizeLinear" and len(node.input) > 2 else None
    if zero_point is not None and zero_point.data_type == onnx.TensorProto.INT16:
        node.op_type = "QuantizeInt16"


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [*attribute.graphs, *([attribute.g] if attribute.type == onnx.AttributeProto.GRAPH else [])]:
                yield from _graphs(inner)
