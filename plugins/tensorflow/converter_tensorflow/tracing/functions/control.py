"""Branches and loops: ONNX's If, Loop and Scan around what Python's functions write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras

from converter.writing import Value, either, loop
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.traced import Shape, Traced, current_document, traced, value_of


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


@function("rnn.rnn")
def rnn(
    step_function: Callable[..., Any],
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, Any]:
    """A step for each element of a time axis, with states; a Scan, whose length is free. Masked steps keep states and the output before."""
    if isinstance(mask, list | tuple):
        (mask,) = mask
    axis = 0 if time_major else 1
    sequences = [traced(each) for each in keras.tree.flatten(inputs)]
    states = [traced(each) for each in keras.tree.flatten(initial_states)]
    masks = [] if mask is None else [_flat_mask(traced(mask, "bool"))]
    document = current_document()
    outputs: list[Traced] = []
    structure: list[Any] = []

    def at(each: Traced) -> Shape:
        return each.shape[:axis] + each.shape[axis + 1 :]

    def called(elements: Sequence[Traced], before: Sequence[Traced]) -> tuple[list[Traced], list[Traced]]:
        given = keras.tree.pack_sequence_as(initial_states, list(before))
        carried = tuple(given) if constants is None else (*given, *constants)
        output, after = step_function(keras.tree.pack_sequence_as(inputs, list(elements)), carried)
        structure[:] = [output]
        return [traced(each) for each in keras.tree.flatten(output)], [traced(each) for each in keras.tree.flatten(after)]

    def first_outputs() -> list[Traced]:
        """Zeros in the shape of an output, for masked steps before the first one that is not."""
        elements = [each[(slice(None),) * axis + (0,)] for each in sequences]
        return [traced(keras.ops.zeros_like(each)) for each in called(elements, states)[0]]

    held = first_outputs() if masks and not zero_output_for_mask else []

    def body(*names: str) -> list[str]:
        values = [Value(document, name, each.dtype) for name, each in zip(names, [*states, *held, *sequences, *masks], strict=True)]
        before = [Traced(value, each.shape) for value, each in zip(values, states, strict=False)]
        kept = [Traced(value, each.shape) for value, each in zip(values[len(states) :], held, strict=False)]
        rest = values[len(states) + len(held) :]
        elements = [Traced(value, at(each)) for value, each in zip(rest, sequences, strict=False)]
        found, after = called(elements, before)
        after = [each.cast(was.dtype) for each, was in zip(after, before, strict=True)]
        if masks:
            valid = Traced(rest[-1], at(masks[0]))
            after = [_chosen(valid, each, was) for each, was in zip(after, before, strict=True)]
            others = kept or [traced(keras.ops.zeros_like(each)) for each in found]
            found = [_chosen(valid, each, was) for each, was in zip(found, others, strict=True)]
        outputs[:] = found
        carried = found if held else []
        return [each.value.name for each in (*after, *carried, *found)]

    kinds = [(each.dtype, each.shape) for each in (*states, *held)] + [(each.dtype, at(each)) for each in (*sequences, *masks)]
    inside = document.graph(body, kinds)
    count = len(states) + len(held) + len(outputs)
    scanned = len(sequences) + len(masks)
    names = document.nodes(
        "Scan",
        *(each.value.name for each in (*states, *held, *sequences, *masks)),
        outputs=count,
        body=inside,
        num_scan_inputs=scanned,
        scan_input_axes=[axis] * len(sequences) + [1 if not time_major else 0] * len(masks),
        scan_input_directions=[int(go_backwards)] * scanned,
        scan_output_axes=[axis] * len(outputs),
    )
    final = [Traced(Value(document, name, each.dtype), each.shape) for name, each in zip(names, states, strict=False)]
    steps = sequences[0].shape[axis]
    everything = [
        Traced(Value(document, name, each.dtype), (*each.shape[:axis], steps, *each.shape[axis:]))
        for name, each in zip(names[len(states) + len(held) :], outputs, strict=True)
    ]
    last = [each[(slice(None),) * axis + (-1,)] for each in everything]
    given = everything if return_all_outputs else [traced(keras.ops.expand_dims(each, axis)) for each in last]
    return _packed(structure[0], last), _packed(structure[0], given), _packed(initial_states, final)


def _flat_mask(mask: Traced) -> Traced:
    return traced(keras.ops.squeeze(mask, -1)) if mask.ndim == 3 else mask


def _chosen(valid: Traced, yes: Traced, no: Traced) -> Traced:
    shape = tuple(range(valid.ndim, yes.ndim))
    wide = traced(keras.ops.expand_dims(valid, shape)) if shape else valid
    return traced(keras.ops.where(wide, yes, no))
