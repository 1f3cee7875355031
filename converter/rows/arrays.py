"""Arrays of a file, by the names of inputs: .npz, .npy and ONNX's .pb. NumPy's are mapped into memory, so that a batch reads what it needs."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from converter.cases.folders import read_tensor
from converter.errors import UnreadableSource, UsageError
from converter.rows.formats import NPY, PB, format_of

Arrays = Mapping[str, np.ndarray]


def open_arrays(path: Path, inputs: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the arrays of a file by name; one without a name is the graph's only input.

    Raises UnreadableSource, and UsageError where an array without a name could be any of several inputs.
    """
    kind = format_of(path)
    if kind == PB:
        name, array = read_tensor(path)
        return {name or _only(path, inputs): array}
    try:
        if kind == NPY:
            return {_only(path, inputs): map_array(path)}
        return _map_archive(path)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        what = "an array" if kind == NPY else "arrays"
        raise UnreadableSource(
            f"{path} cannot be read as {what}: {error}", hint="write it with numpy.save or numpy.savez, without objects"
        ) from error


def map_array(path: Path) -> np.ndarray:
    """Return the array of an .npy file, mapped into memory; raises ValueError, OSError and EOFError."""
    with path.open("rb") as file:
        return _mapped(file)


def _map_archive(path: Path) -> dict[str, np.ndarray]:
    found = {}
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for member in archive.infolist():
            if not member.filename.endswith(".npy"):
                raise ValueError(f"it holds {member.filename}, which is no array")
            if member.compress_type == zipfile.ZIP_STORED:
                file.seek(member.header_offset + 26)  # a local header: 30 bytes, of which the last 4 are the lengths of what follows it
                lengths = file.read(4)
                file.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), 1)
                found[member.filename[:-4]] = _mapped(file)
                continue
            with tempfile.TemporaryFile() as unpacked:  # the map keeps its space on disk
                with archive.open(member) as packed:
                    shutil.copyfileobj(packed, unpacked)
                unpacked.seek(0)
                found[member.filename[:-4]] = _mapped(unpacked)
    return found


def _mapped(file: IO[bytes]) -> np.ndarray:
    """The array whose .npy bytes begin here."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(file)
    if version not in readers:
        raise ValueError(f"it is of .npy version {version[0]}.{version[1]}, which is for records")
    shape, is_fortran, dtype = readers[version](file)
    if dtype.hasobject or dtype.kind == "V":
        raise ValueError("it holds objects" if dtype.hasobject else f"it holds {dtype}, which is no number")
    if not np.prod(shape, dtype=np.int64) * dtype.itemsize:
        return np.zeros(shape, dtype)
    return np.memmap(file, dtype, "r", file.tell(), shape, "F" if is_fortran else "C")


def _only(path: Path, inputs: Sequence[str]) -> str:
    if len(inputs) != 1:
        raise UsageError(
            f"{path.name} does not say which input it is",
            hint=f"--input NAME={path}, NAME one of {', '.join(inputs)}; or an .npz with an array for each",
        )
    return inputs[0]
