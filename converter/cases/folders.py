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
from typing import Any

import numpy as np

from converter.cases.case import Case
from converter.errors import DestinationError, SourceNotFound, UnreadableSource
from converter.specs import ModelSpec
from converter.worker import arrays

SPEC = "spec.json"
_SET = re.compile(r"test_data_set_(\d+)")


def write_cases(folder: Path, spec: ModelSpec, cases: Sequence[Case]) -> None:
    """Write the cases to `folder`: beside it first, then renamed. An earlier recording there is replaced.

    Raises DestinationError where the folder holds anything else.
    """
    if folder.exists() and not (folder / SPEC).is_file() and any(folder.iterdir()):
        raise DestinationError(f"{folder} holds something else than recorded cases", hint="name a new or empty folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for number, case in enumerate(cases):
            _write_set(fresh / f"test_data_set_{number}", spec, case)
        rows = [{"name": case.name, "origin": case.origin, "sizes": dict(case.sizes)} for case in cases]
        (fresh / SPEC).write_text(json.dumps({"spec": spec.to_json(), "cases": rows}, indent=1), encoding="utf-8")
        fresh.chmod(0o755)
        if folder.exists():
            os.rename(folder, fresh / "replaced")
        os.rename(fresh, folder)
        shutil.rmtree(folder / "replaced", ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read_cases(folder: Path, names: tuple[Sequence[str], Sequence[str]], work: Path) -> tuple[ModelSpec | None, tuple[Case, ...]]:
    """Return the spec, where one was recorded, and the cases of `folder`.

    Files hold their tensor's name; one without takes its name by position from `names`, the graph's inputs and outputs.
    The arrays are laid out in the folder `work`. Raises SourceNotFound and UnreadableSource.
    """
    sets = sorted((int(match[1]), each) for each in folder.glob("test_data_set_*") if (match := _SET.fullmatch(each.name)))
    if not sets:
        raise SourceNotFound(str(folder), what=f"{folder} holds no test_data_set_N folders", hint="converter convert SOURCE --cases DIR records some")
    recorded: dict[str, Any] | None = json.loads((folder / SPEC).read_text(encoding="utf-8")) if (folder / SPEC).is_file() else None
    cases = []
    for number, place in sets:
        arrays.write(_read_side(place, "input", names[0]), work / str(number) / "inputs")
        arrays.write(_read_side(place, "output", names[1]), work / str(number) / "outputs")
        row: dict[str, Any] = recorded["cases"][number] if recorded else {"name": place.name, "origin": place.name, "sizes": {}}
        cases.append(Case(row["name"], row["origin"], row["sizes"], work / str(number)))
    return (ModelSpec.from_json(recorded["spec"]) if recorded else None), tuple(cases)


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
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    found: dict[str, np.ndarray] = {}
    for number in range(len(list(place.glob(f"{side}_*.pb")))):
        path = place / f"{side}_{number}.pb"
        try:
            tensor = onnx.TensorProto.FromString(path.read_bytes())
            array = numpy_helper.to_array(tensor)
        except (DecodeError, OSError, ValueError, TypeError) as error:
            raise UnreadableSource(f"{path} is not a recorded tensor: {error}", hint="record the cases again") from error
        name = tensor.name or (names[number] if number < len(names) else f"{side}_{number}")
        found[name] = _as_text(array) if array.dtype.kind in "OSU" else array
    return found


def _as_text(array: np.ndarray) -> np.ndarray:
    items = [item.decode() if isinstance(item, bytes) else str(item) for item in array.ravel()]
    text = np.empty(len(items), object)
    text[:] = items
    return text.reshape(array.shape)
