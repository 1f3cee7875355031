"""What cannot be converted is refused by one clear error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn import datasets, ensemble, tree
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import converter
from converter.plugin import LoadRequest, MissingInputs, Source, UnreadableSource, UsageError
from converter_sklearn.model import load

WINE = datasets.load_wine(return_X_y=True)
FOREST = ensemble.RandomForestClassifier(3, random_state=0)
FITTED = {
    "forest": FOREST,
    "regressor": ensemble.ExtraTreesRegressor(3),
    "boosting": ensemble.GradientBoostingRegressor(n_estimators=2),
    "histograms": ensemble.HistGradientBoostingClassifier(max_iter=2),
    "bagging": ensemble.BaggingClassifier(n_estimators=2),
    "adaboost": ensemble.AdaBoostRegressor(n_estimators=2),
    "isolation": ensemble.IsolationForest(n_estimators=2),
    "embedding": ensemble.RandomTreesEmbedding(2),
}


@pytest.mark.parametrize(
    "estimator",
    [*FITTED.values(), tree.DecisionTreeClassifier(), make_pipeline(StandardScaler(), FOREST), GridSearchCV(FOREST, {}, cv=2)],
    ids=lambda each: type(each).__name__,
)
def test_what_was_never_fitted(estimator: Any, tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=rf"^{type(estimator).__name__} is not fitted: ") as caught:
        converter.convert(estimator, tmp_path / "model.onnx")
    assert caught.value.hint == "call fit before it is saved or converted"


def test_a_pipeline_whose_first_step_was_never_fitted(tmp_path: Path) -> None:
    pipeline = make_pipeline(StandardScaler(), ensemble.RandomForestClassifier(3).fit(*WINE))
    with pytest.raises(UnreadableSource, match=r"^Pipeline is not fitted: This StandardScaler instance is not fitted yet") as caught:
        converter.convert(pipeline, tmp_path / "model.onnx")
    assert caught.value.hint == "call fit before it is saved or converted"


def test_a_search_that_kept_no_estimator(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"^GridSearchCV kept no best estimator, since refit=False$") as caught:
        converter.convert(GridSearchCV(FOREST, {}, cv=2, refit=False).fit(*WINE), tmp_path / "model.onnx")
    assert caught.value.hint == "fit it with refit=True, or convert the estimator that you chose"


def read_here(path: Path) -> Any:
    return load(LoadRequest(Source.of(path)))


@pytest.mark.parametrize("form", ["pkl", "pickle", "joblib", "joblib compressed", "skops"])
def test_a_file_that_is_cut_off(form: str, files: Any) -> None:
    path = files(FOREST.fit(*WINE), form)
    content = path.read_bytes()
    for kept, read in ((0.05, read_here), (0.5, read_here), (0.95, read_here), (0.9999, converter.convert)):
        path.write_bytes(content[: int(kept * len(content))])
        with pytest.raises(
            UnreadableSource, match=r"model\.\w+ (is not a pickle, or is cut off or damaged|is a zip file that is cut off or damaged)"
        ) as caught:
            read(path)
        assert "again" in caught.value.hint
    assert not path.with_suffix(".onnx").exists()


def test_another_number_of_columns(tmp_path: Path) -> None:
    with pytest.raises(MissingInputs, match="the inputs have 7 columns, the model takes 13") as caught:
        converter.convert(FOREST.fit(*WINE), tmp_path / "model.onnx", inputs=["features:float32[batch,7]"])
    assert caught.value.hint == "--input 'features:float32[batch,13]'"
    pd.DataFrame(WINE[0][:, :5]).to_csv(tmp_path / "few.csv", index=False)
    with pytest.raises(MissingInputs, match="the table has 5 columns, RandomForestClassifier takes 13") as caught:
        converter.convert(FOREST, tmp_path / "model.onnx", data=tmp_path / "few.csv")
    assert caught.value.hint == "leave the target and other columns out of the table"


def test_columns_of_other_names(tmp_path: Path) -> None:
    rows, target = datasets.load_wine(return_X_y=True, as_frame=True)
    rows.rename(columns={"hue": "colour"}).to_csv(tmp_path / "wine.csv", index=False)
    with pytest.raises(MissingInputs, match="the table lacks the column 'hue', which RandomForestClassifier was fitted on") as caught:
        converter.convert(FOREST.fit(rows, target), tmp_path / "model.onnx", data=tmp_path / "wine.csv")
    assert caught.value.hint.startswith("its columns: alcohol, ")


@pytest.mark.parametrize(
    ("name", "method", "needed"),
    [
        ("regressor", "probability", "predict_proba"),
        ("forest", "raw", "decision_function"),
        ("histograms", "leaf", "apply"),
        ("bagging", "leaf", "apply"),
        ("adaboost", "raw", "decision_function"),
        ("isolation", "probability", "predict_proba"),
    ],
)
def test_a_method_that_the_estimator_has_not(name: str, method: str, needed: str, tmp_path: Path) -> None:
    estimator = FITTED[name].fit(*WINE)
    with pytest.raises(UsageError, match=rf"^{type(estimator).__name__} has no {needed}, which the method {method} asks for$") as caught:
        converter.convert(estimator, tmp_path / "model.onnx", options={"method": method})
    assert caught.value.hint == "-O method=predict converts what it has"


@pytest.mark.parametrize(("option", "value"), [("method", "guess"), ("dtype", "float16")])
def test_a_value_that_an_option_has_not(option: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{option}.*{value}"):
        converter.convert(FOREST.fit(*WINE), tmp_path / "model.onnx", options={option: value})
