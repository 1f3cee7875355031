"""The light half: what it claims, without importing CatBoost."""

from __future__ import annotations

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
from converter_catboost.plugin import CatBoostFramework, converter_frameworks


def test_the_hook_names_the_framework() -> None:
    (framework,) = converter_frameworks()
    assert isinstance(framework, CatBoostFramework)
    assert list(framework.exporters) == ["direct", "catboost"]


def test_it_imports_no_framework() -> None:
    code = "import sys, converter_catboost.plugin; print([name for name in ('catboost', 'sklearn', 'pandas', 'joblib') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["model.cbm", "model.bin", "whatever"])
def test_a_binary_model_is_known_by_its_first_bytes(classifier: Any, tmp_path: Path, name: str) -> None:
    classifier.save_model(str(tmp_path / name))
    assert CatBoostFramework().match(Source.of(tmp_path / name)) is Match.CONTENT


def test_a_json_model_is_known_by_its_first_key(classifier: Any, tmp_path: Path) -> None:
    classifier.save_model(str(tmp_path / "model.json"), format="json")
    assert CatBoostFramework().match(Source.of(tmp_path / "model.json")) is Match.CONTENT
    (tmp_path / "other.json").write_text('{"learner": {}, "version": [3, 2, 0]}')
    assert CatBoostFramework().match(Source.of(tmp_path / "other.json")) is Match.NO


def test_a_pickle_is_known_by_its_first_class(classifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(classifier))
    assert CatBoostFramework().match(Source.of(path)) is Match.CONTENT
    joblib.dump(classifier, path, compress=3)
    assert CatBoostFramework().match(Source.of(path)) is Match.CONTENT


def test_a_pickle_of_scikit_learn_is_not_claimed(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(make_pipeline(StandardScaler(), LogisticRegression())))
    assert CatBoostFramework().match(Source.of(path)) is Match.NO


def test_an_unknown_file_is_judged_by_its_name(tmp_path: Path) -> None:
    for name, expected in {"a.cbm": Match.SUFFIX, "a.json": Match.NO, "a.pkl": Match.NO}.items():
        (tmp_path / name).write_text("hello")
        assert CatBoostFramework().match(Source.of(tmp_path / name)) is expected


def test_live_models_go_to_catboost_and_not_to_scikit_learn(classifier: Any, regressor: Any) -> None:
    for model in (classifier, regressor):
        assert select(Source.of(model)).name == "catboost"
