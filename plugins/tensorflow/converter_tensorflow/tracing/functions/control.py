"""Branches and loops: ONNX's If, Loop and Scan around what Python's functions write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras

from converter.writing import Value, either, loop
from converter_tensorflow.tracing.operands import traced, value_of
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.traced import Shape, Traced


@function("core.cond")
def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """One of two answers; both have the same structure."""
    answers: list[list[Traced]] = []
    structures: list[Any] = []

    def written(answer: Callable[[], Any]) -> list[Value]:
        nest = answer()
        structures.append(nest)
        answers.append([traced(each) for each in keras.tree.flatten(nest)])
        return [each.value for each in answers[-1]]

    found = either(value_of(pred, "bool").reshaped(), partial(written, true_fn), partial(written, false_fn))
    shapes = [_same(yes.shape, no.shape) for yes, no in zip(*answers, strict=True)]
    return _packed(structures[0], [_shaped(value, shape) for value, shape in zip(found, shapes, strict=True)])


def _same(one: Shape, other: Shape) -> Shape:
    if len(one) != len(other):
        raise Inexpressible("branches whose answers have different ranks")
    return tuple(mine if mine == its else None for mine, its in zip(one, other, strict=True))


def _shaped(value: Value, shape: Shape) -> Traced:
    """A value of a loop or a branch, whose shape ONNX may have lost, with what is known of it."""
    if all(dim is not None for dim in shape[1:]):
        value = value.reshaped(*[0 if dim is None else dim for dim in shape])
    return Traced(value, shape)


def _packed(structure: Any, flat: Sequence[Traced]) -> Any:
    return keras.tree.pack_sequence_as(structure, list(flat))


@function("core.while_loop")
def while_loop(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: Any = None) -> Any:
    """A step again and again while a condition holds."""
    is_nested = keras.tree.is_nested(loop_vars)
    start = [traced(each) for each in keras.tree.flatten(loop_vars)]
    most = 2**62 if maximum_iterations is None else value_of(maximum_iterations, "int64")

    def given(values: Sequence[Value]) -> list[Any]:
        nest = _packed(loop_vars, [Traced(value, each.shape) for value, each in zip(values, start, strict=True)])
        return list(nest) if is_nested else [nest]

    def holds(values: Sequence[Value]) -> Value:
        return value_of(cond(*given(values)), "bool").reshaped()

    def step(_number: Value, *values: Value) -> tuple[Value, Sequence[Value]]:
        after = [traced(each, was.dtype).value for each, was in zip(keras.tree.flatten(body(*given(values))), start, strict=True)]
        return holds(after), after

    values = [each.value for each in start]
    found = either(holds(values), lambda: loop(step, values, most), lambda: values)
    return _packed(loop_vars, [_shaped(value, each.shape) for value, each in zip(found, start, strict=True)])


@function("core.fori_loop")
def fori_loop(lower: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any) -> Any:
    """A step for each number of a range."""
    start = [traced(each) for each in keras.tree.flatten(init_val)]
    first, last = value_of(lower, "int64"), value_of(upper, "int64")

    def step(number: Value, *values: Value) -> tuple[Value, Sequence[Value]]:
        nest = _packed(init_val, [Traced(value, each.shape) for value, each in zip(values, start, strict=True)])
        after = body_fun(Traced((number + first).cast("int32"), ()), nest)
        kept = [traced(each, was.dtype).value for each, was in zip(keras.tree.flatten(after), start, strict=True)]
        return number.constant(True, "bool"), kept

    found = loop(step, [each.value for each in start], (last - first).reshaped())
    return _packed(init_val, [_shaped(value, each.shape) for value, each in zip(found, start, strict=True)])
