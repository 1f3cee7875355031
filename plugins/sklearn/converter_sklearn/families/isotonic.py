"""A line that only rises, or only falls."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.isotonic import IsotonicRegression

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, dense
from converter_sklearn.formulas.intervals import places


class Line(Expressed):
    """Straight between thresholds; outside of them it has no value unless rows are clipped."""

    def predict(self) -> Value:
        """Write the prediction, [batch], of the only column."""
        edges, heights = dense(self.estimator.X_thresholds_), dense(self.estimator.y_thresholds_)
        x = self.x.cast(self.estimator.X_thresholds_.dtype.name).cast(self.compute)
        if len(edges) == 1:
            return self.x.for_each_row(heights).flat()
        inside = x.clip(edges[0], edges[-1])
        place = places(inside, edges[None, 1:-1], right=True).flat()
        slopes = np.diff(heights) / np.diff(edges)
        found = (inside.flat() - self.constant(edges)[place]) * self.constant(slopes)[place] + self.constant(heights)[place]
        return found if self.estimator.out_of_bounds == "clip" else (x == inside).flat().where(found, np.nan)

    def transform(self) -> Value:
        """Write the prediction too."""
        return self.predict()


WRITERS: Mapping[type, type[Writer]] = {IsotonicRegression: Line}
