"""IsolationForest: the shorter the way to a row's leaves, the stranger the row."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from sklearn.ensemble._iforest import _average_path_length

from converter.trees import heads
from converter_sklearn.trees.reading import nodes_of, of_numbers
from converter_sklearn.trees.single import SingleWriter


class Isolation(SingleWriter):
    """Scores from -1, strange, to 0; what lies below the offset is an outlier."""

    @cached_property
    def scores(self) -> str:
        """-2 to the power of minus the mean depth, over the usual depth; [batch]."""
        forest = self.estimator
        lengths = zip(forest._decision_path_lengths, forest._average_path_length_per_tree, strict=True)
        depths = np.concatenate([np.asarray(way + rest, np.float64) - 1 for way, rest in lengths])
        usual = len(forest.estimators_) * _average_path_length([forest._max_samples])[0]
        nodes = nodes_of([each.tree_ for each in forest.estimators_], forest.estimators_features_)
        values, base = (depths, 0.0) if usual else (np.zeros(len(depths)), 1.0)  # of one training row nothing is strange
        ensemble = of_numbers(nodes, forest.n_features_in_, values, np.zeros(len(forest.estimators_), np.int64), np.array([base]))
        shares = self.divided(heads.flat(self.document, self.sums(ensemble)), usual or 1)
        powers = self.document.node("Pow", self.number(2), self.document.node("Neg", shares))
        return self.document.node("Neg", powers)

    def score_samples(self) -> str:
        """Write how normal each row is."""
        return self.scores

    def decision_function(self) -> str:
        """Write the scores that the decision is made by."""
        return self.document.node("Sub", self.scores, self.number(self.estimator.offset_))

    def predict(self) -> str:
        """Write what the estimator predicts."""
        strange = self.document.node("Less", self.decision_function(), self.number(0))
        return self.document.node("Where", strange, *(self.document.constant(np.array([label], np.int64)) for label in (-1, 1)))
