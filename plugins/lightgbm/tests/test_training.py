"""However a model was trained and wherever it comes from, its graph answers as it does."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import Booster, Dataset, LGBMClassifier, LGBMRegressor, train

from converter.plugin import LoadRequest, Source, UntrustedSource
from converter_lightgbm.loading import load_model
from converter_lightgbm.model import LightGBMModel, load

Run = Callable[..., dict[str, np.ndarray]]
Table = tuple[np.ndarray, np.ndarray]
SETTINGS: dict[str, Any] = {"objective": "binary", "num_leaves": 12, "min_data_in_leaf": 5, "min_data_per_group": 5, "verbose": -1, "num_threads": 1}


def dataset(telling: Table, **settings: Any) -> Dataset:
    rows, kinds = telling
    return Dataset(rows, kinds > 1, categorical_feature=[0, 1], params={**SETTINGS, **settings}, free_raw_data=False)


def trained(telling: Table, iterations: int = 12, **settings: Any) -> Booster:
    return train({**SETTINGS, **settings}, dataset(telling, **settings), iterations)


def loaded(model: Any, **options: Any) -> LightGBMModel:
    return load(LoadRequest(Source.of(model), options=options))


def check(model: Any, run_graph: Run, **options: Any) -> None:
    """Leaves are the model's one by one, answers to the digits of the dtype."""
    for dtype, exact in (("float32", {"rtol": 1e-5, "atol": 1e-6}), ("float64", {"rtol": 1e-12, "atol": 1e-15})):
        leaves = loaded(model, method="leaf", dtype=dtype, **options)
        feeds = leaves.sample(np.random.default_rng(0), {"batch": 3000})
        np.testing.assert_array_equal(run_graph(leaves, feeds)["leaves"], leaves.run(feeds)["leaves"])
        answering = loaded(model, dtype=dtype, **options)
        got, want = run_graph(answering, feeds), answering.run(feeds)
        for name, answer in want.items():
            if answer.dtype.kind == "f":
                np.testing.assert_allclose(got[name], answer, **exact)
            else:
                np.testing.assert_array_equal(got[name], answer)


