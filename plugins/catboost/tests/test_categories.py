"""Categories and their target statistics as tables: every leaf is CatBoost's, for known, unknown and combined categories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor, Pool

import converter
from converter.plugin import ExportRequest, LoadRequest, MissingInputs, Source, UnreadableSource
from converter_catboost import categories
from converter_catboost.model import CatBoostModel, load

SETTINGS: dict[str, Any] = {"iterations": 40, "depth": 4, "thread_count": 1, "random_seed": 0, "allow_writing_files": False, "verbose": False}
NAMES = ["colour", "count", "flag"]


@pytest.fixture(scope="module")
def shop() -> tuple[pd.DataFrame, np.ndarray]:
    """A table of two numbers, one of them with gaps, and three categorical columns; a target of two kinds that every column tells of."""
    rng = np.random.default_rng(0)
    size = 1200
    table = pd.DataFrame(
        {
            "weight": rng.normal(size=size),
            "colour": rng.choice(["red", "green", "blau", "größe", ""], size).astype(object),
            "count": rng.integers(-3, 25, size),
            "price": np.where(rng.random(size) < 0.1, np.nan, rng.normal(size=size)),
            "flag": rng.choice(["y", "n"], size).astype(object),
        }
    )
    target = (table["colour"] == "red") ^ (table["count"] % 3 == 0) ^ (table["weight"] > 0) ^ (table["flag"] == "y")
    return table, target.to_numpy().astype(int)


def columns(table: pd.DataFrame) -> dict[str, np.ndarray]:
    return {str(name): table[name].to_numpy() for name in table}


def loaded(model: Any, table: pd.DataFrame | None = None, **options: Any) -> CatBoostModel:
    return load(LoadRequest(Source.of(model), columns=None if table is None else columns(table), options=options))


def answers(model: CatBoostModel, folder: Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    model.exporters[0].write(ExportRequest(folder / "graph.onnx"))
    session = onnxruntime.InferenceSession(folder / "graph.onnx", providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def same_leaves(model: CatBoostModel, folder: Path) -> None:
    feeds = model.sample(np.random.default_rng(0), {"batch": 3000})
    np.testing.assert_array_equal(answers(model, folder, feeds)["leaves"], model.run(feeds)["leaves"])


STATISTICS: dict[str, tuple[type, dict[str, Any]]] = {
    "two classes": (CatBoostClassifier, {}),
    "combinations of all": (CatBoostClassifier, {"max_ctr_complexity": 4, "one_hot_max_size": 1}),
    "one-hot alone": (CatBoostClassifier, {"one_hot_max_size": 64}),
    "buckets": (CatBoostClassifier, {"simple_ctr": ["Buckets", "Counter"], "combinations_ctr": ["Buckets", "Counter"]}),
    "means": (
        CatBoostRegressor,
        {"simple_ctr": ["BinarizedTargetMeanValue"], "combinations_ctr": ["BinarizedTargetMeanValue"], "nan_mode": "Max"},
    ),
    "several borders": (CatBoostRegressor, {"simple_ctr": ["Borders:TargetBorderCount=3:Prior=0.3"], "max_ctr_complexity": 3}),
    "several labels": (CatBoostClassifier, {"loss_function": "MultiLogloss"}),
    "several targets": (CatBoostRegressor, {"loss_function": "MultiRMSE", "combinations_ctr": ["Borders", "BinarizedTargetMeanValue"]}),
    "trees that are not symmetric": (CatBoostRegressor, {"grow_policy": "Depthwise"}),
}


@pytest.mark.parametrize("name", STATISTICS)
def test_every_leaf_is_catboosts(name: str, shop: tuple[pd.DataFrame, np.ndarray], tmp_path: Path) -> None:
    table, target = shop
    kind, settings = STATISTICS[name]
    target = target if kind is CatBoostClassifier else target + table["weight"].to_numpy()
    if "loss_function" in settings:
        target = np.stack([target, (table["count"] > 10).to_numpy().astype(target.dtype)], axis=-1)
    model = kind(**SETTINGS, **settings).fit(table, target, cat_features=NAMES)
    same_leaves(loaded(model, table, method="leaf"), tmp_path)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_three_classes_agree(dtype: str, shop: tuple[pd.DataFrame, np.ndarray], tmp_path: Path) -> None:
    table, target = shop
    fitted = CatBoostClassifier(**SETTINGS).fit(table, target + (table["count"] > 10), cat_features=NAMES)
    model = loaded(fitted, table, dtype=dtype)
    feeds = model.sample(np.random.default_rng(0), {"batch": 2000})
    got, want = answers(model, tmp_path, feeds), model.run(feeds)
    np.testing.assert_array_equal(got["label"], want["label"])
    np.testing.assert_allclose(got["probabilities"], want["probabilities"], rtol=0, atol=1e-12 if dtype == "float64" else 1e-6)


def test_each_category_is_an_input_of_its_own(shop: tuple[pd.DataFrame, np.ndarray]) -> None:
    table, target = shop
    model = loaded(CatBoostClassifier(**SETTINGS).fit(table, target, cat_features=NAMES), table)
    inputs = {each.name: (each.dtype, each.dims, each.columns) for each in model.inputs}
    assert inputs == {
        "features": ("float32", ("batch", 2), ("weight", "price")),
        "colour": ("string", ("batch", 1), ("colour",)),
        "count": ("int64", ("batch", 1), ("count",)),
        "flag": ("string", ("batch", 1), ("flag",)),
    }
    assert model.summary == "CatBoostClassifier, Logloss: 40 symmetric trees, 5 features (3 categorical), 2 classes"
    drawn = model.sample(np.random.default_rng(0), {"batch": 400})
    assert set(drawn["colour"].ravel()) == {"red", "green", "blau", "größe", "", "?", "no such category"}
    assert set(drawn["count"].ravel()) > set(range(-3, 25))


def test_the_models_own_answer_is_that_of_its_table(shop: tuple[pd.DataFrame, np.ndarray]) -> None:
    table, target = shop
    fitted = CatBoostClassifier(**SETTINGS).fit(table, target, cat_features=NAMES)
    feeds = {name: table[[name]].to_numpy() for name in NAMES} | {"features": table[["weight", "price"]].to_numpy(np.float32)}
    np.testing.assert_allclose(loaded(fitted, table).run(feeds)["probabilities"], fitted.predict_proba(table), rtol=1e-12)


def test_a_column_that_no_tree_asks_for_is_no_input(shop: tuple[pd.DataFrame, np.ndarray], tmp_path: Path) -> None:
    table, _ = shop
    dull = table.assign(flag="always")
    model = CatBoostRegressor(**SETTINGS).fit(dull, dull["weight"], cat_features=NAMES)
    found = loaded(model, dull, method="leaf")
    assert "flag" not in {each.name for each in found.inputs}
    same_leaves(found, tmp_path)


def test_categories_alone_and_names_that_are_taken(shop: tuple[pd.DataFrame, np.ndarray], tmp_path: Path) -> None:
    table, target = shop
    table = table[["colour", "flag"]].rename(columns={"colour": "label"})
    model = loaded(CatBoostClassifier(**SETTINGS).fit(table, target, cat_features=["label", "flag"]), table, method="leaf")
    assert [each.name for each in model.inputs] == ["label.category", "flag"]
    same_leaves(model, tmp_path)


def test_a_json_model_that_was_saved_with_its_pool_converts_alone(shop: tuple[pd.DataFrame, np.ndarray], tmp_path: Path) -> None:
    table, target = shop
    model = CatBoostClassifier(**SETTINGS).fit(table, target, cat_features=NAMES)
    model.save_model(str(tmp_path / "model.json"), format="json", pool=Pool(table, target, cat_features=NAMES))
    report = converter.convert(tmp_path / "model.json")
    assert report.agrees
    assert {each.name: each.dtype for each in report.spec.inputs} == {"features": "float32", "colour": "string", "count": "string", "flag": "string"}


def test_json_that_lost_the_statistics_of_a_target_is_refused(shop: tuple[pd.DataFrame, np.ndarray], tmp_path: Path) -> None:
    """CatBoost loads it without a word, and answers otherwise than the model that was saved."""
    table, target = shop
    labels = np.stack([target, (table["count"] > 10).to_numpy().astype(int)], axis=-1)
    model = CatBoostClassifier(loss_function="MultiLogloss", **SETTINGS).fit(table, labels, cat_features=NAMES)
    model.save_model(str(tmp_path / "model.json"), format="json", pool=Pool(table, cat_features=NAMES))
    with pytest.raises(
        UnreadableSource, match=r"^model\.json has target statistics of several targets, of which CatBoost keeps one in JSON"
    ) as caught:
        converter.convert(tmp_path / "model.json")
    assert caught.value.hint == "save the model with save_model('model.cbm'), and convert that with --data train.csv"
    one_hot = CatBoostClassifier(loss_function="MultiLogloss", one_hot_max_size=64, **SETTINGS).fit(table, labels, cat_features=NAMES)
    one_hot.save_model(str(tmp_path / "one_hot.json"), format="json", pool=Pool(table, cat_features=NAMES))
    assert converter.convert(tmp_path / "one_hot.json").agrees


def test_a_binary_model_converts_with_its_table(shop: tuple[pd.DataFrame, np.ndarray], tmp_path: Path) -> None:
    table, target = shop
    CatBoostClassifier(**SETTINGS).fit(table, target, cat_features=NAMES).save_model(str(tmp_path / "model.cbm"))
    table.to_csv(tmp_path / "train.csv", index=False)
    report = converter.convert(tmp_path / "model.cbm", data=tmp_path / "train.csv")
    assert report.agrees
    assert any("train.csv" in case.origin for case in report.cases)
    assert report.attempts[0].exporter == "direct"


def test_texts_that_nothing_tells_are_asked_for(shop: tuple[pd.DataFrame, np.ndarray]) -> None:
    table, target = shop
    model = CatBoostClassifier(**SETTINGS).fit(table, target, cat_features=NAMES)
    message = r"^CatBoostClassifier knows the texts of its categories \(colour, count, flag\) by their hashes alone$"
    with pytest.raises(MissingInputs, match=message) as caught:
        loaded(model)
    assert caught.value.hint == "--data train.csv shows them, or save it with save_model('model.json', format='json', pool=train_pool)"


def test_a_table_that_lacks_known_categories_is_refused(shop: tuple[pd.DataFrame, np.ndarray]) -> None:
    table, target = shop
    model = CatBoostClassifier(**SETTINGS).fit(table, target, cat_features=NAMES)
    with pytest.raises(MissingInputs, match=r"^[1-9][0-9]* categories of the column 'count' are known to CatBoostClassifier by their") as caught:
        loaded(model, table[table["count"] < 20])
    assert caught.value.hint == "give the whole table that it was trained on: --data train.csv"


def test_a_column_of_fractions_is_refused(shop: tuple[pd.DataFrame, np.ndarray]) -> None:
    table, target = shop
    model = CatBoostClassifier(**SETTINGS).fit(table, target, cat_features=NAMES)
    with pytest.raises(MissingInputs, match=r"^the column 'count' is categorical, and the table has float64 there$") as caught:
        loaded(model, table.assign(count=table["count"] + 0.5))
    assert caught.value.hint == "categories are texts or whole numbers; write the table's column as such"


def test_given_inputs_are_refused(shop: tuple[pd.DataFrame, np.ndarray]) -> None:
    table, target = shop
    model = CatBoostClassifier(**SETTINGS).fit(table, target, cat_features=NAMES)
    given = converter.plugin.parse_inputs(["x:float32[batch,5]"])[0]
    with pytest.raises(MissingInputs, match=r"^CatBoostClassifier takes categories, whose inputs cannot be given$") as caught:
        load(LoadRequest(Source.of(model), inputs=given, columns=columns(table)))
    assert caught.value.hint == "leave --input out; --data train.csv shows the columns"


def test_too_many_combinations_are_refused(shop: tuple[pd.DataFrame, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    table, target = shop
    model = CatBoostClassifier(**SETTINGS, max_ctr_complexity=4, one_hot_max_size=1).fit(table, target, cat_features=NAMES)
    monkeypatch.setattr(categories, "LARGEST", 20)
    with pytest.raises(
        UnreadableSource, match=r"cannot be written as tables: a target statistic of [1-3] categorical features has [0-9]+ comb"
    ) as caught:
        loaded(model, table)
    assert caught.value.hint == "train it with max_ctr_complexity=1, or with a larger one_hot_max_size"


def test_features_of_text_are_refused() -> None:
    rng = np.random.default_rng(0)
    words = np.array(["good film", "bad film", "a good one", "so bad it hurts"], object)
    texts = words[rng.integers(0, 4, 200)]
    table = pd.DataFrame({"review": texts, "length": rng.normal(size=200)})
    good = np.array(["good" in text for text in texts])
    model = CatBoostClassifier(**SETTINGS | {"iterations": 3}).fit(table, good, text_features=["review"])
    with pytest.raises(UnreadableSource, match=r"takes text features \(columns 0\), which it cuts into words by rules") as caught:
        loaded(model)
    assert "TfidfVectorizer" in caught.value.hint


def test_features_of_vectors_are_refused() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 4))
    pool = Pool(pd.DataFrame({"vector": list(vectors)}), vectors[:, 0] > 0, embedding_features=["vector"])
    model = CatBoostClassifier(**SETTINGS | {"iterations": 3}).fit(pool)
    with pytest.raises(UnreadableSource, match=r"takes embedding features \(columns 0\), which it projects by a function") as caught:
        loaded(model)
    assert caught.value.hint == "train on the vectors' numbers as features of their own"
