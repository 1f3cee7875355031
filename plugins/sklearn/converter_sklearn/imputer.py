"""SimpleImputer over numbers: ONNX Runtime's own operator for it takes no double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer

from converter_sklearn.estimators import Writer


class Imputer(Writer):
    """Columns whose missing values are filled in."""

    @classmethod
    def fault(cls, estimator: SimpleImputer) -> str:
        """Refuse texts, markers other than NaN, indicators, and columns that had no values."""
        marker: Any = estimator.missing_values
        if not isinstance(marker, float) or not np.isnan(marker):
            return f"a missing value is marked {marker!r}, not NaN"
        if estimator.add_indicator:
            return "it adds columns that mark what was missing"
        if estimator.statistics_.dtype.kind not in "fiu":
            return "it fills in texts"
        return "a column had no values" if np.isnan(estimator.statistics_.astype(np.float64)).any() else ""

    def transform(self) -> str:
        """Write the transformed columns."""
        fills = self.document.constant(self.estimator.statistics_.astype(self.dtype)[None])
        return self.document.node("Where", self.document.node("IsNaN", self.matrix), fills, self.matrix)
