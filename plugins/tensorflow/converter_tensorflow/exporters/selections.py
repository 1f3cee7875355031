"""Choices between two tensors, as ONNX's Where.

tf2onnx multiplies both sides by 0 and 1 and adds them up, so what was not chosen shows where it is infinite or NaN: `where(x == 0, 0, 1 / x)` gives NaN at 0.
"""

from __future__ import annotations

from typing import Any

from onnx import TensorProto

_FLOATS = frozenset({TensorProto.FLOAT, TensorProto.DOUBLE})  # what can be infinite, and ONNX Runtime has a Where for


def selections() -> dict[str, tuple[Any, list[Any]]]:
    """Return the handlers in the form that tf2onnx takes."""
    return {"Select": (_write, []), "SelectV2": (_write, [])}


def _write(context: Any, node: Any, name: str, args: list[Any]) -> None:
    """Let tf2onnx write a Where, which it does where it was told that NaN occurs."""
    from tf2onnx.onnx_opset.controlflow import Select

    del name, args
    if context.get_dtype(node.output[0]) in _FLOATS:
        node.set_attr("handles_nan", 1)
    Select.version_9(context, node)
