"""What a user does wrong, end to end: one error each, that says what, which value, and what to do."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catboost import CatBoostClassifier, CatBoostError, Pool

import converter
from converter.plugin import ConverterError, Source, UnreadableSource
from converter_catboost.loading import load_model

CUTS = 50
AGAIN = "copy or download it again, or save the model again with save_model"
SETTINGS: dict[str, Any] = {"iterations": 8, "depth": 3, "thread_count": 1, "random_seed": 0, "allow_writing_files": False, "verbose": False}


@pytest.fixture(scope="module")
def categorical() -> tuple[Any, Pool]:
    """A model of target statistics, which lie behind the rest in its file, and its pool."""
    rng = np.random.default_rng(0)
    table = np.empty((300, 3), object)
    table[:, 0], table[:, 1], table[:, 2] = rng.integers(0, 9, 300), rng.choice(list("abcd"), 300), rng.normal(size=300)
    pool = Pool(table, (table[:, 0].astype(int) % 3 + (table[:, 1] == "b") > 1).astype(int), cat_features=[0, 1])
    return CatBoostClassifier(one_hot_max_size=2, **SETTINGS).fit(pool), pool


def written(name: str, kind: str, request: pytest.FixtureRequest, folder: Path) -> tuple[Path, bytes]:
    path = folder / f"model.{kind}"
    if name == "categorical":
        model, pool = request.getfixturevalue(name)
        model.save_model(str(path), format=kind, pool=pool)
    else:
        request.getfixturevalue(name).save_model(str(path), format=kind)
    return path, path.read_bytes()


@pytest.mark.parametrize("kind", ["cbm", "json"])
@pytest.mark.parametrize("name", ["classifier", "lopsided", "categorical"])
def test_a_model_that_is_cut_off_anywhere_is_called_so(name: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    path, content = written(name, kind, request, tmp_path)
    for kept in np.random.default_rng(0).integers(0, len(content), CUTS):
        path.write_bytes(content[:kept])
        with pytest.raises(UnreadableSource, match=rf"^model\.{kind} is a model of CatBoost that is cut off or damaged: ") as caught:
            load_model(Source.of(path), trust=False)
        assert caught.value.hint == AGAIN


@pytest.mark.parametrize("kind", ["cbm", "json"])
@pytest.mark.parametrize("name", ["lopsided", "categorical"])
def test_a_model_with_a_changed_byte_is_refused_or_answers(name: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The library dies on some, so that those must not come to it."""
    path, content = written(name, kind, request, tmp_path)
    rows, refused = np.zeros((2, 13)) if name == "lopsided" else np.array([["1", "b", 0.5]], object), 0
    for place in np.random.default_rng(1).integers(0, len(content), CUTS):
        changed = bytearray(content)
        changed[place] ^= 1 << int(place) % 8
        path.write_bytes(changed)
        try:
            load_model(Source.of(path), trust=False).model.predict(rows, prediction_type="RawFormulaVal")
        except (UnreadableSource, CatBoostError):
            refused += 1
    assert refused > 3


def test_a_node_without_a_child_is_called_so(lopsided: Any, tmp_path: Path) -> None:
    lopsided.save_model(str(tmp_path / "model.json"), format="json")
    document = json.loads((tmp_path / "model.json").read_text())
    del document["trees"][3]["left"]
    (tmp_path / "model.json").write_text(json.dumps(document))
    with pytest.raises(UnreadableSource, match=r"^model\.json is .* damaged: a node of a tree has no split, no child or no value$") as caught:
        converter.convert(tmp_path / "model.json")
    assert caught.value.hint == AGAIN


def test_parameters_that_are_no_json_are_called_so(classifier: Any, tmp_path: Path) -> None:
    (tmp_path / "model.cbm").write_bytes(classifier._serialize_model().replace(b'"loss_function":', b'"loss_function"%'))
    with pytest.raises(UnreadableSource, match=r"^model\.cbm is a model of CatBoost that is cut off or damaged: Expecting") as caught:
        converter.convert(tmp_path / "model.cbm")
    assert caught.value.hint == AGAIN


def test_a_newer_format_gives_one_error(classifier: Any, tmp_path: Path) -> None:
    (tmp_path / "model.cbm").write_bytes(classifier._serialize_model().replace(b"FlabuffersModel_v1", b"FlabuffersModel_v7"))
    with pytest.raises(
        UnreadableSource, match=r"^model\.cbm is a model of a CatBoost that is not known here: its format is 'FlabuffersModel_v7'"
    ) as caught:
        converter.convert(tmp_path / "model.cbm")
    assert caught.value.hint == "convert it where the CatBoost that made it is installed, or save it again with an older one"


def test_an_unknown_loss_function_gives_one_error(classifier: Any, tmp_path: Path) -> None:
    (tmp_path / "model.cbm").write_bytes(classifier._serialize_model().replace(b'"type":"Logloss"', b'"type":"Mystery"'))
    with pytest.raises(ConverterError, match=r"^the model has the loss function 'Mystery', which is none of CatBoost's") as caught:
        converter.convert(tmp_path / "model.cbm")
    assert caught.value.hint == "-O method=raw converts the sum of its trees, -O method=leaf its leaves"


def test_a_wrapper_that_was_never_fitted_gives_one_error(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(CatBoostClassifier(iterations=3)))
    with pytest.raises(UnreadableSource, match=r"^model\.pkl is not fitted$") as caught:
        converter.convert(tmp_path / "model.pkl")
    assert caught.value.hint == "call fit before it is saved or converted"


def test_a_wrong_number_of_features_gives_one_error(wine: Any, tmp_path: Path) -> None:
    wine.save_model(str(tmp_path / "model.cbm"))
    with pytest.raises(ConverterError, match=r"^the model takes one matrix of 13 features, not x\['batch', 9\]$") as caught:
        converter.convert(tmp_path / "model.cbm", inputs=["x:float32[batch,9]"])
    assert caught.value.hint == "--input 'features:float32[batch,13]'"
    (tmp_path / "train.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConverterError, match=r"^the table lacks the column '0' of the 13 that model\.cbm takes$") as caught:
        converter.convert(tmp_path / "model.cbm", data=tmp_path / "train.csv")
    assert caught.value.hint == "its columns: a, b; leave the target out where the model knows no names"
