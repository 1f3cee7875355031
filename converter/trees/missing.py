"""NaN without flags: nodes that send it to `yes` read a copy of the columns in which it is -inf, which no threshold is below.

No comparison holds for NaN, so the others send it to `no` as they are. Flags at the nodes would say the same, but ONNX Runtime is slower with them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converter.trees.ensemble import Comparison, Ensemble


def without_flags(ensemble: Ensemble) -> Ensemble:
    """Return an ensemble over the columns and a copy of them with -inf for NaN, [batch, 2 * width]; where `x < -inf` is asked, the flag stays."""
    moved = ensemble.missing & ~ensemble.is_leaf
    if ensemble.comparison is Comparison.LT:
        moved &= ensemble.thresholds > -np.inf
    return replace(
        ensemble,
        width=2 * ensemble.width,
        features=ensemble.features + moved * ensemble.width,
        missing=ensemble.missing & ~moved & ~ensemble.is_leaf,
    )
