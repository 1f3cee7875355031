"""Arrays and images through a graph, a batch at a time; tables go through Session.map_batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.ctc import CtcAlphabet
from converter.errors import InputError, UsageError
from converter.images import ImagePreparation
from converter.rows.tables import rows_of
from converter.runtime.tables.batches import answer
from converter.runtime.tables.cells import fit
from converter.runtime.tables.fields import write_output

if TYPE_CHECKING:
    import pyarrow as pa

    from converter.runtime import Port, Session

BATCH_BYTES = 4 << 20  # of arrays and images: what a network makes of them inside is a hundred times as much


@dataclass(frozen=True)
class Answers:
    """What a graph gave for a batch: its outputs by name, and the images' names and texts where there are any."""

    outputs: Mapping[str, Any]
    rows: int
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] | None = None


def answer_arrays(
    session: Session, arrays: Mapping[str, np.ndarray], constants: Mapping[str, Any], size: int | None, names: Sequence[str] = ()
) -> Iterator[Answers]:
    """Run the graph on arrays, in batches of `size` rows where it is given, else of a good size where the graph says that its rows are apart.

    `names` are the rows' own, where they have any. Raises InputError and GraphError.
    """
    ports = {port.name: port for port in session.inputs}
    rows = {name: array for name, array in arrays.items() if name in ports and ports[name].dims and array.ndim}
    whole = {**constants, **{name: _fitted(ports.get(name), array) for name, array in arrays.items() if name not in rows}}
    total = _common_length(rows)
    fixed = next((dim for name in rows if isinstance(dim := ports[name].dims[0], int)), None)
    if total and fixed != total and (size or fixed or _are_apart([ports[name] for name in rows], session.outputs)):
        step = size or rows_of(sum(array.nbytes for array in rows.values()) / total, BATCH_BYTES)
    else:
        step, fixed = max(total, 1), None
    for at in range(0, max(total, 1), step):
        part = {name: _fitted(ports[name], array[at : at + step] if total else array) for name, array in rows.items()}
        count = min(step, total - at) if total else 0
        outputs = answer(lambda feeds: session({**whole, **feeds}), session.outputs, part, count, fixed)
        yield Answers(outputs, count, tuple(names[at : at + step]), _texts(session, outputs))


def answer_images(session: Session, name: str, paths: Sequence[Path], constants: Mapping[str, Any], size: int | None) -> Iterator[Answers]:
    """Run the graph on images, prepared as its metadata says, `size` at a time.

    Raises UsageError where the metadata does not say it, GraphError, and as `ImagePreparation.batch`.
    """
    preparation = prepares(session, name)
    pixels = preparation.height * preparation.width * len(preparation.mean)
    step = size or rows_of(pixels * 4, BATCH_BYTES)
    for at in range(0, len(paths), step):
        part = list(paths[at : at + step])
        yield from answer_arrays(session, {name: preparation.batch(part)}, constants, size, [str(path) for path in part])


def prepares(session: Session, name: str) -> ImagePreparation:
    """Return how the graph wants its images; raises UsageError where it does not say so."""
    preparation = ImagePreparation.from_metadata(session.metadata)
    if preparation is None:
        raise UsageError(f"the graph does not say how images for '{name}' are prepared", hint=f"give a prepared array: --input {name}=images.npy")
    return preparation


def batch_of(outputs: Sequence[Port], answers: Answers) -> pa.RecordBatch:
    """Return the answers as rows: the images' names, then their texts or else a column for each output; raises GraphError."""
    import pyarrow as pa

    columns: dict[str, pa.Array] = {"file": pa.array(answers.names)} if answers.names else {}
    if answers.texts is not None:
        columns["text"] = pa.array(answers.texts, pa.string())
    else:
        columns |= {port.name: write_output(port, answers.outputs[port.name], answers.rows) for port in outputs}
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _texts(session: Session, outputs: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The texts that the outputs hold, where the graph is a recogniser and says how it is read."""
    alphabet = CtcAlphabet.from_metadata(session.metadata)
    return tuple(alphabet.decode(outputs[alphabet.output])) if alphabet is not None else None


def _common_length(arrays: Mapping[str, np.ndarray]) -> int:
    """How many rows the arrays have, 0 where they do not agree; the session says what is wrong with them."""
    lengths = {len(array) for array in arrays.values()}
    return lengths.pop() if len(lengths) == 1 else 0


def _are_apart(inputs: Sequence[Port], outputs: Sequence[Port]) -> bool:
    """Whether the graph declares one axis in front of these inputs and of every output."""
    axes = {port.dims[0] for port in (*inputs, *outputs) if port.dims}
    return len(axes) == 1 and isinstance(next(iter(axes)), str) and all(port.dims for port in outputs)


def _fitted(port: Port | None, array: np.ndarray) -> np.ndarray:
    """The array in the input's dtype if that loses no more than a float's last digits; as it is where the session shall say what is wrong.

    Raises InputError for a value that the dtype cannot hold.
    """
    array = array.view(np.ndarray)  # a mapped array is a class of its own
    if port is None or port.dtype is None or port.is_string or array.dtype.kind not in "biuf":
        return array
    found, lost = fit(array, port.dtype)
    if lost is not None:
        raise InputError(
            f"input '{port.name}' wants {port.dtype}, which cannot hold {array.flat[lost]}", hint=f"array.astype('{port.dtype}') rounds it"
        )
    return found
