"""What counts of terms weigh: rarer terms more, and each text as much as others."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.writing import Value
from converter_sklearn.expressed import Expressed
from converter_sklearn.families.feature_extraction.sparse import Sparse, entries_of


class Rarity(Expressed):
    """A TfidfTransformer."""

    def transform(self) -> Value:
        """Write the weighed counts, [batch, terms]."""
        entries = entries_of(self.x)
        return weighed(entries, self.estimator).written() if entries is not None else self._dense()

    def _dense(self) -> Value:
        counts, norm = self.x, self.estimator.norm
        damped = counts.log() + 1 if self.estimator.sublinear_tf else counts
        rarity = getattr(self.estimator, "idf_", None)
        weights = (counts != 0).where(damped if rarity is None else damped * np.asarray(rarity), 0)
        if norm is None:
            return weights
        lengths = abs(weights).sum() if norm == "l1" else weights.norm()
        return weights / (lengths == 0).where(lengths.constant(1), lengths)


def weighed(counts: Sparse, transformer: Any) -> Sparse:
    """Return counts as a TfidfTransformer weighs them."""
    values = counts.values.log() + 1 if transformer.sublinear_tf else counts.values
    if (rarity := getattr(transformer, "idf_", None)) is not None:
        values = values * values.constant(rarity)[counts.columns]
    return counts.with_values(values).scaled(transformer.norm)
