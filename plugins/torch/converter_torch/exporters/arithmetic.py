"""Translations of arithmetic on symbolic numbers, which Python does in double precision.

torch's own compute symbolic floats in float32: `int(n * 0.29)` at n = 100 is 28 in Python and would be 29 in the graph. Here each symbolic
float has a twin in double precision, from which whole numbers and comparisons are made; tensors still get the float32 one. Twins
that nothing reads are dropped with the graph's other unused nodes.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from typing import Any

import onnx_ir as ir
import torch
from onnxscript import opset18

from converter_torch.exporters.translations import Table

_DOUBLE, _FLOAT, _INT = ir.DataType.DOUBLE, ir.DataType.FLOAT, ir.DataType.INT64
op: Any = opset18  # its own types are those of a script that is compiled
Number = Any  # a value of the graph, or a number of Python


def translations() -> Table:
    """Return translations for one export: they share the twins of its values."""
    return _Arithmetic().table


class _Arithmetic:
    """Translations that know the twin of each symbolic float."""

    def __init__(self) -> None:
        self._twins: dict[int, tuple[ir.Value, ir.Value]] = {}  # id → the value (kept alive, so that the id stays its own) and its twin
        self.table: Table = {
            torch.sym_float: self._float,
            torch._sym_sqrt: self._of_one(op.Sqrt),  # type: ignore[attr-defined]
            operator.neg: self._of_one(op.Neg),
            operator.add: self._of_two(op.Add),
            operator.sub: self._of_two(op.Sub),
            operator.mul: self._of_two(op.Mul),
            operator.truediv: self._divided,
            operator.pow: self._of_two(op.Pow),
            torch.sym_max: self._of_two(op.Max),
            torch.sym_min: self._of_two(op.Min),
            operator.gt: self._compared(op.Greater),
            operator.ge: self._compared(op.GreaterOrEqual),
            operator.lt: self._compared(op.Less),
            operator.le: self._compared(op.LessOrEqual),
            math.floor: self._whole(op.Floor),
            math.ceil: self._whole(op.Ceil),
            math.trunc: self._whole(lambda value: value),
            builtins.round: self._whole(op.Round),
            torch.ops.aten.mul.Scalar: _scaled,
        }

    def _float(self, self_: Number) -> ir.Value:
        return self._paired(op.Cast(self_, to=_FLOAT), self._double(self_))

    def _of_one(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def translated(a: Number) -> ir.Value:
            value: ir.Value = function(a)
            return value if _is_whole(a) else self._paired(value, function(self._double(a)))

        return translated

    def _of_two(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def translated(a: Number, b: Number) -> ir.Value:
            if _is_whole(a) and _is_whole(b):
                whole: ir.Value = function(_whole(a), _whole(b))
                return whole
            return self._paired(function(_narrow(a), _narrow(b)), function(self._double(a), self._double(b)))

        return translated

    def _divided(self, a: Number, b: Number) -> ir.Value:
        return self._paired(op.Div(_narrow(a), _narrow(b)), op.Div(self._double(a), self._double(b)))

    def _compared(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def translated(a: Number, b: Number) -> Any:
            if _is_whole(a) and _is_whole(b):
                return function(_whole(a), _whole(b))
            return function(self._double(a), self._double(b))

        return translated

    def _whole(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def translated(a: Number, _digits: None = None) -> Any:
            return a if _is_whole(a) else op.Cast(function(self._double(a)), to=_INT)

        return translated

    def _paired(self, value: ir.Value, twin: ir.Value) -> ir.Value:
        self._twins[id(value)] = (value, twin)
        return value

    def _double(self, number: Number) -> Any:
        if not isinstance(number, ir.Value):
            return _constant(float(number))
        return self._twins[id(number)][1] if id(number) in self._twins else op.Cast(number, to=_DOUBLE)


def _scaled(self: ir.Value, other: Number) -> Any:
    """Translate a tensor times a number, which torch's own takes for known."""
    return op.Mul(self, op.CastLike(other, self) if isinstance(other, ir.Value) else op.Constant(value=ir.tensor(other, dtype=self.dtype)))


def _is_whole(number: Number) -> bool:
    return number.dtype == _INT if isinstance(number, ir.Value) else isinstance(number, int)


def _whole(number: Number) -> Any:
    return number if isinstance(number, ir.Value) else op.Constant(value_int=number)


def _narrow(number: Number) -> Any:
    if not isinstance(number, ir.Value):
        return op.Constant(value_float=float(number))
    return op.Cast(number, to=_FLOAT) if number.dtype != _FLOAT else number


def _constant(number: float) -> Any:
    return op.Constant(value=ir.tensor(number, dtype=_DOUBLE))
