"""The user's own samples (`--data`): tables, arrays and images become cases; a table also tells a plugin its columns.

.csv .parquet .feather      a table: rows of columns; needs pyarrow (the extra `data`)
.npz                        the feeds of one case, an array for each input
.npy                        the feed of the only input
.png .jpg …                 images, prepared as the model's metadata says, one batch
"""

from __future__ import annotations

import glob
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converter import dtypes, images
from converter.cases.plan import PlannedCase
from converter.errors import InputError, MissingPackage, SourceNotFound, UnreadableSource, UsageError
from converter.runtime.tables.columns import Wanted, choose
from converter.specs import Input, ModelSpec, evaluate, terms

TABLES = frozenset({".csv", ".parquet", ".feather", ".arrow"})
ROWS = 256  # of a table in its case


@dataclass(frozen=True)
class Data:
    """What `--data` named: at most one table, and files of arrays and images."""

    columns: Mapping[str, np.ndarray] | None = None
    table: Path | None = None
    arrays: tuple[Path, ...] = ()
    images: tuple[Path, ...] = ()

    def cases(self, spec: ModelSpec) -> list[PlannedCase]:
        """Return the samples as cases for a model; raises InputError where they do not fit it."""
        found: list[PlannedCase] = []
        if self.columns is not None and self.table is not None:
            found += _table_cases(self.columns, self.table, spec)
        found += [_planned(path.name, _read_arrays(path, spec), spec) for path in self.arrays]
        if self.images:
            found.append(_planned(f"{len(self.images)} images", _read_images(self.images, spec), spec))
        return found


def read_data(names: Sequence[str]) -> Data:
    """Look at the files that `names` (paths or patterns) stand for and read the table among them.

    Raises SourceNotFound, UsageError for an unknown suffix or a second table, UnreadableSource, and MissingPackage without pyarrow.
    """
    paths = [path for name in names for path in expand(name)]
    tables = [path for path in paths if path.suffix.lower() in TABLES]
    if len(tables) > 1:
        raise UsageError(f"--data wants one table at most, not {tables[0].name} and {tables[1].name}", hint="join them into one file")
    known = {".npz", ".npy", *TABLES, *images.SUFFIXES}
    for path in paths:
        if path.suffix.lower() not in known:
            raise UsageError(f"--data cannot read {path.name}", hint=f"suffixes: {', '.join(sorted(known))}")
    return Data(
        columns=read_table(tables[0]) if tables else None,
        table=tables[0] if tables else None,
        arrays=tuple(path for path in paths if path.suffix.lower() in {".npz", ".npy"}),
        images=tuple(path for path in paths if path.suffix.lower() in images.SUFFIXES),
    )


def expand(name: str) -> list[Path]:
    """Return the files that a path or a pattern (`words/*.png`) stands for, sorted; raises SourceNotFound where there is none."""
    if os.path.exists(name):  # noqa: PTH110 - unlike Path.exists, False for a text that can be no path
        return [Path(name)]
    found = sorted(glob.glob(name, recursive=True))
    if not found:
        raise SourceNotFound(name, hint="check the path or the pattern")
    return [Path(each) for each in found]


