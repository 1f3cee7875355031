"""Cases in a folder that others read too: ONNX's `test_data_set_N` layout, with the spec beside it.

DIR/spec.json                          the model's inputs, outputs and axes; each case's name, origin and sizes
DIR/test_data_set_0/input_0.pb …       TensorProto files in the order of the spec; source: onnx/backend/test in the onnx package
DIR/test_data_set_0/output_0.pb …
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.cases.case import Case
from converter.errors import DestinationError, SourceNotFound, UnreadableSource
from converter.specs import ModelSpec
from converter.worker import arrays

if TYPE_CHECKING:
    import onnx

    from converter.worker.janitor import Janitor

SPEC = "spec.json"
_SET = re.compile(r"test_data_set_(\d+)")


def write_cases(folder: Path, spec: ModelSpec, cases: Sequence[Case], janitor: Janitor | None = None) -> None:
    """Write the cases to `folder`: beside it first, then renamed. An earlier recording there is replaced.

    The `janitor` removes what a killed process leaves half-written. Raises DestinationError as `check_folder`, and where nothing can be written there.
    """
    check_folder(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise DestinationError(f"cannot write to {folder.parent}: {error.strerror}", hint="name a folder in a place that can be written") from error
    if janitor is not None:
        janitor.remove(fresh)
    try:
        for number, case in enumerate(cases):
            _write_set(fresh / f"test_data_set_{number}", spec, case)
        rows = [{"name": case.name, "origin": case.origin, "sizes": dict(case.sizes), "rounding": case.rounding} for case in cases]
        (fresh / SPEC).write_text(json.dumps({"spec": spec.to_json(), "cases": rows}, indent=1), encoding="utf-8")
        fresh.chmod(0o755)
        if janitor is not None:
            janitor.forget(fresh)  # from here on it may hold the earlier recording
        if folder.exists():
            os.rename(folder, fresh / "replaced")
        os.rename(fresh, folder)
        shutil.rmtree(folder / "replaced", ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Raise DestinationError where cases cannot go to `folder`: a file, or a folder that holds anything else."""
    if folder.exists() and not folder.is_dir():
        raise DestinationError(f"{folder} is a file", hint="name a new or empty folder")
    if folder.exists() and not (folder / SPEC).is_file() and any(folder.iterdir()):
        raise DestinationError(f"{folder} holds something else than recorded cases", hint="name a new or empty folder")


def read_cases(folder: Path, names: tuple[Sequence[str], Sequence[str]], work: Path) -> tuple[ModelSpec | None, tuple[Case, ...]]:
    """Return the spec, where one was recorded, and the cases of `folder`.

    Files hold their tensor's name; one without takes its name by position from `names`, the graph's inputs and outputs.
    The arrays are laid out in the folder `work`. Raises SourceNotFound and UnreadableSource.
    """
    sets = sorted((int(match[1]), each) for each in folder.glob("test_data_set_*") if (match := _SET.fullmatch(each.name)))
    if not sets:
        raise SourceNotFound(str(folder), what=f"{folder} holds no test_data_set_N folders", hint="converter convert SOURCE --cases DIR records some")
    spec, rows = _read_spec(folder / SPEC, len(sets)) if (folder / SPEC).is_file() else (None, [_stranger(place.name) for _, place in sets])
    cases = []
    for (number, place), row in zip(sets, rows, strict=True):
        arrays.write(_read_side(place, "input", names[0]), work / str(number) / "inputs")
        arrays.write(_read_side(place, "output", names[1]), work / str(number) / "outputs")
        if (rounding := row.get("rounding")) is not None:
            arrays.write({name: np.array(error) for name, error in rounding.items()}, work / str(number) / "rounding")
        cases.append(Case(row["name"], row["origin"], row["sizes"], work / str(number)))
    return spec, tuple(cases)


def _read_spec(path: Path, count: int) -> tuple[ModelSpec, list[dict[str, Any]]]:
    """Return the recorded spec and what it says of each of the `count` cases."""
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
        spec, rows = ModelSpec.from_json(recorded["spec"]), list(recorded["cases"])
        if len(rows) != count:
            raise ValueError(f"it lists {len(rows)} cases, the folder holds {count}")
        return spec, rows
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableSource(f"{path} is not the record of these cases: {error}", hint="record the cases again") from error


def _stranger(name: str) -> dict[str, Any]:
    return {"name": name, "origin": name, "sizes": {}}


def _write_set(place: Path, spec: ModelSpec, case: Case) -> None:
    place.mkdir()
    feeds, answers = case.feeds, case.answers
    _write_side(place, "input", {each.name: feeds[each.name] for each in spec.inputs})
    _write_side(place, "output", {each.name: answers[each.name] for each in spec.outputs})


def _write_side(place: Path, side: str, tensors: Mapping[str, np.ndarray]) -> None:
    from onnx import numpy_helper

    for number, (name, array) in enumerate(tensors.items()):
        (place / f"{side}_{number}.pb").write_bytes(
            numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name).SerializeToString()
        )


def _read_side(place: Path, side: str, names: Sequence[str]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for number in range(len(list(place.glob(f"{side}_*.pb")))):
        label, array = read_tensor(place / f"{side}_{number}.pb")
        name = label or (names[number] if number < len(names) else f"{side}_{number}")
        found[name] = array
    return found


def read_tensor(path: Path) -> tuple[str, np.ndarray]:
    """Return the name, "" where it has none, and the array of a TensorProto file; raises UnreadableSource."""
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    try:
        tensor = onnx.TensorProto.FromString(path.read_bytes())
        return tensor.name, _text_of(tensor) if tensor.data_type == onnx.TensorProto.STRING else numpy_helper.to_array(tensor)
    except (DecodeError, OSError, ValueError, TypeError) as error:
        raise UnreadableSource(f"{path} is not a recorded tensor: {error}", hint="record the cases again") from error


def _text_of(tensor: onnx.TensorProto) -> np.ndarray:
    """The strings of a tensor; onnx's own reader drops NULs at their ends."""
    text = np.empty(len(tensor.string_data), object)
    text[:] = [item.decode() for item in tensor.string_data]
    return text.reshape(tuple(tensor.dims))
