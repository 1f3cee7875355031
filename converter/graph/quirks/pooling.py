"""Padding with a number before a MaxPool, which ONNX Runtime fuses into it: the number is lost, since a MaxPool pads with what is smaller than all.

Measured with ONNX Runtime 1.31: a Pad with 0 before a MaxPool over negative values gives these values, not 0. It does not fuse into a MaxPool with
`auto_pad=VALID`, which without padding of its own is the same operator.
"""

from __future__ import annotations

import onnx_ir as ir


def keep_padding_apart(graph: ir.Graph) -> None:
    """Give a MaxPool after a Pad `auto_pad=VALID` where it pads nothing itself."""
    for node in graph:
        if node.op_type == "MaxPool" and not node.domain and _is_after_pad(node) and _pads_nothing(node):
            node.attributes.pop("pads", None)
            node.attributes["auto_pad"] = ir.AttrString("auto_pad", "VALID")


def _is_after_pad(node: ir.Node) -> bool:
    before = node.inputs[0].producer() if node.inputs[0] is not None else None
    return before is not None and before.op_type == "Pad" and not before.domain


def _pads_nothing(node: ir.Node) -> bool:
    """Tell whether VALID would change nothing: no padding, and not the rounding up that VALID does not know."""
    pads, rounding = node.attributes.get("pads"), node.attributes.get("ceil_mode")
    return (
        node.attributes.get_string("auto_pad", "NOTSET") == "NOTSET"
        and not any(pads.as_ints() if pads else ())
        and not (rounding and rounding.as_int())
    )
