"""The trees of an ensemble whose members may be any estimators, and may see some of the columns only."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from sklearn.tree import BaseDecisionTree

from converter_sklearn.trees.reading import Nodes, nodes_of
from converter_sklearn.trees.single import SingleWriter


class MembersWriter(SingleWriter):
    """A writer of an ensemble of single trees."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Refuse members that are no trees, or trees of several outputs."""
        strangers = [each for each in estimator.estimators_ if not isinstance(each, BaseDecisionTree)]
        if strangers:
            return f"its members are of the class {type(strangers[0]).__name__}; only single trees are written together"
        return "its trees have several outputs" if any(each.n_outputs_ > 1 for each in estimator.estimators_) else ""

    @cached_property
    def trees(self) -> list[Any]:
        """The trees, in their order."""
        return [each.tree_ for each in self.estimator.estimators_]

    @cached_property
    def nodes(self) -> Nodes:
        """The nodes of all trees."""
        return nodes_of(self.trees, getattr(self.estimator, "estimators_features_", None))

    def class_values(self, classes: np.ndarray) -> np.ndarray:
        """Return the probabilities that each node gives to each class, float64 [nodes, classes]; a member may have seen some of them only."""
        values = [np.zeros((tree.node_count, len(classes))) for tree in self.trees]
        for mine, each in zip(values, self.estimator.estimators_, strict=True):
            mine[:, np.searchsorted(classes, each.classes_)] = each.tree_.value[:, 0, : len(each.classes_)]
        return np.concatenate(values)
