"""The counts of target statistics: those of CatBoost's JSON form, and refused where they are cut off or damaged."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor

from converter_catboost.model_blob import read

SETTINGS: dict[str, Any] = {"iterations": 15, "depth": 4, "thread_count": 1, "random_seed": 0, "allow_writing_files": False, "verbose": False}
KINDS = ["Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"]


def fitted(kind: type, statistics: list[str], *, three: bool = False) -> Any:
    rng = np.random.default_rng(0)
    table = np.empty((600, 3), object)
    table[:, 0], table[:, 1], table[:, 2] = rng.geometric(0.2, 600), rng.choice(list("abcd"), 600), rng.normal(size=600)
    target = (table[:, 0].astype(int) % 3 + (table[:, 1] == "b") > 1) * 1 + (three * (table[:, 2] > 0.8))
    settings = {"simple_ctr": statistics, "combinations_ctr": statistics, "one_hot_max_size": 1}
    return kind(**SETTINGS, **settings).fit(table, target.astype(int), cat_features=[0, 1])


def test_they_are_those_of_the_json_form(tmp_path: Path) -> None:
    seen = set()
    for statistic_kind in KINDS:
        kind, three = (CatBoostRegressor, False) if "Mean" in statistic_kind else (CatBoostClassifier, statistic_kind == "Buckets")
        model = fitted(kind, [statistic_kind], three=three)
        model.save_model(str(tmp_path / "model.json"), format="json")
        document = json.loads((tmp_path / "model.json").read_text())
        statistics, counts = document["features_info"]["ctrs"], read(model._serialize_model()).counts
        assert len(counts) == len(statistics) > 1
        for statistic, found in zip(statistics, counts, strict=True):
            stored = document["ctr_data"][statistic["identifier"]]
            buckets = np.array(stored["hash_map"], object).reshape(-1, stored["hash_stride"])
            wanted = {int(key): values for key, *values in buckets.tolist() if int(key) != 2**64 - 1}
            assert found.keys.tolist() == list(wanted)
            np.testing.assert_allclose(found.values, list(wanted.values()), rtol=1e-7)
            seen.add(statistic["ctr_type"])
            if statistic["ctr_type"] == "Counter":
                assert found.denominator == stored["counter_denominator"] > 0
    assert seen == set(KINDS)


def test_a_model_without_categories_has_none(wine: Any) -> None:
    assert read(wine._serialize_model()).counts == ()


def test_cut_off_counts_are_found() -> None:
    data = fitted(CatBoostClassifier, ["Borders"])._serialize_model()
    (length,) = struct.unpack_from("<I", data, 4)
    for kept in (*np.random.default_rng(0).integers(8 + length, len(data), 30).tolist(), 8 + length, len(data) - 1):
        with pytest.raises(ValueError, match=r"the counts of target statistics are cut off|bytes of a table of counts are there"):
            read(data[:kept])
    with pytest.raises(ValueError, match="a target statistic has no counts"):
        read(data[: 8 + length] + bytes(4))


def test_a_flipped_byte_is_found_or_read_but_never_crashes() -> None:
    data = fitted(CatBoostClassifier, ["Borders"])._serialize_model()
    (length,) = struct.unpack_from("<I", data, 4)
    faults = 0
    for place in np.random.default_rng(0).integers(8 + length, len(data), 300):
        changed = bytearray(data)
        changed[place] ^= 0xFF
        try:
            read(bytes(changed))
        except ValueError:
            faults += 1
    assert 0 < faults < 300
