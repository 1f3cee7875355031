"""UBJSON: what XGBoost writes is read as its JSON is, and damage is found."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from converter_xgboost.ubjson import read


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | np.ndarray):
        return [plain(each) for each in value]
    return float(value) if isinstance(value, float | np.floating) else value


@pytest.mark.parametrize("name", ["classifier", "mixed", "linear"])
def test_it_says_what_json_says(name: str, request: pytest.FixtureRequest) -> None:
    booster = request.getfixturevalue(name).get_booster()
    ours, theirs = read(bytes(booster.save_raw("ubj"))), json.loads(booster.save_raw("json"))
    assert ours["learner"].keys() == theirs["learner"].keys()
    assert plain(ours["learner"]["learner_model_param"]) == theirs["learner"]["learner_model_param"]
    left, right = (each["learner"]["gradient_booster"]["model"] for each in (ours, theirs))
    for mine, its in zip(left.get("trees", [left]), right.get("trees", [right]), strict=True):
        assert mine.keys() == its.keys()
        for field in its:
            if isinstance(its[field], list):
                np.testing.assert_array_equal(np.asarray(mine[field], np.float32), np.asarray(its[field], np.float32), err_msg=field)


def test_every_kind_of_value_is_read() -> None:
    numbers = b"i\xfeU\xfeI\x01\x00l\x00\x01\x00\x00L" + bytes(6) + b"\x01\x00d\x3f\x80\x00\x00D\x3f\xf0" + bytes(6)
    assert read(b"[" + numbers + b"TFZNCaSi\x02hi]") == [-2, 254, 256, 65536, 256, 1.0, 1.0, True, False, None, "a", "hi"]
    assert read(b"[#i\x02i\x01i\x02") == [1, 2]
    assert read(b"[$I#i\x02\x00\x01\x01\x00").tolist() == [1, 256]
    assert read(b"{i\x01a{i\x01b[]}}") == {"a": {"b": []}}


DAMAGES = {
    "nothing": (b"", "byte 0: 1 bytes are announced, 0 are there"),
    "an unknown marker": (b"[?]", r"byte 1: b'\?' begins no value"),
    "a length that is too large": (b"Si\x7fhi", "byte 3: 127 bytes are announced, 2 are there"),
    "a negative length": (b"Si\xffhi", "byte 3: -1 is no length"),
    "an array that is cut off": (b"[$d#L" + bytes(7) + b"\x02" + bytes(4), "8 bytes are announced, 4 are there"),
    "too much": (b"TT", "1 bytes follow its end"),
    "too deep": (b"[" * 1000, "nested more than 64 deep"),
    "no text": (b"Si\x01\xff", "codec can't decode"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(name: str) -> None:
    content, message = DAMAGES[name]
    with pytest.raises(ValueError, match=message):
        read(content)


def test_a_document_that_is_cut_off_anywhere_is_refused(classifier: Any) -> None:
    content = bytes(classifier.get_booster().save_raw("ubj"))
    for length in range(1, len(content), 97):
        with pytest.raises(ValueError, match=r"announced|begins no value|is no length"):
            read(content[:length])
