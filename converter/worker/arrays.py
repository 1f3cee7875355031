"""Arrays on disk under one name: a manifest, `inputs.json`, and beside it an `.npy` for each, `inputs.0.npy`; no pickle.

They have no folder of their own: a conversion records dozens of sets, and file systems take their time to remove a folder.

NumPy's own formats lose what ONNX needs: `np.save` the name of bfloat16, `U` arrays trailing NULs, `savez` an input called "file".
So extended floats are stored as unsigned integers beside their dtype's name, and strings as JSON.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from converter import dtypes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write(arrays: Mapping[str, np.ndarray], place: Path) -> None:
    """Write the arrays under the name `place`, its folder made if need be. Raises TypeError for a string array that holds anything else."""
    place.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (name, value) in enumerate(arrays.items()):
        array = np.asarray(value)
        dtype = dtypes.name_of(array.dtype)
        if dtype == dtypes.STRING:
            _part(place, f"{number}.json").write_text(json.dumps(_strings(name, array)), encoding="utf-8")
        else:
            raw = array.view(f"u{array.dtype.itemsize}") if dtype in dtypes.EXTENDED else array
            np.save(_part(place, f"{number}.npy"), raw, allow_pickle=False)
        rows.append({"name": name, "dtype": dtype, "shape": list(array.shape)})
    _part(place, "json").write_text(json.dumps(rows), encoding="utf-8")


def read(place: Path) -> dict[str, np.ndarray]:
    """Return what `write` wrote, mapped from disk and read-only."""
    rows = json.loads(_part(place, "json").read_text(encoding="utf-8"))
    return {row["name"]: _read_one(place, number, row["dtype"], row["shape"]) for number, row in enumerate(rows)}


def are_at(place: Path) -> bool:
    """Tell whether `write` wrote there."""
    return _part(place, "json").exists()


def _part(place: Path, ending: str) -> Path:
    return place.with_name(f"{place.name}.{ending}")


def _read_one(place: Path, number: int, dtype: str, shape: list[int]) -> np.ndarray:
    if dtype == dtypes.STRING:
        strings = json.loads(_part(place, f"{number}.json").read_text(encoding="utf-8"))
        array = np.empty(len(strings), object)
        array[:] = strings
        return array.reshape(shape)
    path = _part(place, f"{number}.npy")
    raw: np.ndarray = np.load(path, mmap_mode="r" if 0 not in shape else None, allow_pickle=False)  # an empty file cannot be mapped
    return raw.view(dtypes.numpy_dtype(dtype)) if dtype in dtypes.EXTENDED else raw


def _strings(name: str, array: np.ndarray) -> list[str]:
    items: list[object] = array.ravel().tolist()
    strings = [item for item in items if isinstance(item, str)]
    if len(strings) != len(items):
        wrong = next(item for item in items if not isinstance(item, str))
        raise TypeError(f"{name} holds {wrong!r} among its strings")
    return strings
