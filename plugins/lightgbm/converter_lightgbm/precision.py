"""Where float32 is too coarse for the trees' sum: large terms cancel, and what is left of them has few right digits."""

from __future__ import annotations

import numpy as np

from converter_lightgbm.model_text import ModelText
from converter_lightgbm.objectives import Link

_ERROR = 2.0**-21  # of a float32 sum, as a share of the sum of its terms' largest sizes: what the worst of 20 000 rows shows
_SHOWS = 1e-5  # an error of the sum that shows where the answer is the sum itself, or grows with it
_SHOWS_IN_PROBABILITIES = 1e-4


def needs_double_sums(text: ModelText, link: Link) -> bool:
    """Tell whether float32 sums may be seen to be wrong in what the link makes of them."""
    allowed = _SHOWS_IN_PROBABILITIES if link in {Link.SIGMOID, Link.SOFTMAX} else _SHOWS
    return largest_terms(text) * _ERROR > allowed


def largest_terms(text: ModelText) -> float:
    """Return the sum of every tree's largest leaf, its sign left out; of several scores the largest one's."""
    trees = text.trees
    sizes = np.maximum.reduceat(np.abs(trees.values), np.cumsum(trees.leaves) - trees.leaves)
    return float(sizes.reshape(-1, text.scores).sum(axis=0).max())
