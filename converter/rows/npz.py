"""Arrays to an .npz that `numpy.load` reads without pickle, a batch at a time; `numpy.savez` takes whole arrays only, and fails on one called "file"."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converter import dtypes
from converter.errors import GraphError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

IN_MEMORY = 32 << 20  # bytes of a member; more of it waits in a file without a name, since a zip takes its members one after the other


class NpzWriter:
    """Gathers each array from its batches, and writes them all at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._members: dict[str, _Member] = {}

    def write(self, arrays: Mapping[str, Any]) -> None:
        """Add to each array along its first dimension; raises UsageError for what is no tensor, GraphError for rows of another shape than before."""
        for name, value in arrays.items():
            array = storable(name, value)
            if name not in self._members:
                self._members[name] = _Member(name, array, self._path.parent)
            else:
                self._members[name].add(array)

    def close(self) -> None:
        """Write the file."""
        with zipfile.ZipFile(self._path, "w") as archive:
            for name, member in self._members.items():
                member.write(archive, f"{name}.npy")

    def abandon(self) -> None:
        """Write nothing, and let go of what waits."""
        for member in self._members.values():
            member.close()


class _Member:
    """One array on its way into the file."""

    def __init__(self, name: str, first: np.ndarray, folder: Path) -> None:
        self._name, self._dtype, self._shape = name, first.dtype, first.shape
        self._texts: list[np.ndarray] = []  # their width is known at the end only
        self._bytes = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115 - closed after it was written
        self._keep(first)

    def add(self, array: np.ndarray) -> None:
        if not self._shape or array.shape[1:] != self._shape[1:] or array.dtype.kind != self._dtype.kind:
            raise GraphError(
                f"output '{self._name}' has shape {list(array.shape)} in one batch and {list(self._shape)} in those before",
                hint="a --batch-size of all the rows makes one batch of them",
            )
        self._shape = (self._shape[0] + len(array), *self._shape[1:])
        self._keep(array)

    def _keep(self, array: np.ndarray) -> None:
        if array.dtype.kind == "U":
            self._texts.append(array)
        else:
            self._bytes.write(np.ascontiguousarray(array).data)

    def close(self) -> None:
        self._bytes.close()

    def write(self, archive: zipfile.ZipFile, name: str) -> None:
        with archive.open(name, "w", force_zip64=True) as file, self._bytes:
            if self._dtype.kind == "U":
                np.lib.format.write_array(file, np.concatenate(self._texts) if self._shape else self._texts[0], allow_pickle=False)
                return
            header = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": self._shape}
            np.lib.format.write_array_header_1_0(file, header)
            self._bytes.seek(0)
            shutil.copyfileobj(self._bytes, file, 1 << 20)


def storable(name: str, value: Any) -> np.ndarray:
    """Return the value as an array that the .npy format holds: text in fixed width, and floats that only ML knows, exactly, as float32.

    Raises UsageError for what is no tensor.
    """
    if not isinstance(value, np.ndarray):
        raise UsageError(f"output '{name}' is no tensor, and an .npz holds nothing else", hint="leave out -o to see it")
    dtype = dtypes.name_of(value.dtype)
    if dtype == dtypes.STRING:
        return value.astype(str)
    return value.astype(np.float32) if dtype in dtypes.EXTENDED else value


def arrays_of(batch: pa.RecordBatch) -> dict[str, np.ndarray]:
    """Return the columns as arrays, [rows] or, where they hold lists, [rows, …]; raises UsageError for what no array holds."""
    from converter.runtime.tables.cells import Ragged, unfold

    found = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            values, shape = unfold(column)
            array = values.to_numpy(zero_copy_only=False)
            if array.dtype == object and (values.null_count or not all(isinstance(value, str) for value in array)):
                raise Ragged(f"{column.type} with missing or other values")
        except Ragged as error:
            raise UsageError(f"column '{name}' holds {error}, which an .npz cannot hold", hint="write .parquet, .arrow or .jsonl") from error
        found[name] = array.reshape(shape)
    return found
