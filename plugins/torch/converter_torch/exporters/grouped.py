"""Products of groups of rows, each with its own matrix, which mixtures of experts make of the rows that go to each expert: a loop over the groups."""

from __future__ import annotations

from typing import Any

import torch
from onnxscript import opset18, script
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat, TInt

from converter_torch.exporters.translations import Table

op: Any = opset18

_INT64 = 7  # onnx.TensorProto.INT64


def translations() -> Table:
    """Return the translation of transformers' operator, where transformers is loaded."""
    name = "grouped_mm_fallback"
    return {getattr(torch.ops.transformers, name).default: grouped_product} if hasattr(torch.ops.transformers, name) else {}


@script(default_opset=opset18)
def grouped_product(input: TFloat, weight: TFloat, offs: TInt) -> TFloat:  # noqa: A002 - the operator's name
    """Multiply rows [n, k] by the matrix of their group, [groups, k, m]; `offs` [groups] has where each group ends. [n, m], zeros after the last."""
    zero = op.Constant(value_ints=[0])
    one = op.Constant(value_ints=[1])
    stops = op.Concat(zero, op.Cast(offs, to=_INT64), axis=0)
    width = op.Shape(weight, start=2, end=3)
    done = op.CastLike(op.Expand(op.Constant(value_float=0.0), op.Concat(zero, width, axis=0)), input)
    groups = op.Squeeze(op.Shape(offs, start=0, end=1))
    for group in range(groups):
        place = op.Unsqueeze(group, zero)
        start = op.Gather(stops, place)
        stop = op.Gather(stops, place + one)
        product = op.MatMul(op.Slice(input, start, stop, zero), op.Gather(weight, group))
        done = op.Concat(done, product, axis=0)
    left = op.Shape(input, start=0, end=1) - op.Shape(done, start=0, end=1)
    rest = op.CastLike(op.Expand(op.Constant(value_float=0.0), op.Concat(left, width, axis=0)), input)
    return op.Concat(done, rest, axis=0)  # type: ignore[no-any-return]
