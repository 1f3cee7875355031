"""RandomTreesEmbedding: which leaf of each tree a row reaches, one column a leaf."""

from __future__ import annotations

import numpy as np

from converter_sklearn.trees.forests import Forest


class Embedding(Forest):
    """One-hot leaves."""

    def transform(self) -> str:
        """Write the transformed columns."""
        encoder = self.estimator.one_hot_encoder_
        counts = [len(each) for each in encoder.categories_]
        columns = np.zeros(self.nodes.count, np.int64)
        for root, start, known in zip(self.nodes.roots, np.cumsum(counts) - counts, encoder.categories_, strict=True):
            columns[root + known] = start + np.arange(len(known))
        reached = self.leaves(self.nodes, columns)
        rows = self.document.node("Shape", reached, start=0, end=1)
        wide = self.document.node("Concat", rows, self.document.constant(np.array([sum(counts)], np.int64)), axis=0)
        ones = self.document.node("Expand", self.number(1), self.document.node("Shape", reached))
        return self.document.node("ScatterElements", self.document.node("Expand", self.number(0), wide), reached, ones, axis=1)
