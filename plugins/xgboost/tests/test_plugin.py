"""The light half: what it claims, without importing XGBoost."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from converter.matching import select
from converter.plugin import Match, Source
from converter_xgboost.plugin import XGBoost, converter_frameworks


def test_the_hook_names_the_framework() -> None:
    (framework,) = converter_frameworks()
    assert isinstance(framework, XGBoost)
    assert list(framework.exporters) == ["direct", "onnxmltools"]


def test_it_imports_no_framework() -> None:
    code = "import sys, converter_xgboost.plugin; print([name for name in ('xgboost', 'sklearn', 'onnxmltools', 'onnx') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("kind", ["json", "ubj"])
def test_a_document_is_known_by_its_beginning(classifier: Any, tmp_path: Path, kind: str) -> None:
    content = classifier.get_booster().save_raw(kind)
    for name in (f"model.{kind}", "model.model", "model.txt"):
        (tmp_path / name).write_bytes(content)
        assert XGBoost().match(Source.of(tmp_path / name)) is Match.CONTENT


def test_a_document_that_was_printed_prettily_is_known(classifier: Any, tmp_path: Path) -> None:
    document = json.loads(classifier.get_booster().save_raw("json"))
    (tmp_path / "model.json").write_text(json.dumps(document, indent=2))
    assert XGBoost().match(Source.of(tmp_path / "model.json")) is Match.CONTENT


def test_other_json_is_not_claimed(tmp_path: Path) -> None:
    for number, document in enumerate([{"learner": 3}, {"model_info": {}, "oblivious_trees": []}, [], {"learner": {"rate": 0.1}}]):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(document))
        assert XGBoost().match(Source.of(path)) is Match.NO


def test_a_pickle_is_known_by_its_first_class(classifier: Any, tmp_path: Path) -> None:
    for number, model in enumerate([classifier, classifier.get_booster()]):
        path = tmp_path / f"{number}.pkl"
        path.write_bytes(pickle.dumps(model))
        assert XGBoost().match(Source.of(path)) is Match.CONTENT
        joblib.dump(model, path, compress=3)
        assert XGBoost().match(Source.of(path)) is Match.CONTENT


def test_a_pickle_of_scikit_learn_is_not_claimed(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(make_pipeline(StandardScaler(), LogisticRegression())))
    assert XGBoost().match(Source.of(path)) is Match.NO


def test_an_unknown_file_is_judged_by_its_name(tmp_path: Path) -> None:
    for name, expected in {"a.txt": Match.NO, "a.json": Match.NO, "a.model": Match.SUFFIX, "a.ubj": Match.SUFFIX, "a.pkl": Match.NO}.items():
        (tmp_path / name).write_text("hello")
        assert XGBoost().match(Source.of(tmp_path / name)) is expected


def test_live_models_go_to_xgboost_and_not_to_scikit_learn(classifier: Any, regressor: Any) -> None:
    for model in (classifier, regressor, classifier.get_booster()):
        assert select(Source.of(model)).name == "xgboost"
