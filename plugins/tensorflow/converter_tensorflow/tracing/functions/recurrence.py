"""A step for each element of a time axis, with states: ONNX's Scan, whose length is free."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from converter.writing import Value
from converter_tensorflow.tracing.current import current_document
from converter_tensorflow.tracing.operands import traced
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.traced import Shape, Traced


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
    """The last output, all outputs, the last states. A step that the mask leaves out keeps the states, and repeats the output before or gives 0."""
    if isinstance(mask, list | tuple):
        (mask,) = mask
    axis = 0 if time_major else 1
    step = _Step(step_function, inputs, initial_states, () if constants is None else tuple(constants))
    sequences, states = ([traced(each) for each in keras.tree.flatten(nest)] for nest in (inputs, initial_states))
    masks = [] if mask is None else [_flat(traced(mask, "bool"))]
    repeated = step.first_outputs(sequences, states, axis) if masks and not zero_output_for_mask else []
    scan = _Scan(step, axis, backwards=go_backwards, sequences=[*sequences, *masks], carried=[*states, *repeated], count=len(states))
    outputs, after = scan.written(is_masked=bool(masks))
    last = [traced(each[(slice(None),) * axis + (-1,)]) for each in outputs]
    given = outputs if return_all_outputs else [traced(keras.ops.expand_dims(each, axis)) for each in last]
    structure = step.structure[0]
    return tuple(keras.tree.pack_sequence_as(*each) for each in ((structure, last), (structure, given), (initial_states, after)))


@function("core.scan")
def scan(f: Callable[..., Any], init: Any, xs: Any = None, length: int | None = None, reverse: bool = False, unroll: Any = 1) -> tuple[Any, Any]:
    """What steps carry along a first axis, and what they give; as in TensorFlow, that has the structure of what is carried."""
    if xs is None:
        elements: Any = keras.ops.arange(length)
    else:
        elements = xs if length is None else keras.tree.map_structure(lambda each: each[:length], xs)

    def given(element: Any, carried: Any) -> tuple[Any, Any]:
        after, found = f(carried, None if xs is None else element)
        if len(keras.tree.flatten(found)) != len(states) or found is None:
            raise Inexpressible("a scan whose steps give not as much as they carry")
        return found, after

    sequences, states = ([traced(each) for each in keras.tree.flatten(nest)] for nest in (elements, init))
    step = _Step(given, elements, init, ())
    written = _Scan(step, axis=0, backwards=reverse, sequences=sequences, carried=states, count=len(states), is_in_place=True)
    outputs, after = written.written(is_masked=False)
    return keras.tree.pack_sequence_as(init, after), keras.tree.pack_sequence_as(init, outputs)


@dataclass(frozen=True)
class _Step:
    """Keras's step on flat lists of tensors; `structure` holds the nest of its output once it was called."""

    function: Callable[..., Any]
    inputs: Any
    states: Any
    constants: tuple[Any, ...]
    structure: list[Any] = field(default_factory=list)

    def __call__(self, elements: Sequence[Traced], states: Sequence[Traced]) -> tuple[list[Traced], list[Traced]]:
        before = keras.tree.pack_sequence_as(self.states, list(states))
        carried = (*before, *self.constants) if self.constants else before
        output, after = self.function(keras.tree.pack_sequence_as(self.inputs, list(elements)), carried)
        self.structure[:] = [output]
        return [traced(each) for each in keras.tree.flatten(output)], [traced(each) for each in keras.tree.flatten(after)]

    def first_outputs(self, sequences: Sequence[Traced], states: Sequence[Traced], axis: int) -> list[Traced]:
        """What steps before the first valid one repeat: zeros in the shape of an output."""
        elements = [traced(each[(slice(None),) * axis + (0,)]) for each in sequences]
        return [traced(keras.ops.zeros_like(each)) for each in self(elements, states)[0]]


@dataclass(frozen=True)
class _Scan:
    """The operator: it carries states, `count` of them, and the outputs that masked steps repeat; it reads sequences along an axis, a mask last.

    Backwards its outputs lie in the order in which they are made, or, if `is_in_place`, where their elements do.
    """

    step: _Step
    axis: int
    backwards: bool
    sequences: list[Traced]
    carried: list[Traced]
    count: int
    is_in_place: bool = False

    def written(self, *, is_masked: bool) -> tuple[list[Traced], list[Traced]]:
        """Write it; returns the outputs along the axis and the last states."""
        document, outputs = current_document(), list[Traced]()

        def body(*names: str) -> list[str]:
            kinds = [*self.carried, *self.sequences]
            values = [Value(document, name, each.dtype) for name, each in zip(names, kinds, strict=True)]
            shapes = [*(each.shape for each in self.carried), *(self._element(each) for each in self.sequences)]
            given = [Traced(value, shape) for value, shape in zip(values, shapes, strict=True)]
            carried, elements = given[: len(self.carried)], given[len(self.carried) :]
            after, found = self._masked(carried, elements) if is_masked else self._plain(carried, elements)
            outputs[:] = found
            return [each.value.name for each in (*after, *(found if len(self.carried) > self.count else []), *found)]

        kinds = [*((each.dtype, each.shape) for each in self.carried), *((each.dtype, self._element(each)) for each in self.sequences)]
        inside = document.graph(body, kinds)
        names = document.nodes(
            "Scan",
            *(each.value.name for each in (*self.carried, *self.sequences)),
            outputs=len(self.carried) + len(outputs),
            body=inside,
            num_scan_inputs=len(self.sequences),
            scan_input_axes=[self.axis] * len(self.sequences),
            scan_input_directions=[int(self.backwards)] * len(self.sequences),
            scan_output_axes=[self.axis] * len(outputs),
            scan_output_directions=[int(self.backwards and self.is_in_place)] * len(outputs),
        )
        after = [Traced(Value(document, name, each.dtype), each.shape) for name, each in zip(names, self.carried[: self.count], strict=False)]
        everything = zip(names[len(self.carried) :], outputs, strict=True)
        return [Traced(Value(document, name, each.dtype), self._along(each.shape)) for name, each in everything], after

    def _plain(self, carried: list[Traced], elements: list[Traced]) -> tuple[list[Traced], list[Traced]]:
        found, after = self.step(elements, carried)
        return [each.cast(was.dtype) for each, was in zip(after, carried, strict=True)], found

    def _masked(self, carried: list[Traced], elements: list[Traced]) -> tuple[list[Traced], list[Traced]]:
        states, repeated, valid = carried[: self.count], carried[self.count :], elements[-1]
        after, found = self._plain(states, elements[:-1])
        silent = repeated or [traced(keras.ops.zeros_like(each)) for each in found]
        kept, given = ([_chosen(valid, *pair) for pair in zip(new, old, strict=True)] for new, old in ((after, states), (found, silent)))
        return kept, given

    def _element(self, sequence: Traced) -> Shape:
        return (*sequence.shape[: self.axis], *sequence.shape[self.axis + 1 :])

    def _along(self, shape: Shape) -> Shape:
        return (*shape[: self.axis], self.sequences[0].shape[self.axis], *shape[self.axis :])


def _flat(mask: Traced) -> Traced:
    return traced(keras.ops.squeeze(mask, -1)) if mask.ndim == 3 else mask


def _chosen(valid: Traced, yes: Traced, no: Traced) -> Traced:
    places = tuple(range(valid.ndim, yes.ndim))
    return traced(keras.ops.where(keras.ops.expand_dims(valid, places) if places else valid, yes, no))
