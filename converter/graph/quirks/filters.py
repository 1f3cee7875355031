"""Long filters of one channel, which ONNX Runtime sums up tap by tap.

Its CPU provider adds the products of a convolution with one output channel in a row: a low-pass of 256 taps is three times as far off the exact sum as the block-wise sums of
TensorFlow, and eight times slower than the form below (measured with ONNX Runtime 1.31). What follows may ask for more: the logarithm of a quiet band's energy shows the noise that
the filter before it left.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

TAPS = 128  # from here on the other form is the better one
PARTS = 8  # more of them are more exact, but slower


def sum_in_parts(graph: ir.Graph) -> None:
    """Write a long filter from one channel to one channel as two convolutions: one gives the sums of its parts, the next adds those up."""
    for node in list(graph):
        if node.op_type == "Conv" and not node.domain and (taps := _taps(node)) is not None:
            _divide(node, taps, graph)


def _taps(node: ir.Node) -> np.ndarray | None:
    """The weight [1, 1, …] of a long filter along one axis, where all about it is known."""
    weight = node.inputs[1]
    if weight is None or weight.dtype != ir.DataType.FLOAT or weight.shape is None or not weight.shape.is_static():
        return None
    shape = list(weight.shape.numpy())
    known = ir.convenience.get_const_tensor(weight)
    is_filter = len(shape) > 2 and max(shape) == math.prod(shape) and shape[:2] == [1, 1] and max(shape) >= TAPS
    return known.numpy() if known is not None and is_filter and _pads(node, shape[2:]) is not None else None


def _pads(node: ir.Node, taps: list[int]) -> list[int] | None:
    """The zeros before and after each axis, None where they follow from the input's size."""
    automatic = node.attributes.get_string("auto_pad", "NOTSET")
    if automatic == "NOTSET":
        return _integers(node, "pads", [0] * (2 * len(taps)))
    if automatic == "VALID":
        return [0] * (2 * len(taps))
    ones = [1] * len(taps)
    if _integers(node, "strides", ones) != ones:
        return None
    spans = [(count - 1) * dilation for count, dilation in zip(taps, _integers(node, "dilations", ones), strict=True)]
    less, more = [span // 2 for span in spans], [span - span // 2 for span in spans]
    return less + more if automatic == "SAME_UPPER" else more + less


def _integers(node: ir.Node, name: str, default: list[int]) -> list[int]:
    found = node.attributes.get(name)
    return default if found is None else list(found.as_ints())


def _divide(node: ir.Node, taps: np.ndarray, graph: ir.Graph) -> None:
    shape = list(taps.shape)
    axis = int(np.argmax(shape)) - 2
    ones = [1] * (len(shape) - 2)
    strides, dilations = (_integers(node, name, ones) for name in ("strides", "dilations"))
    multiple = strides[axis] // math.gcd(strides[axis], dilations[axis])  # a part begins where the filter may be
    length = math.ceil(math.ceil(taps.size / PARTS) / multiple) * multiple
    count = math.ceil(taps.size / length)
    if count < PARTS // 2:
        return
    missing = count * length - taps.size
    pads = _pads(node, shape[2:]) or []
    pads[len(ones) + axis] += missing * dilations[axis]
    parts = np.pad(taps.ravel(), (0, missing)).reshape([count, 1, *_along(axis, length, ones)])
    sums = ir.node("Conv", [node.inputs[0], _constant(parts, node, graph)], {"strides": strides, "dilations": dilations, "pads": pads})
    steps = _along(axis, length * dilations[axis] // strides[axis], ones)
    chosen = np.eye(count, dtype=np.float32).reshape([1, count, *_along(axis, count, ones)])
    graph.insert_before(node, sums)
    node.replace_input_with(0, sums.outputs[0])
    node.replace_input_with(1, _constant(chosen, node, graph))
    node.attributes.clear()
    node.attributes["dilations"] = ir.AttrInt64s("dilations", steps)


def _along(axis: int, size: int, ones: list[int]) -> list[int]:
    return [*ones[:axis], size, *ones[axis + 1 :]]


def _constant(values: np.ndarray, node: ir.Node, graph: ir.Graph) -> ir.Value:
    made = ir.node("Constant", [], {"value": ir.tensor(values)})
    graph.insert_before(node, made)
    return made.outputs[0]
