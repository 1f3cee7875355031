"""Decision trees, and forests that average them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from converter.trees import Ensemble, heads
from converter_sklearn.trees.labels import best
from converter_sklearn.trees.reading import Nodes, nodes_of, of_vectors, values_of
from converter_sklearn.trees.single import SingleWriter


class _Forest(SingleWriter):
    """A forest, or a tree, which is one of one tree."""

    @cached_property
    def trees(self) -> list[Any]:
        return [each.tree_ for each in getattr(self.estimator, "estimators_", [self.estimator])]

    @cached_property
    def nodes(self) -> Nodes:
        return nodes_of(self.trees)

    def average(self, values: np.ndarray) -> Ensemble:
        """Return the ensemble whose sum is the mean of what the trees say, [nodes, targets]."""
        return of_vectors(self.nodes, self.estimator.n_features_in_, values / len(self.trees))

    def apply(self) -> str:
        ensemble = self.average(np.zeros((self.nodes.count, 1)))
        leaves = self.leaves(ensemble, self.nodes.numbers)
        return leaves if hasattr(self.estimator, "estimators_") else heads.flat(self.document, leaves)


class Regressor(_Forest):
    """A regressor of one output or several."""

    def predict(self) -> str:
        """Write what the estimator predicts."""
        found = self.sums(self.average(values_of(self.trees)[:, :, 0]))
        return heads.flat(self.document, found) if self.estimator.n_outputs_ == 1 else found


class Classifier(_Forest):
    """A classifier of one output or several."""

    @cached_property
    def classes(self) -> list[np.ndarray]:
        """The classes of each output."""
        found = self.estimator.classes_
        return found if isinstance(found, list) else [found]

    @cached_property
    def probabilities(self) -> list[str]:
        """Of each output, [batch, classes]."""
        counts = [len(each) for each in self.classes]
        values = values_of(self.trees)
        together = self.sums(self.average(np.concatenate([values[:, place, :count] for place, count in enumerate(counts)], axis=1)))
        if len(counts) == 1:
            return [together]
        return list(self.document.nodes("Split", together, self.document.constant(np.array(counts, np.int64)), outputs=len(counts), axis=1))

    def predict_proba(self) -> str | list[str]:
        """Write the probabilities of the classes."""
        return self.probabilities if isinstance(self.estimator.classes_, list) else self.probabilities[0]

    def predict(self) -> str:
        """Write what the estimator predicts."""
        labels = [best(self.document, each, classes) for each, classes in zip(self.probabilities, self.classes, strict=True)]
        if len(labels) == 1:
            return labels[0]
        last = self.document.constant(np.array([1], np.int64))
        return self.document.node("Concat", *(self.document.node("Unsqueeze", each, last) for each in labels), axis=1)
