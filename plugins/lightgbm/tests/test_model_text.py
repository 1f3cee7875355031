"""LightGBM's text model: read whole, refused where damaged, and rounded without another answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from lightgbm import Booster, Dataset, LGBMClassifier, train

from converter_lightgbm.model_text import read, with_float32_thresholds
from converter_lightgbm.trees import MISSING_NAN


def first(text: str, line: str, new: Callable[[str], str]) -> str:
    """Return the text with the value of the first line of a name changed."""
    start = text.index(f"\n{line}=") + len(line) + 2
    end = text.index("\n", start)
    return text[:start] + new(text[start:end]) + text[end:]


def test_it_reads_every_split(wine: Any) -> None:
    found = read(wine.booster_.model_to_string())
    table = wine.booster_.trees_to_dataframe()
    splits = table[table["left_child"].notna()]
    assert len(found.trees) == 36
    assert found.objective.name == "multiclass"
    assert found.feature_names == tuple(wine.booster_.feature_name())
    assert sorted(found.trees.thresholds) == sorted(splits["threshold"].astype(float))
    names = np.array(found.feature_names)[found.trees.features]
    assert sorted(names) == sorted(splits["split_feature"])


def test_it_reads_categories_and_what_is_missing(mixed: Any) -> None:
    trees = read(mixed.booster_.model_to_string()).trees
    assert set(trees.features[trees.categorical]) == {0}
    assert set(trees.missing[trees.features == 1]) == {MISSING_NAN}


def test_windows_line_ends_are_read(wine: Any) -> None:
    text = wine.booster_.model_to_string()
    assert read(text.replace("\n", "\r\n")).text == read(text).text


def test_the_parameters_of_training_are_left_out(wine: Any) -> None:
    text = wine.booster_.model_to_string()
    kept = read(text).text
    assert "[learning_rate: " in text
    assert "[learning_rate: " not in kept
    assert text.startswith(kept[: kept.index("end of trees")])
    assert kept.endswith("\n\npandas_categorical:null\n")
    assert read(kept).text == kept  # as texts without parameters come


DAMAGES: dict[str, tuple[Callable[[str], str], str]] = {
    "cut off in a tree": (lambda text: text[: text.index("Tree=3") + 200], "'end of trees' is missing"),
    "cut off in the header": (lambda text: text[:60], "'end of trees' is missing"),
    "cut off in the parameters": (lambda text: text[: text.index("[learning_rate")], "the line 'end of parameters' is missing"),
    "cut off in the last line of the parameters": (lambda text: text[: text.index("of parameters")], "the line 'end of parameters' is missing"),
    "a tree left out": (lambda text: text[: text.index("Tree=2")] + text[text.index("Tree=3") :], "11 of 12 trees are there"),
    "a range without an end": (lambda text: first(text, "feature_infos", lambda infos: infos.replace("]", "", 1)), r"describes a feature as '\[-"),
    "no names": (lambda text: text.replace("feature_names=", "feature_nomes="), "the header has no feature_names"),
    "a feature less": (lambda text: first(text, "feature_names", lambda names: names.rpartition(" ")[0]), "does not describe 3 features"),
    "a digit lost": (lambda text: first(text, "internal_value", lambda values: values[:-1]), "tree 0 has .* bytes, the header says"),
    "no objective": (lambda text: first(text, "objective", lambda _: ""), "objective or num_tree_per_iteration is empty"),
    "no thresholds": (
        lambda text: first(text, "threshold", lambda values: values.rpartition(" ")[0]),
        "tree 0 has 6 numbers in threshold and should have 7",
    ),
    "letters": (lambda text: first(text, "left_child", lambda values: f"x{values}"), "tree 0: 'x1' is no number"),
    "letters where only LightGBM reads": (lambda text: first(text, "split_gain", lambda values: f"[{values[1:]}"), r"tree 0: '\[' in split_gain"),
    "two numbers in one where only LightGBM reads": (
        lambda text: first(text, "leaf_weight", lambda values: values.replace(" ", "0", 1)),
        "tree 0 has 7 numbers in leaf_weight and should have 8",
    ),
    "no leaves": (lambda text: text.replace("\nnum_leaves=", "\nnum_loaves="), "tree 0 has no num_leaves"),
    "a loop": (lambda text: first(text, "left_child", lambda values: "0" + values[1:]), "tree 0: its nodes do not form a tree"),
    "a child outside": (lambda text: first(text, "right_child", lambda values: "99" + values[1:]), "tree 0: its nodes do not form a tree"),
    "a feature outside": (lambda text: first(text, "split_feature", lambda values: "9" + values[1:]), "a feature that is none of the 3"),
    "no categories": (lambda text: first(text, "cat_threshold", lambda _: "1"), "tree 0: its sets of categories are damaged"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(mixed: Any, name: str) -> None:
    damage, message = DAMAGES[name]
    text = mixed.booster_.model_to_string()
    assert read(text)
    with pytest.raises(ValueError, match=message):
        read(damage(text))


def test_rounded_thresholds_are_exact_in_float32(wine: Any) -> None:
    text = wine.booster_.model_to_string()
    exact = read(with_float32_thresholds(text)).trees.thresholds
    original = read(text).trees.thresholds
    assert (exact.astype(np.float32) == exact).all()
    assert (exact <= original).all()
    assert (np.nextafter(exact.astype(np.float32), np.float32(np.inf)) > original).all()


@pytest.mark.parametrize("name", ["wine", "mixed"])
def test_a_rounded_model_answers_float32_rows_alike(name: str, request: pytest.FixtureRequest) -> None:
    model: LGBMClassifier = request.getfixturevalue(name)
    text = model.booster_.model_to_string()
    trees = read(text).trees
    rng = np.random.default_rng(0)
    rows = np.zeros((3000, model.n_features_in_), np.float32)
    for place in range(rows.shape[1]):
        mine = trees.thresholds[(trees.features == place) & ~trees.categorical].astype(np.float32)
        if len(mine):
            at = rng.choice(mine, len(rows))
            rows[:, place] = np.where(rng.random(len(rows)) < 0.5, at, np.nextafter(at, np.where(rng.random(len(rows)) < 0.5, -np.inf, np.inf)))
    if name == "mixed":
        rows[:, 0] = rng.integers(-1, 14, len(rows))
    rounded = Booster(model_str=with_float32_thresholds(text))
    np.testing.assert_array_equal(rounded.predict(rows), Booster(model_str=text).predict(rows))


def test_linear_functions_are_read(cancer: tuple[Any, Any]) -> None:
    booster = LGBMClassifier(linear_tree=True, n_estimators=4, num_leaves=6, verbose=-1, n_jobs=1).fit(*cancer).booster_
    trees = read(booster.model_to_string()).trees
    assert trees.linear is not None
    assert trees.linear.counts.tolist() == [len(leaf.get("leaf_features", [])) for leaf in leaves_of(booster)]
    np.testing.assert_array_equal(trees.linear.coefficients, np.concatenate([leaf["leaf_coeff"] for leaf in leaves_of(booster)]))
    assert trees.linear.features.tolist() == [feature for leaf in leaves_of(booster) for feature in leaf["leaf_features"]]
    np.testing.assert_array_equal(trees.linear.constants, [leaf["leaf_const"] for leaf in leaves_of(booster)])


def leaves_of(booster: Booster) -> list[dict[str, Any]]:
    """The leaves of a booster's trees, in order, as its own dump has them."""
    return [
        leaf
        for tree in booster.dump_model()["tree_info"]
        for leaf in sorted(_leaves_below(tree["tree_structure"]), key=lambda leaf: leaf["leaf_index"])
    ]


