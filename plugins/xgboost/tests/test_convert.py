"""The whole way: a file or a live object becomes a proven graph, or a refusal with its reason."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from xgboost import XGBRegressor

import converter
from converter.trees import Ensemble
from converter_xgboost.exporters import direct


def test_a_document_converts_from_its_file_alone(wine: Any, tmp_path: Path) -> None:
    wine.save_model(tmp_path / "booster.ubj")
    report = converter.convert(tmp_path / "booster.ubj")
    assert report.agrees
    assert report.framework == "xgboost"
    assert report.published == tmp_path / "booster.onnx"
    assert [each.exporter for each in report.attempts] == ["direct"]
    sizes = {case.sizes["batch"] for case in report.cases}
    assert sizes >= {1, 2}
    assert max(sizes) >= 512
    answer = converter.Session(report.published).run({"features": np.zeros((4, 13), np.float32)})
    assert answer["label"].shape == (4,)
    assert answer["probabilities"].shape == (4, 3)


def test_a_pickled_classifier_converts(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(classifier))
    report = converter.convert(tmp_path / "model.pkl", options={"method": "leaf"})
    assert report.agrees
    answer = converter.Session(report.published).run({"features": cancer[0][:2].to_numpy(np.float32)})
    assert answer["leaves"].tolist() == classifier.apply(cancer[0][:2]).tolist()


@pytest.mark.parametrize("exporter", ["direct", "onnxmltools"])
@pytest.mark.parametrize("name", ["classifier", "regressor"])
def test_live_models_convert(name: str, exporter: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    report = converter.convert(request.getfixturevalue(name), tmp_path / "model.onnx", exporter=exporter)
    assert report.agrees
    assert [each.exporter for each in report.attempts] == [exporter]


@pytest.mark.parametrize("name", ["mixed", "linear"])
def test_what_the_library_does_not_know_converts(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    assert converter.convert(request.getfixturevalue(name), tmp_path / "model.onnx").agrees


def test_double_scores_agree_to_their_last_digits(regressor: Any, tmp_path: Path) -> None:
    report = converter.convert(regressor, tmp_path / "model.onnx", options={"dtype": "float64"})
    assert report.agrees
    assert report.max_abs < 1e-12 * 300


def test_a_table_becomes_cases(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    cancer[0].assign(target=cancer[1]).to_csv(tmp_path / "train.csv", index=False)
    report = converter.convert(classifier, tmp_path / "model.onnx", data=tmp_path / "train.csv")
    assert report.agrees
    assert any("train.csv" in case.origin for case in report.cases)


def nudged(ensemble: Ensemble, rng: np.random.Generator) -> Ensemble:
    """One threshold is one float32 higher."""
    thresholds, node = ensemble.thresholds.copy(), rng.choice(np.nonzero(~ensemble.is_leaf)[0])
    thresholds[node] = np.nextafter(np.float32(thresholds[node]), np.float32(np.inf))
    return dataclasses.replace(ensemble, thresholds=thresholds)


def swapped(ensemble: Ensemble, rng: np.random.Generator) -> Ensemble:
    """Two leaves of one tree have changed places."""
    weights, tree = ensemble.leaf_weights.copy(), int(rng.integers(ensemble.trees))
    first, stop = ensemble.leaf_starts[[*ensemble.roots, ensemble.nodes]][[tree, tree + 1]]
    one, other = first + rng.choice(stop - first, 2, replace=False)
    weights[[one, other]] = weights[[other, one]]
    return dataclasses.replace(ensemble, leaf_weights=weights)


def shortened(ensemble: Ensemble, rng: np.random.Generator) -> Ensemble:
    """A tree adds nothing."""
    weights, tree = ensemble.leaf_weights.copy(), int(rng.integers(ensemble.trees))
    first, stop = ensemble.leaf_starts[[*ensemble.roots, ensemble.nodes]][[tree, tree + 1]]
    weights[first:stop] = 0
    return dataclasses.replace(ensemble, leaf_weights=weights)


def strayed(ensemble: Ensemble, rng: np.random.Generator) -> Ensemble:
    """Missing values go the other way at one node."""
    missing = ensemble.missing.copy()
    missing[rng.choice(np.nonzero(~ensemble.is_leaf)[0])] ^= True
    return dataclasses.replace(ensemble, missing=missing)


def closed(ensemble: Ensemble, _rng: np.random.Generator) -> Ensemble:
    """A row on a threshold goes left."""
    thresholds = np.nextafter(np.float32(ensemble.thresholds), np.float32(np.inf)).astype(np.float64)
    return dataclasses.replace(ensemble, thresholds=thresholds)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("mutation", [nudged, swapped, shortened, strayed, closed])
def test_a_wrongly_written_ensemble_is_rejected(
    mutation: Callable[[Ensemble, np.random.Generator], Ensemble], seed: int, regressor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound, rng = direct._widened, np.random.default_rng(seed)
    monkeypatch.setattr(direct, "_widened", lambda document, ensemble, rows, dtype: sound(document, mutation(ensemble, rng), rows, dtype))
    destination = tmp_path / "model.onnx"
    destination.write_bytes(b"what was there")
    report = converter.convert(regressor, destination, exporter="direct")
    assert not report.agrees
    assert report.published is None
    assert destination.read_bytes() == b"what was there"
    (attempt,) = report.attempts
    assert "output prediction differs in" in attempt.diagnosis


def test_a_truncated_file_is_refused_before_the_library_sees_it(regressor: Any, tmp_path: Path) -> None:
    content = regressor.get_booster().save_raw("ubj")
    (tmp_path / "model.ubj").write_bytes(content[: len(content) // 2])
    with pytest.raises(converter.errors.UnreadableSource, match=r"^model\.ubj is a model of XGBoost that is cut off or damaged: ") as caught:
        converter.convert(tmp_path / "model.ubj")
    assert caught.value.hint == "copy or download it again, or save the model again with save_model"


def test_large_numbers_keep_their_meaning(tmp_path: Path) -> None:
    """A target far from 0: the sums differ in float32's last digits only."""
    rows, target = load_diabetes(return_X_y=True)
    report = converter.convert(XGBRegressor(n_estimators=30, max_depth=4, n_jobs=1).fit(rows, target * 1e6), tmp_path / "model.onnx")
    assert report.agrees
    assert report.max_abs < 1e-6 * 3e8
