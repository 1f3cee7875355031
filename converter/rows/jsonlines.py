"""Record batches as JSON lines, a column at a time: numbers as short as their dtype allows, NaN and infinities as null, which JSON lacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


def json_lines(batch: pa.RecordBatch) -> bytes:
    """Return a line for each row, an object with the columns as its keys."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(batch):
        return b""
    parts: list[pa.Scalar | pa.Array] = []
    for place, name in enumerate(batch.schema.names):
        parts += [pa.scalar(f"{', ' if place else '{'}{json.dumps(name, ensure_ascii=False)}: ", pa.large_string()), _texts(batch.column(place))]
    lines = pc.binary_join_element_wise(*parts, pa.scalar("}\n", pa.large_string()), pa.scalar("", pa.large_string()))
    offsets = np.frombuffer(lines.buffers()[1], np.int64)
    return bytes(lines.buffers()[2][int(offsets[lines.offset]) : int(offsets[lines.offset + len(lines)])])


def _texts(values: pa.Array) -> pa.Array:
    """Each value as JSON."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, text = values.type, pa.large_string()
    if pa.types.is_dictionary(kind):
        return _texts(values.dictionary_decode())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        found = _joined(values)
    elif pa.types.is_floating(kind):
        found = pc.if_else(pc.is_finite(values), (values.cast(pa.float32()) if pa.types.is_float16(kind) else values).cast(text), None)
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        found = values.cast(text)
    else:
        found = pa.array([None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in _plain(values)], text)
    return pc.fill_null(found, "null")


def _plain(values: pa.Array) -> list[object]:
    """The values as Python's; maps as objects, whose keys are text."""
    import pyarrow as pa

    if pa.types.is_map(values.type):
        return [None if value is None else {str(key): item for key, item in value} for value in values.to_pylist()]
    return list(values.to_pylist())


def _joined(lists: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int64())
    texts = pa.LargeListArray.from_arrays(offsets, _texts(lists.flatten()))
    inner = pc.binary_join(texts, pa.scalar(", ", pa.large_string()))
    whole = pc.binary_join_element_wise(pa.scalar("[", pa.large_string()), inner, pa.scalar("]", pa.large_string()), pa.scalar("", pa.large_string()))
    return pc.if_else(pc.is_valid(lists), whole, None)
