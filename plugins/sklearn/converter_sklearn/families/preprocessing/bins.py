"""Columns in bins."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import KBinsDiscretizer

from converter.writing import Value
from converter_sklearn.expressed import Expressed
from converter_sklearn.formulas.intervals import filled, places


class Bins(Expressed):
    """A KBinsDiscretizer."""

    estimator: KBinsDiscretizer

    def transform(self) -> Value:
        """Write the number of the bin in each column, or a column for each bin."""
        read = self.x.cast("float32") if self.estimator.dtype is np.float32 else self.x
        bins = places(read, filled([edges[1:-1] for edges in self.estimator.bin_edges_]), right=True)
        if self.estimator.encode == "ordinal":
            return bins.cast(self.compute)
        counts = np.asarray(self.estimator.n_bins_)
        if len(set(counts)) == 1:
            return (bins.wide(2) == np.arange(counts[0])).cast("float32").reshaped(-1, int(counts.sum()))
        numbers = np.concatenate([np.arange(count) for count in counts])
        return (bins.columns(np.repeat(np.arange(len(counts)), counts)) == numbers).cast("float32")
