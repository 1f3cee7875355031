"""What is common to estimators whose trees compare columns in single precision, whatever the dtype of the rows."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np

from converter.trees import Ensemble, add_leaves, add_scores
from converter_sklearn.estimators import Writer, joined
from converter_sklearn.trees.reading import Nodes, of_numbers


class SingleWriter(Writer):
    """A writer of trees that see float32, as `sklearn.tree` does."""

    compares: ClassVar[str] = "float32"

    @cached_property
    def matrix(self) -> str:
        """All columns, rounded to float32, in `dtype`."""
        seen = joined(self.document, self.blocks, "float32")
        return seen if self.dtype == "float32" else self.cast(seen, self.dtype)

    def sums(self, ensemble: Ensemble) -> str:
        """Return what the trees say together, [batch, targets]."""
        return add_scores(self.document, ensemble, self.matrix, self.dtype)

    def leaves(self, nodes: Nodes, numbers: np.ndarray) -> str:
        """Return what `numbers` [nodes] says of the leaf that each tree reaches, int64 [batch, trees]."""
        silent = of_numbers(nodes, self.estimator.n_features_in_, np.zeros(nodes.count), np.zeros(len(nodes.roots), np.int64), np.zeros(1))
        return add_leaves(self.document, silent, self.matrix, self.dtype, numbers)
