"""XGBoost's model document, JSON or UBJSON, read and found whole.

    learner ─┬─ objective.name              learner_model_param: num_feature, num_class, num_target, base_score
             ├─ feature_names, feature_types, attributes
             └─ gradient_booster ─┬─ name   gbtree, gblinear, or dart: that has weight_drop, and its trees under gbtree
                                  └─ model  trees, tree_info, iteration_indptr; or weights
    version    [3, 2, 0]

The library takes much on trust that a damaged file cannot keep, and may crash on it, so the file is read here first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter_xgboost import ubjson
from converter_xgboost.objectives import OBJECTIVES, Objective

GBLINEAR = "gblinear"
_BOOSTERS = ("gbtree", "dart", GBLINEAR)
_TYPES = frozenset({"int", "float", "i", "q", "c"})


@dataclass(frozen=True, eq=False)
class ModelJson:
    """A model document. `base_score` is float32 [1] or [groups], as it is written: before the objective turns it into margins."""

    version: tuple[int, ...]
    objective_name: str
    booster: str
    width: int
    classes: int
    targets: int
    base_score: np.ndarray[Any, Any]
    names: tuple[str, ...]
    types: tuple[str, ...]
    attributes: Mapping[str, str]
    body: Mapping[str, Any]
    dropped: np.ndarray[Any, Any] | None
    """[trees], float64: dart's weight of each tree."""

    @property
    def groups(self) -> int:
        """How many margins it gives a row."""
        return max(self.classes, self.targets, 1)

    @property
    def objective(self) -> Objective:
        """What its objective does at prediction; KeyError for one that is not known."""
        return OBJECTIVES[self.objective_name]

    @property
    def estimator(self) -> str:
        """What kind of scikit-learn's estimators wrote it: "classifier", "regressor", "ranker"; "" for a Booster."""
        return str(json.loads(self.attributes.get("scikit_learn", "{}")).get("_estimator_type", ""))

    @property
    def best_iteration(self) -> int | None:
        """Where early stopping found the best score."""
        found = self.attributes.get("best_iteration")
        return None if found is None else int(found)

    @property
    def trees(self) -> Sequence[Mapping[str, Any]]:
        """Its trees; () for a linear model."""
        return () if self.booster == GBLINEAR else self.body["trees"]

    @property
    def iterations(self) -> np.ndarray[Any, Any]:
        """[iterations + 1]: where the trees of each iteration begin."""
        if "iteration_indptr" in self.body:
            return np.asarray(self.body["iteration_indptr"], np.int64)
        each = int(self.body["gbtree_model_param"].get("num_parallel_tree", "1") or 1) * self.groups
        return np.arange(0, len(self.trees) + 1, each)


def read(content: bytes) -> ModelJson:
    """Read a model document; raises ValueError with the place of the fault where it is cut off or damaged."""
    try:
        document = json.loads(content) if content[:2].strip() in {b"{", b'{"'} else ubjson.read(content)
        return _taken_apart(document)
    except KeyError as error:
        raise ValueError(f"it has no {error.args[0]}") from None
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is put together wrongly: {error}") from None


def _taken_apart(document: Any) -> ModelJson:
    learner = document["learner"]
    parameters, booster = learner["learner_model_param"], learner["gradient_booster"]
    name = str(booster["name"])
    if name not in _BOOSTERS:
        raise ValueError(f"its booster is '{name}', which is none of {', '.join(_BOOSTERS)}")
    found = ModelJson(
        version=tuple(int(part) for part in document["version"]),
        objective_name=str(learner["objective"]["name"]),
        booster=name,
        width=int(parameters["num_feature"]),
        classes=int(parameters["num_class"]),
        targets=int(parameters.get("num_target", "1")),
        base_score=np.atleast_1d(np.asarray(json.loads(parameters["base_score"]), np.float32)),
        names=tuple(learner.get("feature_names", ())),
        types=tuple(learner.get("feature_types", ())),
        attributes=dict(learner.get("attributes", {})),
        body=(booster["gbtree"] if name == "dart" else booster)["model"],
        dropped=np.asarray(booster["weight_drop"], np.float64) if name == "dart" else None,
    )
    _check(found)
    return found


def _check(found: ModelJson) -> None:
    if found.width < 1 or found.classes < 0 or found.targets < 1:
        raise ValueError(f"it says of itself {found.width} features, {found.classes} classes and {found.targets} targets")
    for what, several in (("names", found.names), ("types", found.types)):
        if len(several) not in {0, found.width}:
            raise ValueError(f"it has {len(several)} {what} for {found.width} features")
    if unknown := set(found.types) - _TYPES:
        raise ValueError(f"it has features of type {min(unknown, key=str)}")
    if found.base_score.shape not in {(1,), (found.groups,)} or not np.isfinite(found.base_score).all():
        raise ValueError(f"its base_score is {found.base_score.tolist()} for {found.groups} outputs")
    if found.booster != GBLINEAR:
        _check_trees(found)


def _check_trees(found: ModelJson) -> None:
    announced = int(found.body["gbtree_model_param"]["num_trees"])
    if announced != len(found.trees):
        raise ValueError(f"{len(found.trees)} of {announced} trees are there")
    for what, several in (("tree_info", found.body["tree_info"]), ("weight_drop", found.dropped)):
        if several is not None and len(several) != announced:
            raise ValueError(f"its {what} has {len(several)} values for {announced} trees")
    starts = found.iterations
    if not len(starts) or starts[0] != 0 or starts[-1] != announced or (np.diff(starts) < 0).any():
        raise ValueError(f"its iterations do not share out {announced} trees")