@pytest.mark.parametrize(
    "settings",
    [
        {"max_bin_by_feature": [70, 5, 3, 200, 10]},
        {"monotone_constraints": [0, 0, 1, -1, 0]},
        {"monotone_constraints": [0, 0, 1, -1, 0], "monotone_constraints_method": "advanced"},
        {"extra_trees": True},
        {"path_smooth": 5.0},
        {"interaction_constraints": [[0, 2], [1, 3, 4]]},
        {"feature_contri": [0.5, 1, 1, 2, 1]},
        {"is_unbalance": True, "boost_from_average": False},
        {"max_depth": 2, "max_cat_to_onehot": 100},
        {"predict_disable_shape_check": True},
        {"num_leaves": 120, "min_data_in_leaf": 1},
        {"use_quantized_grad": True},
        {"deterministic": True, "force_row_wise": True, "learning_rate": 3.0},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_settings_of_training_change_nothing_about_the_graph(telling: Table, run_graph: Run, settings: dict[str, Any]) -> None:
    check(trained(telling, **settings), run_graph)


def test_forced_splits(telling: Table, run_graph: Run, tmp_path: Path) -> None:
    wanted = {"feature": 3, "threshold": 0.25, "left": {"feature": 2, "threshold": -0.5}}
    (tmp_path / "splits.json").write_text(json.dumps(wanted))
    booster = trained(telling, forcedsplits_filename=str(tmp_path / "splits.json"))
    trees = loaded(booster).loaded.text.trees
    roots = np.cumsum(trees.leaves - 1) - (trees.leaves - 1)
    assert set(trees.features[roots]) == {3}
    check(booster, run_graph)


@pytest.mark.parametrize("count", [1, 5, -1])
def test_some_iterations_of_dart(telling: Table, run_graph: Run, count: int) -> None:
    check(trained(telling, boosting="dart", drop_rate=0.5), run_graph, num_iteration=count)


def test_leaves_that_were_fitted_again(telling: Table, run_graph: Run) -> None:
    rows, kinds = telling
    booster = trained(telling)
    again = booster.refit(rows[::2], kinds[::2] > 2, decay_rate=0.3)
    check(again, run_graph)
    answers = [run_graph(loaded(each), {"features": rows.astype(np.float32)})["probabilities"] for each in (booster, again)]
    assert np.abs(answers[0] - answers[1]).max() > 0.1


def test_training_that_went_on(telling: Table, run_graph: Run, tmp_path: Path) -> None:
    first = trained(telling, 5)
    first.save_model(tmp_path / "first.txt")
    for start in (first, tmp_path / "first.txt"):
        more = train(SETTINGS, dataset(telling), 4, init_model=start)
        assert len(loaded(more).loaded.text.trees) == 9
        check(more, run_graph)
    rows, kinds = telling
    classifier = LGBMClassifier(n_estimators=4, verbose=-1, n_jobs=1).fit(rows, kinds > 1, init_model=first)
    check(classifier, run_graph)


def test_one_iteration_more_by_hand_and_a_leaf_set_by_hand(telling: Table, run_graph: Run) -> None:
    booster = Booster(SETTINGS, dataset(telling))
    for _ in range(4):
        booster.update()
    booster.rollback_one_iter()
    booster.set_leaf_output(1, 2, 0.75)
    booster.shuffle_models()
    check(booster, run_graph)


def test_a_booster_that_was_read_from_text(telling: Table, run_graph: Run) -> None:
    text = trained(telling).model_to_string()
    check(Booster(model_str=text), run_graph)
    check(Booster(model_str=trained(telling, 5).model_to_string(num_iteration=2, start_iteration=1)), run_graph)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_a_file_of_either_kind_of_line_ends(telling: Table, run_graph: Run, tmp_path: Path, end: str) -> None:
    booster = trained(telling, objective="regression", linear_tree=True)
    path = tmp_path / "model.txt"
    path.write_bytes(booster.model_to_string().replace("\n", end).encode())
    feeds = {"features": telling[0].astype(np.float32)}
    answer = run_graph(loaded(path), feeds)["prediction"]
    np.testing.assert_allclose(answer, booster.predict(feeds["features"]), rtol=1e-5, atol=1e-6)


def own_loss(target: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return scores - target, np.ones_like(scores)


def test_a_pickled_wrapper_of_an_objective_of_ones_own_needs_trust(telling: Table, run_graph: Run, tmp_path: Path) -> None:
    rows, kinds = telling
    path = tmp_path / "model.pkl"
    model = LGBMRegressor(objective=own_loss, n_estimators=4, verbose=-1, n_jobs=1).fit(rows, kinds)
    path.write_bytes(pickle.dumps(model))
    with pytest.raises(UntrustedSource, match=r"^model\.pkl names .*test_training\.own_loss, which is not allowed$") as caught:
        load_model(Source.of(path), trust=False)
    assert caught.value.hint == "save it as text with booster_.save_model('model.txt'), or pass --trust if you made the file yourself"
    trusted = load(LoadRequest(Source.of(path), trust=True))
    feeds = {"features": rows.astype(np.float32)}
    np.testing.assert_allclose(run_graph(trusted, feeds)["prediction"], model.predict(feeds["features"]), rtol=1e-5, atol=1e-6)
    path.write_bytes(pickle.dumps(model.booster_))  # its booster alone names nothing of one's own
    check(path, run_graph)


@pytest.mark.parametrize("form", ["live", "text", "pickle"])
def test_columns_of_pandas_categories_are_their_codes(run_graph: Run, tmp_path: Path, form: str) -> None:
    rng = np.random.default_rng(0)
    words = rng.choice(["north", "east", "süd", "west"], 400)
    table = pd.DataFrame({"place": pd.Categorical(words), "size": rng.normal(size=400), "grade": pd.Categorical(rng.integers(3, 9, 400))})
    model = LGBMClassifier(n_estimators=5, min_child_samples=5, min_data_per_group=5, verbose=-1, n_jobs=1).fit(
        table, np.isin(words, ["east", "west"]) ^ (table["grade"].astype(int) > 5)
    )
    source: Any = model
    if form != "live":
        source = tmp_path / "model.txt"
        source.write_bytes(pickle.dumps(model) if form == "pickle" else model.booster_.model_to_string().encode())
    if form == "pickle":
        source = source.rename(tmp_path / "model.pkl")
    check(source, run_graph)
    converted = loaded(source)
    assert json.loads(converted.metadata["categories"]) == [["east", "north", "süd", "west"], [3, 4, 5, 6, 7, 8]]
    codes = np.stack([table["place"].cat.codes, table["size"], table["grade"].cat.codes], axis=1).astype(np.float32)
    np.testing.assert_allclose(run_graph(converted, {"features": codes})["probabilities"], model.predict_proba(table), rtol=1e-5, atol=1e-6)