def read_table(path: Path) -> dict[str, np.ndarray]:
    """Return the columns of a table, an array [rows] each: numbers in their dtype, text as objects, missing numbers as NaN.

    Raises UnreadableSource, and MissingPackage without pyarrow.
    """
    try:
        import pyarrow as pa
        import pyarrow.csv
        import pyarrow.feather
        import pyarrow.parquet
    except ImportError:
        raise MissingPackage("pyarrow", f"to read {path}", extra="data") from None
    readers = {".csv": pyarrow.csv.read_csv, ".parquet": pyarrow.parquet.read_table}
    try:
        table = readers.get(path.suffix.lower(), pyarrow.feather.read_table)(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableSource(f"{path} cannot be read as a table: {error}", hint="a .csv wants a header line and commas") from error
    return {name: _column(table.column(name).to_numpy()) for name in table.column_names}


def _column(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind != "O":
        return values
    missing = [value is None for value in values]
    if all(isinstance(value, bool) for value in values):
        return values.astype(bool)
    return np.array(["" if gone else str(value) for value, gone in zip(values, missing, strict=True)], object)


def _table_cases(columns: Mapping[str, np.ndarray], path: Path, spec: ModelSpec) -> list[PlannedCase]:
    rows = len(next(iter(columns.values()), ()))
    if not rows:
        raise InputError(f"{path.name} has no rows", hint="give at least one row of real values")
    found = [_planned(f"{path.name}, {min(ROWS, rows)} rows", feeds_from_table(spec.inputs, columns, slice(0, ROWS)), spec)]
    if rows > 1:
        found.append(_planned(f"{path.name}, last row", feeds_from_table(spec.inputs, columns, slice(rows - 1, rows)), spec))
    return found


def feeds_from_table(inputs: Sequence[Input], columns: Mapping[str, np.ndarray], rows: slice) -> dict[str, np.ndarray]:
    """Return the feeds that rows of a table make, its columns chosen as `converter.runtime.tables.columns.choose` says.

    Raises InputError where a column is missing, or its values do not fit the input's dtype.
    """
    feeds = {}
    for each in inputs:
        names = choose(Wanted(each.name, each.dims, each.columns), list(columns), spare=list(columns) if len(inputs) == 1 else None)
        stacked = cast(each, np.stack([columns[name][rows] for name in names], -1))
        lengths = [dim for dim in each.dims[1:] if isinstance(dim, int)]
        shape = (len(stacked), *lengths) if len(lengths) == len(each.dims[1:]) else stacked.shape
        if stacked.size != np.prod(shape):
            raise InputError(
                f"input '{each.name}' wants {list(each.dims)}, the table gives it {len(names)} columns", hint="check the table's columns"
            )
        feeds[each.name] = stacked.reshape(shape)
    return feeds


def cast(wanted: Input, values: np.ndarray) -> np.ndarray:
    """Return the values in the input's dtype; raises InputError where they are of another kind, or integers would not keep their value."""
    try:
        return _as_text(values) if wanted.dtype == dtypes.STRING else _as_numbers(values, wanted.dtype)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"input '{wanted.name}' wants {wanted.dtype}, the data is {values.dtype}: {error}", hint="check the column's values"
        ) from error


def _as_text(values: np.ndarray) -> np.ndarray:
    found = np.asarray(values, object)
    wrong = [value for value in found.ravel() if not isinstance(value, str)]
    if wrong:
        raise ValueError(f"{wrong[0]} is no text")
    return found


def _as_numbers(values: np.ndarray, dtype: str) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # what cannot be cast does not come back the same
        found = values.astype(dtypes.numpy_dtype(dtype))
    if not dtypes.is_float(dtype) and values.dtype.kind in "iuf" and (changed := values[found != values]).size:
        raise ValueError(f"{changed[0]} is not one")
    return found


def _read_arrays(path: Path, spec: ModelSpec) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray) != (path.suffix.lower() == ".npy"):
                raise ValueError("it holds one array" if isinstance(loaded, np.ndarray) else "it holds several")
            given = {spec.inputs[0].name: loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise UnreadableSource(
            f"{path} cannot be read as arrays: {error}", hint="write it with numpy.savez or numpy.save, without objects"
        ) from error
    names = {each.name for each in spec.inputs}
    if given.keys() != names:
        raise InputError(
            f"{path.name} holds {sorted(given)}, the model takes {sorted(names)}", hint="an .npz has an array for each input, by its name"
        )
    return {each.name: cast(each, given[each.name]) for each in spec.inputs}


def _read_images(paths: tuple[Path, ...], spec: ModelSpec) -> dict[str, np.ndarray]:
    preparation = images.ImagePreparation.from_metadata(spec.metadata)
    if preparation is None:
        raise UsageError("the model does not say how images are prepared", hint="give prepared arrays: --data samples.npz")
    return {preparation.input: preparation.batch(list(paths))}


def _planned(origin: str, feeds: dict[str, np.ndarray], spec: ModelSpec) -> PlannedCase:
    return PlannedCase(origin, 0, sizes_of(spec.inputs, feeds), feeds)


def sizes_of(inputs: Sequence[Input], feeds: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Return the size of every axis in these feeds; raises InputError where a feed has another shape than its input declares."""
    sizes: dict[str, int] = {}
    for each in inputs:
        shape = feeds[each.name].shape
        if len(shape) != len(each.dims):
            raise InputError(f"input '{each.name}' wants {list(each.dims)}, the data has shape {list(shape)}", hint="check the number of dims")
        for dim, length in zip(each.dims, shape, strict=True):
            if isinstance(dim, str) and len(terms(dim)) == 1:
                sizes.setdefault(dim, length)
    for each in inputs:
        _solve_sums(each, feeds[each.name].shape, sizes)
        wanted = [evaluate(dim, sizes) for dim in each.dims]
        if wanted != list(feeds[each.name].shape):
            raise InputError(
                f"input '{each.name}' wants {wanted}, the data has shape {list(feeds[each.name].shape)}", hint=f"dims: {list(each.dims)}"
            )
    return sizes


def _solve_sums(each: Input, shape: Sequence[int], sizes: dict[str, int]) -> None:
    """Add the sizes of axes that only a sum names: "past + length" of 7 and past 3 make length 4. Raises InputError where two are unknown."""
    for dim, length in zip(each.dims, shape, strict=True):
        unknown = [term for term in terms(dim) if not term.isdigit() and term not in sizes] if isinstance(dim, str) else []
        if len(unknown) > 1:
            raise InputError(f"the data does not tell the lengths of {' and '.join(unknown)} in '{each.name}'", hint=f"dims: {list(each.dims)}")
        for axis in unknown:
            sizes[axis] = max(0, length - evaluate(str(dim), {**sizes, axis: 0}))
