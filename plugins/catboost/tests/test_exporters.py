"""Both exporters: what direct writes is exact for every loss function, and what CatBoost's own cannot write is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from catboost import CatBoostClassifier, CatBoostRanker, CatBoostRegressor
from sklearn.datasets import load_diabetes, load_digits, load_wine

from converter.plugin import ExportError, ExportRequest, LoadRequest, Source
from converter_catboost.model import CatBoostModel, load

SETTINGS: dict[str, Any] = {"iterations": 20, "depth": 4, "thread_count": 1, "random_seed": 0, "allow_writing_files": False, "verbose": False}


def loaded(model: Any, **options: Any) -> CatBoostModel:
    return load(LoadRequest(Source.of(model), options=options))


def exported(model: CatBoostModel, folder: Path, name: str = "direct", opset: int | None = None) -> onnx.ModelProto:
    (exporter,) = (each for each in model.exporters if each.name == name)
    exporter.write(ExportRequest(folder / "graph.onnx", opset))
    return onnx.load(folder / "graph.onnx")


def answers(graph: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [each.name for each in graph.graph.output]
    return dict(zip(names, session.run(names, feeds), strict=True))


def agrees(model: CatBoostModel, folder: Path, count: int = 2000) -> None:
    """See that the graph answers as the model: labels and leaves equal, numbers to the last digits of the graph's dtype."""
    feeds = model.sample(np.random.default_rng(0), {"batch": count})
    got, want = answers(exported(model, folder), feeds), model.run(feeds)
    assert got.keys() == want.keys() == {each.name for each in model.outputs}
    for name, values in want.items():
        assert got[name].shape == values.shape
        if name in {"label", "leaves"}:
            assert got[name].tolist() == values.tolist()
        else:
            assert got[name].dtype == model.layout.dtype
            close = 1e-12 if model.layout.dtype == "float64" else 2e-6
            np.testing.assert_allclose(got[name], values, rtol=close, atol=close)


LOSSES = {
    **{f"regression {loss}": (CatBoostRegressor, loss) for loss in ("RMSE", "MAE", "Quantile:alpha=0.7", "LogCosh", "MAPE", "Huber:delta=9")},
    **{f"regression {loss}": (CatBoostRegressor, loss) for loss in ("Expectile:alpha=0.3", "Lq:q=3", "LogLinQuantile", "Cox")},
    **{f"positive {loss}": (CatBoostRegressor, loss) for loss in ("Poisson", "Tweedie:variance_power=1.5")},
    **{f"several {loss}": (CatBoostRegressor, loss) for loss in ("RMSEWithUncertainty", "MultiQuantile:alpha=0.2,0.5,0.8")},
    **{f"survival {loss}": (CatBoostRegressor, loss) for loss in ("SurvivalAft:dist=Normal",)},
    **{f"targets {loss}": (CatBoostRegressor, loss) for loss in ("MultiRMSE",)},
    **{f"ranking {loss}": (CatBoostRanker, loss) for loss in ("YetiRank", "PairLogit", "QueryRMSE", "QuerySoftMax", "GroupQuantile")},
    **{f"two {loss}": (CatBoostClassifier, loss) for loss in ("Logloss", "Focal:focal_alpha=0.3;focal_gamma=1", "MultiClass")},
    **{f"share {loss}": (CatBoostClassifier, loss) for loss in ("CrossEntropy",)},
    **{f"three {loss}": (CatBoostClassifier, loss) for loss in ("MultiClass", "MultiClassOneVsAll")},
    **{f"labels {loss}": (CatBoostClassifier, loss) for loss in ("MultiLogloss", "MultiCrossEntropy")},
}