def _leaves_below(node: dict[str, Any]) -> list[dict[str, Any]]:
    if "left_child" not in node:
        return [node]
    return [*_leaves_below(node["left_child"]), *_leaves_below(node["right_child"])]


LINEAR_DAMAGES: dict[str, tuple[Callable[[str], str], str]] = {
    "a coefficient less": (
        lambda text: first(text, "leaf_coeff", lambda values: values.strip().rpartition(" ")[0]),
        "numbers in leaf_coeff and should have",
    ),
    "a feature outside": (lambda text: first(text, "leaf_features", lambda values: "99" + values[1:]), "a feature that is none of the 4"),
    "no constants": (lambda text: text.replace("leaf_const=", "leaf_cunst="), "tree 0 has no leaf_const"),
}


@pytest.mark.parametrize("name", LINEAR_DAMAGES)
def test_damage_of_linear_functions_is_found(name: str) -> None:
    damage, message = LINEAR_DAMAGES[name]
    rows = np.random.default_rng(0).normal(size=(300, 4))
    settings = {"objective": "regression", "linear_tree": True, "verbose": -1, "num_threads": 1, "boost_from_average": False}
    first_tree = train(settings, Dataset(rows, rows.sum(axis=1)), 3).model_to_string(start_iteration=1)
    assert read(first_tree).trees.linear is not None
    with pytest.raises(ValueError, match=message):
        read(damage(first_tree))
