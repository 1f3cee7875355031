"""A rewrite of onnxscript's optimiser kept to where it is right: MatMul between two Reshapes as MatMul alone.

It compares the shapes before and after, not what the first Reshape does: of [2, 2, batch, k] laid out as [2, 2 * batch, k] times [2, k, m] it makes a
product that pairs the matrices with the other dim of 2. Where the second factor is one matrix, it is right.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import onnx_ir as ir

from converter_torch.exporters.patches.replacing import attributes

try:
    from onnxscript.rewriter.rules.common import one_reshape_matmul_reshape_rule, two_reshapes_matmul_reshape_rule
except ImportError:  # another version of onnxscript, which may not have them
    _RULES: tuple[Any, ...] = ()
else:
    _RULES = (one_reshape_matmul_reshape_rule, two_reshapes_matmul_reshape_rule)


@contextlib.contextmanager
def right_rewrites() -> Iterator[None]:
    """Let the rules apply to single matrices only."""
    with contextlib.ExitStack() as stack:
        for rule in _RULES:
            stack.enter_context(attributes(rule, {"_condition_function": _of_one_matrix(rule._condition_function)}))
        yield


def _of_one_matrix(own: Callable[..., Any]) -> Callable[..., Any]:
    def condition(context: Any, *, input_b: ir.Value, shape_b: ir.Value | None = None, **others: Any) -> Any:
        if not _is_matrix(input_b, shape_b):
            return False
        return own(context, input_b=input_b, shape_b=shape_b, **others)

    return condition


def _is_matrix(value: ir.Value, reshaped: ir.Value | None) -> bool:
    """Tell whether a value has two known dims, and keeps them."""
    if value.shape is None or len(value.shape) != 2 or not value.shape.is_static():
        return False
    shape = None if reshaped is None else ir.convenience.get_const_tensor(reshaped)
    return reshaped is None or (shape is not None and shape.numpy().tolist() == value.shape.numpy())