@pytest.fixture(scope="module")
def diabetes() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A table, a twentieth of it missing, and a target for each kind of task."""
    rows, target = load_diabetes(return_X_y=True)
    rows[np.random.default_rng(0).random(rows.shape) < 0.05] = np.nan
    thirds = np.digitize(target, [100, 180])
    words = np.array(["low", "middle", "high"], object)[thirds]
    return rows, {
        **dict.fromkeys(("regression", "positive", "several"), target),
        "survival": np.stack([target, target + 9], axis=-1),
        "targets": np.stack([target, -target], axis=-1),
        "ranking": thirds / 2,
        "two": words == "high",
        "share": thirds / 2,
        "three": words,
        "labels": np.stack([thirds == 0, thirds > 0, target > 150], axis=-1).astype(int),
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_function_agrees(loss: str, dtype: str, diabetes: tuple[Any, dict[str, Any]], tmp_path: Path) -> None:
    kind, name = LOSSES[loss]
    rows, targets = diabetes
    groups = {"group_id": np.arange(len(rows)) // 10} if kind is CatBoostRanker else {}
    model = kind(loss_function=name, **SETTINGS).fit(rows, targets[loss.split(maxsplit=1)[0]], **groups)
    agrees(loaded(model, dtype=dtype), tmp_path)


@pytest.mark.parametrize("nan_mode", ["Min", "Max", "Forbidden"])
@pytest.mark.parametrize("policy", ["SymmetricTree", "Depthwise", "Lossguide"])
@pytest.mark.parametrize("method", ["predict", "raw", "leaf"])
def test_every_way_of_growing_agrees(policy: str, nan_mode: str, method: str, diabetes: tuple[Any, dict[str, Any]], tmp_path: Path) -> None:
    rows, targets = diabetes
    rows = np.nan_to_num(rows) if nan_mode == "Forbidden" else rows
    model = CatBoostClassifier(grow_policy=policy, nan_mode=nan_mode, **SETTINGS).fit(rows, targets["three"])
    agrees(loaded(model, method=method), tmp_path)


def test_twenty_thousand_rows_of_ten_classes_agree(tmp_path: Path) -> None:
    model = CatBoostClassifier(**SETTINGS | {"depth": 6, "iterations": 40}).fit(*load_digits(return_X_y=True))
    agrees(loaded(model), tmp_path, 20_000)


def test_ones_own_loss_function_gives_the_raw_answer(tmp_path: Path) -> None:
    class Own:
        def calc_ders_range(self, approxes: Any, targets: Any, _weights: Any) -> list[tuple[float, float]]:
            return [(target - approx, -1.0) for approx, target in zip(approxes, targets, strict=True)]

    rows, target = load_diabetes(return_X_y=True)
    with pytest.warns(UserWarning, match="numba"):
        model = CatBoostRegressor(loss_function=Own(), eval_metric="RMSE", **SETTINGS).fit(rows, target)
    found = loaded(model)
    assert found.summary.startswith("CatBoostRegressor, PythonUserDefinedPerObject: 20 symmetric trees")
    agrees(found, tmp_path)


def test_the_models_own_threshold_decides_the_label(cancer: tuple[Any, Any], tmp_path: Path) -> None:
    model = CatBoostClassifier(**SETTINGS).fit(*cancer)
    plain = loaded(model).run({"features": cancer[0].to_numpy(np.float32)})
    model.set_probability_threshold(0.95)
    strict = loaded(model)
    assert (strict.run({"features": cancer[0].to_numpy(np.float32)})["label"] != plain["label"]).sum() > 5
    agrees(strict, tmp_path)


def test_float64_rows_are_rounded_as_catboost_rounds_them(wine: Any, tmp_path: Path) -> None:
    model = loaded(wine, dtype="float64", method="leaf")
    rows = np.zeros((300, 13))
    rng = np.random.default_rng(0)
    for place, column in enumerate(model.layout.columns):
        if len(column.thresholds):
            rows[:, place] = rng.choice(column.thresholds, 300) * (1 + rng.uniform(-1e-7, 1e-7, 300))
    feeds = {"features": rows}
    np.testing.assert_array_equal(answers(exported(model, tmp_path), feeds)["leaves"], model.run(feeds)["leaves"])


@pytest.mark.parametrize("name", ["classifier", "wine", "regressor"])
def test_catboosts_own_export_agrees_and_is_plain(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    model = loaded(request.getfixturevalue(name), iteration_end=12)
    feeds = model.sample(np.random.default_rng(0), {"batch": 500})
    graph = exported(model, tmp_path, "catboost")
    assert [each.name for each in graph.graph.output] == [each.name for each in model.outputs]
    assert "ZipMap" not in {node.op_type for node in graph.graph.node}
    got, want = answers(graph, feeds), model.run(feeds)
    last = model.outputs[-1].name
    np.testing.assert_allclose(got[last], want[last], rtol=1e-5, atol=1e-5)
    assert got[last].shape == want[last].shape


def test_what_catboosts_own_export_cannot_write_is_named(lopsided: Any, wine: Any, diabetes: tuple[Any, Any], tmp_path: Path) -> None:
    hint = "the exporter direct writes such a model"
    with pytest.raises(ExportError, match="exporter catboost: Can save non symmetric trees only in") as caught:
        exported(loaded(lopsided), tmp_path, "catboost")
    assert caught.value.hint == hint
    uncertain = CatBoostRegressor(loss_function="RMSEWithUncertainty", **SETTINGS).fit(diabetes[0], diabetes[1]["regression"])
    with pytest.raises(ExportError, match="exporter catboost: its graph has no prediction") as caught:
        exported(loaded(uncertain), tmp_path, "catboost")
    assert caught.value.hint == hint
    with pytest.raises(ExportError, match="exporter catboost: it answers predict in float32, not leaf in float64") as caught:
        exported(loaded(wine, method="leaf", dtype="float64"), tmp_path, "catboost")
    assert caught.value.hint == "-O method=predict, -O dtype=float32, or the exporter direct"


def test_the_opset_is_honoured(wine: Any, tmp_path: Path) -> None:
    opsets = {each.domain: each.version for each in exported(loaded(wine), tmp_path, opset=18).opset_import}
    assert opsets[""] == 18


def test_an_export_leaves_the_model_as_it_is(tmp_path: Path) -> None:
    model = CatBoostClassifier(**SETTINGS).fit(*load_wine(return_X_y=True))
    before = model._serialize_model()
    for name in ("direct", "catboost"):
        exported(loaded(model, iteration_end=5), tmp_path, name)
    assert model._serialize_model() == before
