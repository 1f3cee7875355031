"""Steps that are repeated, taken or left, and done for some rows at a time: ONNX's Loop, If and Scan around values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from converter.writing.values import Value, side_by_side


def loop(step: Callable[..., tuple[Value, Sequence[Value]]], state: Sequence[Value], most: int | Value) -> list[Value]:
    """Return what becomes of values by a step that is done as long as its condition holds, at most so many times.

    `step` is given the number of steps before it, int64, and the values; it returns whether to go on, bool of no axis, and the next values.
    """
    document = state[0].document

    def body(number: str, _: str, *names: str) -> list[str]:
        values = [Value(document, name, each.dtype) for name, each in zip(names, state, strict=True)]
        go_on, found = step(Value(document, number, "int64"), *values)
        return [go_on.name, *(each.name for each in found)]

    inside = document.graph(body, [("int64", ()), ("bool", ()), *((each.dtype, None) for each in state)])
    names = document.nodes("Loop", state[0].constant(most, "int64").name, "", *(each.name for each in state), outputs=len(state), body=inside)
    return [Value(document, name, each.dtype) for name, each in zip(names, state, strict=True)]


def either(condition: Value, yes: Callable[[], Sequence[Value]], no: Callable[[], Sequence[Value]]) -> list[Value]:
    """Return the values that `yes` writes where a condition of no axis holds, else those of `no`: only these are computed."""
    document = condition.document
    dtypes: list[str] = []

    def written(write: Callable[[], Sequence[Value]]) -> list[str]:
        found = write()
        dtypes[:] = [each.dtype for each in found]
        return [each.name for each in found]

    then, other = (document.graph(partial(written, write)) for write in (yes, no))
    names = document.nodes("If", condition.name, outputs=len(dtypes), then_branch=then, else_branch=other)
    return [Value(document, name, dtype) for name, dtype in zip(names, dtypes, strict=True)]


def in_chunks(write: Callable[[Value], Sequence[Value]], rows: Value, width: int, most: int) -> list[Value]:
    """Return what `write` says of rows [batch, width], asked of at most so many rows at a time: what it needs in between stays small.

    The chunks are of one size; the last one is filled up with zeros.
    """
    document, one = rows.document, rows.constant([1], "int64")
    count = rows.rows()
    chunks = ((count + (most - 1)) / most).node("Max", one)
    size = ((count + chunks - 1) / chunks).node("Max", one)
    lacking = side_by_side([one * 0, one * 0, chunks * size - count, one * 0], axis=0)
    cut = rows.node("Pad", lacking).node("Reshape", side_by_side([chunks, size, one * width], axis=0))
    kinds: list[str] = []

    def body(chunk: str) -> list[str]:
        found = write(Value(document, chunk, rows.dtype))
        kinds.extend(each.dtype for each in found)
        return [each.name for each in found]

    inside = document.graph(body, [(rows.dtype, None)])
    names = document.nodes("Scan", cut.name, outputs=len(kinds), body=inside, num_scan_inputs=1)
    return [_together(Value(document, name, kind), count) for name, kind in zip(names, kinds, strict=True)]


def _together(chunks: Value, count: Value) -> Value:
    """Return the first rows of chunks [chunks, size, …] as [count, …]."""
    dims = chunks.node("Shape", dtype="int64", start=2)
    rows = chunks.node("Reshape", side_by_side([dims.constant([-1]), dims], axis=0))
    return rows.node("Slice", count * 0, count)
