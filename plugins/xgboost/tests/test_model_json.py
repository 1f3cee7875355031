"""The model document: what it says of itself, and damage that the library would not notice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from xgboost import XGBClassifier, XGBRegressor

from converter_xgboost.ensemble import ensemble_of
from converter_xgboost.linear import linear_of
from converter_xgboost.model_json import read


def document_of(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(model.get_booster().save_raw("json"))
    return found


def body(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["learner"]["gradient_booster"]["model"]
    return found


def first_tree(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body(document)["trees"][0]
    return found


def test_it_reads_what_the_model_is(wine: Any, mixed: Any, linear: Any) -> None:
    found = read(json.dumps(document_of(wine)).encode())
    assert (found.objective_name, found.booster, found.width, found.groups) == ("multi:softprob", "gbtree", 13, 3)
    assert found.iterations.tolist() == list(range(0, 37, 3))
    assert found.base_score.shape == (3,)
    assert read(bytes(mixed.get_booster().save_raw("ubj"))).types == ("c", "q", "q")
    assert read(bytes(linear.get_booster().save_raw("ubj"))).trees == ()


def test_names_and_early_stopping_are_read(cancer: tuple[Any, Any]) -> None:
    model = XGBClassifier(n_estimators=40, max_depth=2, n_jobs=1, early_stopping_rounds=2, learning_rate=1.0)
    model.fit(cancer[0][:300], cancer[1][:300], eval_set=[(cancer[0][300:], cancer[1][300:])], verbose=False)
    found = read(bytes(model.get_booster().save_raw("ubj")))
    assert found.names == tuple(cancer[0].columns)
    assert found.best_iteration == model.best_iteration
    assert found.best_iteration is not None
    assert found.best_iteration + 1 < len(found.iterations) - 1


def test_dart_keeps_its_weights() -> None:
    rows = np.random.default_rng(0).normal(size=(80, 3))
    model = XGBRegressor(booster="dart", rate_drop=0.5, n_estimators=6, n_jobs=1).fit(rows, rows[:, 0])
    found = read(bytes(model.get_booster().save_raw("ubj")))
    assert found.dropped is not None
    assert found.dropped.min() < 1


DAMAGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no learner": (lambda document: document.pop("learner"), "it has no learner"),
    "no version": (lambda document: document.pop("version"), "it has no version"),
    "a list": (lambda document: document.update(learner=[]), "it is put together wrongly"),
    "another booster": (lambda document: document["learner"]["gradient_booster"].update(name="gbforest"), "its booster is 'gbforest'"),
    "no features": (lambda document: document["learner"]["learner_model_param"].update(num_feature="0"), "it says of itself 0 features"),
    "a name less": (lambda document: document["learner"].update(feature_names=["a"]), "it has 1 names for 3 features"),
    "an unknown type": (lambda document: document["learner"].update(feature_types=["c", "q", "x"]), "it has features of type x"),
    "no list": (lambda document: first_tree(document).update(parents=3), "tree 0: a list of its numbers is no list"),
    "a base score more": (
        lambda document: document["learner"]["learner_model_param"].update(base_score="[0.5,0.5]"),
        r"its base_score is \[0\.5, 0\.5\] for 1",
    ),
    "an infinite base": (lambda document: document["learner"]["learner_model_param"].update(base_score="[Infinity]"), "its base_score is"),
    "a tree less": (lambda document: body(document)["trees"].pop(), "11 of 12 trees are there"),
    "a group less": (lambda document: body(document)["tree_info"].pop(), "its tree_info has 11 values for 12 trees"),
    "iterations": (lambda document: body(document)["iteration_indptr"].pop(), "its iterations do not share out 12 trees"),
    "a node less": (lambda document: first_tree(document)["split_conditions"].pop(), "tree 0 does not have the 11 nodes that it announces"),
    "no gains": (lambda document: first_tree(document).pop("loss_changes"), "tree 0 has no loss_changes"),
    "a gain less": (lambda document: first_tree(document)["loss_changes"].pop(), "tree 0 does not have the 11 nodes that it announces"),
    "no number": (lambda document: first_tree(document).pop("id"), "tree 0 has no id"),
    "no children": (lambda document: first_tree(document).pop("left_children"), "tree 0 has no left_children"),
    "letters": (lambda document: first_tree(document)["left_children"].__setitem__(0, "x"), "tree 0: invalid literal"),
    "a child elsewhere": (
        lambda document: first_tree(document)["right_children"].__setitem__(0, 1),
        "tree 0: its nodes do not lead back to their parents",
    ),
    "a child outside": (lambda document: moved(document, 900), "tree 0: its nodes do not lead back"),
    "a circle": (lambda document: moved(document, 0), "tree 0: its nodes do not lead back"),
    "a strange leaf": (lambda document: first_tree(document)["left_children"].__setitem__(-1, -5), "tree 0: its nodes do not lead back"),
    "another parent": (lambda document: first_tree(document)["parents"].__setitem__(4, 9), "tree 0: its nodes do not lead back"),
    "another number": (lambda document: first_tree(document).update(id=1), "or it is another tree"),
    "a feature outside": (lambda document: first_tree(document)["split_indices"].__setitem__(0, 7), "a feature that is none of the 3"),
    "a target outside": (lambda document: body(document)["tree_info"].__setitem__(0, 4), "a target that is none of the 1"),
    "no categories": (lambda document: first_tree(document)["categories"].clear(), "tree 0: a set of categories is damaged"),
    "a negative category": (lambda document: first_tree(document)["categories"].__setitem__(0, -3), "tree 0: a set of categories is damaged"),
    "a set less": (lambda document: first_tree(document)["categories_nodes"].pop(), "tree 0: its sets of categories are not those of its nodes"),
}


def moved(document: dict[str, Any], left: int) -> None:
    tree = first_tree(document)
    tree["left_children"][1], tree["right_children"][1] = left, left + 1


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(mixed: Any, name: str) -> None:
    damage, message = DAMAGES[name]
    document = document_of(mixed)
    sound = read(json.dumps(document).encode())
    ensemble_of(sound, 0, len(sound.trees))
    damage(document)
    with pytest.raises(ValueError, match=message):
        ensemble_of(read(json.dumps(document).encode()), 0, 12)


def test_damaged_leaf_vectors_are_found() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3))
    document = document_of(XGBRegressor(n_estimators=1, max_depth=2, n_jobs=1, multi_strategy="multi_output_tree").fit(rows, rows[:, :2]))
    first_tree(document)["leaf_weights"].pop()
    with pytest.raises(ValueError, match="tree 0: its leaves have no 2 values each"):
        ensemble_of(read(json.dumps(document).encode()), 0, 1)
    document["learner"]["learner_model_param"]["num_target"] = "3"
    document["learner"]["learner_model_param"]["base_score"] = "[0,0,0]"
    first_tree(document)["leaf_weights"].append(0.0)
    with pytest.raises(ValueError, match="tree 0 has 2 values a leaf, the model 3 outputs"):
        ensemble_of(read(json.dumps(document).encode()), 0, 1)


def test_damaged_weights_are_found(linear: Any) -> None:
    document = document_of(linear)
    body(document)["weights"].pop()
    with pytest.raises(ValueError, match="it has 41 weights, 42 are wanted"):
        linear_of(read(json.dumps(document).encode()))
    del body(document)["weights"]
    with pytest.raises(ValueError, match="it has no weights"):
        linear_of(read(json.dumps(document).encode()))
