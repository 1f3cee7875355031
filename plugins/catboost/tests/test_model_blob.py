"""CatBoost's binary model: read whole, refused where damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter_catboost.flatbuffer import Table
from converter_catboost.model_blob import UnknownFormat, read


def numbers(data: bytes, field: int, dtype: str) -> np.ndarray:
    """Return a vector of the trees as a view that writes into `data`, a bytearray."""
    trees = Table.root(bytes(data[8:])).table(1)
    assert trees is not None
    start, length = trees._vector(field)
    return np.frombuffer(data, dtype, length, start + 8)


def damaged(model: Any, field: int, dtype: str, place: int, value: float) -> bytes:
    data = bytearray(model._serialize_model())
    numbers(data, field, dtype)[place] = value
    return bytes(data)


@pytest.mark.parametrize("name", ["wine", "lopsided"])
def test_it_reads_what_the_json_model_says(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    model = request.getfixturevalue(name)
    blob = read(model._serialize_model())
    model.save_model(str(tmp_path / "model.json"), format="json")
    document = json.loads((tmp_path / "model.json").read_text())
    assert [blob.scale, blob.bias.tolist()] == document["scale_and_bias"]
    features = document["features_info"]["float_features"]
    assert [each.borders.tolist() for each in blob.floats] == [each["borders"] for each in features]
    assert [each.place for each in blob.floats] == [each["flat_feature_index"] for each in features]
    assert any(each.nan_is_high for each in blob.floats) == (name == "lopsided")
    assert blob.symmetric == ("oblivious_trees" in document)
    assert blob.trees == len(document.get("oblivious_trees") or document["trees"]) == model.tree_count_
    assert blob.leaf_values.tolist() == model.get_leaf_values().reshape(-1).tolist()
    assert blob.leaf_weights.sum() == 178 * 20
    assert (blob.loss, blob.classes, blob.dimension) == ("MultiClass", (0, 1, 2), 3)


DAMAGES: dict[str, tuple[Callable[[Any], bytes], str]] = {
    "another file": (lambda _: b"PK\x03\x04" + bytes(60), r"it begins with b'PK\\x03\\x04', not with b'CBM1'"),
    "no length": (lambda _: b"CBM1\x10", "it ends before its length"),
    "cut off": (lambda model: model._serialize_model()[:-1000], "[0-9]+ of [0-9]+ bytes are there"),
    "nothing inside": (lambda _: b"CBM1" + (8).to_bytes(4, "little") + b"\xff" * 8, "an offset points to byte"),
    "a split too many": (lambda model: damaged(model, 2, "<i4", 0, 5), "its trees have .* splits, .* are there"),
    "a negative size": (lambda model: damaged(model, 2, "<i4", 0, -1), "its trees have .* splits"),
    "a split outside": (lambda model: damaged(model, 1, "<i4", 3, 9999), "a tree asks for a split that is none of the"),
    "a beginning elsewhere": (lambda model: damaged(model, 3, "<i4", 2, 5), "its trees do not begin where they should"),
    "a leaf without a number": (lambda model: damaged(model, 8, "<f8", 2, np.nan), "a leaf, the scale or the bias is no finite number"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(wine: Any, name: str) -> None:
    damage, message = DAMAGES[name]
    with pytest.raises(ValueError, match=message):
        read(damage(wine))


STEP_DAMAGES: dict[str, tuple[tuple[int, str, int, int], str]] = {
    "a child outside": ((10, "<u2", 0, 60000), "a child lies outside its tree"),
    "a leaf between": ((11, "<u4", -1, 1), "a leaf has no value"),
    "a leaf outside": ((11, "<u4", -1, 1 << 30), "a leaf has no value"),
    "no node": ((2, "<i4", 0, 0), "its trees have .* splits"),
}


@pytest.mark.parametrize("name", STEP_DAMAGES)
def test_damage_is_found_in_trees_that_are_not_symmetric(lopsided: Any, name: str) -> None:
    place, message = STEP_DAMAGES[name]
    with pytest.raises(ValueError, match=message):
        read(damaged(lopsided, *place))


def test_a_flipped_byte_is_found_or_read_but_never_crashes(wine: Any) -> None:
    data = wine._serialize_model()
    faults = 0
    for place in np.random.default_rng(0).integers(4, len(data), 400):
        changed = bytearray(data)
        changed[place] ^= 0xFF
        try:
            read(bytes(changed))
        except ValueError:
            faults += 1
    assert faults > 20


def test_another_format_is_called_so(wine: Any) -> None:
    data = wine._serialize_model().replace(b"FlabuffersModel_v1", b"FlabuffersModel_v2")
    with pytest.raises(UnknownFormat, match="its format is 'FlabuffersModel_v2', where 'FlabuffersModel_v1' is known"):
        read(data)


def test_a_model_without_weights_is_read(wine: Any) -> None:
    data = bytearray(wine._serialize_model())
    trees = Table.root(bytes(data[8:])).table(1)
    assert trees is not None
    start, _ = trees._vector(9)
    data[start + 4 : start + 8] = bytes(4)
    blob = read(bytes(data))
    assert blob.trees == 20
    assert not len(blob.leaf_weights)
