"""What a user does wrong, end to end: one error each, that says what, which value, and what to do."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from xgboost import DMatrix, XGBClassifier

import converter
from converter.plugin import ConverterError, Source, UnreadableSource
from converter_xgboost.loading import load_model

CUTS = 50


def telling(request: pytest.FixtureRequest, name: str) -> Any:
    """A booster of a fixture; dart has weights of its trees behind them."""
    if name == "dart":
        table = DMatrix(*request.getfixturevalue("cancer"), nthread=1)
        return xgboost.train({"booster": "dart", "rate_drop": 0.5, "objective": "binary:logistic", "nthread": 1}, table, 6)
    return request.getfixturevalue(name).get_booster()


@pytest.mark.parametrize("kind", ["json", "ubj"])
@pytest.mark.parametrize("name", ["classifier", "mixed", "linear", "dart"])
def test_a_document_that_is_cut_off_anywhere_is_called_so(name: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    content = bytes(telling(request, name).save_raw(kind))
    path = tmp_path / f"model.{kind}"
    for kept in np.random.default_rng(0).integers(0, len(content), CUTS):
        path.write_bytes(content[:kept])
        with pytest.raises(UnreadableSource, match=rf"^model\.{kind} is a model of XGBoost that is cut off or damaged: ") as caught:
            load_model(Source.of(path), trust=False)
        assert caught.value.hint == "copy or download it again, or save the model again with save_model"


@pytest.mark.parametrize("kind", ["json", "ubj"])
def test_a_document_with_a_changed_byte_is_refused_or_answers(kind: str, mixed: Any, tmp_path: Path) -> None:
    """The library may crash on what was changed, so nothing but its own errors may come of it."""
    content = mixed.get_booster().save_raw(kind)
    path, refused = tmp_path / f"model.{kind}", 0
    for place in np.random.default_rng(1).integers(0, len(content), CUTS):
        changed = bytearray(content)
        changed[place] ^= 1 << int(place) % 8
        path.write_bytes(changed)
        try:
            load_model(Source.of(path), trust=False).booster.inplace_predict(np.zeros((2, 3), np.float32))
        except UnreadableSource:
            refused += 1
    assert refused > 3


def newer(document: dict[str, Any]) -> None:
    document["version"] = [int(xgboost.__version__.split(".")[0]) + 1, 0, 0]


def unknown(document: dict[str, Any]) -> None:
    document["learner"]["objective"]["name"] = "reg:mystery"


def fewer_features(document: dict[str, Any]) -> None:
    document["learner"]["learner_model_param"]["num_feature"] = "2"


def no_probability(document: dict[str, Any]) -> None:
    document["learner"]["objective"]["name"] = "reg:logistic"


def more_names(document: dict[str, Any]) -> None:
    document["learner"]["feature_names"] = [f"x{place}" for place in range(9)]


CHANGES: list[tuple[Callable[[dict[str, Any]], None], str, str]] = [
    (newer, r"model\.json was written by XGBoost \d+\.0\.0, which is newer than the installed", "pip install 'xgboost>="),
    (unknown, r"model\.json has the objective 'reg:mystery', which is none of XGBoost's", "its objectives: reg:squarederror, "),
    (fewer_features, r"model\.json is a model of XGBoost that is cut off or damaged: .*a feature that is none of the 2", "copy or download it again"),
    (
        no_probability,
        r"model\.json is a model of XGBoost that is cut off or damaged: its base_score is \[\d+\.\d+\], which reg:logistic cannot have",
        "copy or download it again",
    ),
    (more_names, r"model\.json is a model of XGBoost that is cut off or damaged: it has 9 names for 10 features", "copy or download it again"),
]


@pytest.mark.parametrize(("change", "message", "hint"), CHANGES)
def test_a_document_that_cannot_be_right_gives_one_error(
    change: Callable[[dict[str, Any]], None], message: str, hint: str, regressor: Any, tmp_path: Path
) -> None:
    document = json.loads(regressor.get_booster().save_raw("json"))
    change(document)
    (tmp_path / "model.json").write_text(json.dumps(document))
    with pytest.raises(ConverterError, match=f"^{message}") as caught:
        converter.convert(tmp_path / "model.json")
    assert caught.value.hint.startswith(hint)
    assert not (tmp_path / "model.onnx").exists()


def test_a_wrapper_that_was_never_fitted_gives_one_error(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(XGBClassifier(n_estimators=3)))
    with pytest.raises(UnreadableSource, match=r"^model\.pkl is not fitted$") as caught:
        converter.convert(tmp_path / "model.pkl")
    assert caught.value.hint == "call fit before it is saved or converted"


def test_a_wrong_number_of_features_gives_one_error(regressor: Any, tmp_path: Path) -> None:
    regressor.save_model(tmp_path / "model.ubj")
    with pytest.raises(ConverterError, match=r"^the model takes one matrix of 10 features, not x\['batch', 9\]$") as caught:
        converter.convert(tmp_path / "model.ubj", inputs=["x:float32[batch,9]"])
    assert caught.value.hint == "--input 'features:float32[batch,10]'"
    (tmp_path / "train.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConverterError, match=r"^the table has 2 columns, model\.ubj takes 10 without names$") as caught:
        converter.convert(tmp_path / "model.ubj", data=tmp_path / "train.csv")
    assert caught.value.hint == "its columns: a, b; leave the target out"
