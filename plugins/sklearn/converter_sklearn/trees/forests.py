"""Decision trees, and forests that average them. What the trees say is divided at the end, as scikit-learn does: votes of whole trees stay whole numbers."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from converter.trees import heads
from converter_sklearn.trees.labels import best
from converter_sklearn.trees.reading import Nodes, nodes_of, of_vectors, values_of
from converter_sklearn.trees.single import SingleWriter


class Forest(SingleWriter):
    """A forest, or a tree, which is one of one tree."""

    @cached_property
    def trees(self) -> list[Any]:
        """The trees, in their order."""
        return [each.tree_ for each in getattr(self.estimator, "estimators_", [self.estimator])]

    @cached_property
    def nodes(self) -> Nodes:
        """The nodes of all trees."""
        return nodes_of(self.trees)

    def total(self, values: np.ndarray) -> str:
        """Return the sum of what the trees say, values [nodes, targets]."""
        return self.sums(of_vectors(self.nodes, self.estimator.n_features_in_, values))

    def apply(self) -> str:
        """Write the leaf that each row reaches in each tree."""
        leaves = self.leaves(self.nodes, self.nodes.numbers)
        return leaves if hasattr(self.estimator, "estimators_") else heads.flat(self.document, leaves)


class Regressor(Forest):
    """A regressor of one output or several."""

    def predict(self) -> str:
        """Write what the estimator predicts."""
        found = self.divided(self.total(values_of(self.trees)[:, :, 0]), len(self.trees))
        return heads.flat(self.document, found) if self.estimator.n_outputs_ == 1 else found


class Classifier(Forest):
    """A classifier of one output or several."""

    @cached_property
    def classes(self) -> list[np.ndarray]:
        """The classes of each output."""
        found = self.estimator.classes_
        return found if isinstance(found, list) else [found]

    @cached_property
    def votes(self) -> list[str]:
        """Of each output the probabilities times the number of trees, [batch, classes]."""
        counts = [len(each) for each in self.classes]
        values = values_of(self.trees)
        total = self.total(np.concatenate([values[:, place, :count] for place, count in enumerate(counts)], axis=1))
        if len(counts) == 1:
            return [total]
        return list(self.document.nodes("Split", total, self.document.constant(np.array(counts, np.int64)), outputs=len(counts), axis=1))

    def predict_proba(self) -> str | list[str]:
        """Write the probabilities of the classes."""
        found = [self.divided(each, len(self.trees)) for each in self.votes]
        return found if isinstance(self.estimator.classes_, list) else found[0]

    def predict(self) -> str:
        """Write what the estimator predicts."""
        labels = [best(self.document, each, classes) for each, classes in zip(self.votes, self.classes, strict=True)]
        if len(labels) == 1:
            return labels[0]
        last = self.document.constant(np.array([1], np.int64))
        return self.document.node("Concat", *(self.document.node("Unsqueeze", each, last) for each in labels), axis=1)
