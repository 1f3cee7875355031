"""From what an ensemble means to what runtimes walk fast: every step leaves the leaf of every row as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.trees.categories import without_sets
from converter.trees.constants import without_zeros
from converter.trees.copies import PLAIN, copies_of, with_copies
from converter.trees.ensemble import Ensemble
from converter.trees.heavier import with_heavier_false
from converter.trees.missing import without_flags
from converter.trees.rounding import rounded
from converter.trees.sharing import with_own_leaves, with_shared_leaves

_LEVELS = 8  # a column from which copies of the columns pay


@dataclass(frozen=True, eq=False)
class Lowered:
    """An ensemble with thresholds that a dtype holds, without sets, over copies of a matrix's columns laid side by side, [batch, copies * width]."""

    ensemble: Ensemble
    copies: tuple[int, ...]
    shares_nodes: bool
    """Nodes with sets became nodes that share their children."""


def lowered(ensemble: Ensemble, dtype: np.dtype[Any]) -> Lowered:
    """Return the ensemble that is to be written."""
    plain = with_own_leaves(without_zeros(rounded(ensemble, dtype)))
    if not _is_worth_copies(plain):
        searched = without_sets(plain, dtype)
        return Lowered(with_shared_leaves(searched), (PLAIN,), shares_nodes=searched.nodes > plain.nodes)
    searched = without_sets(with_heavier_false(plain, dtype), dtype)
    filled = without_flags(searched)
    copies = copies_of(filled)
    return Lowered(with_copies(with_shared_leaves(filled), copies), copies, shares_nodes=searched.nodes > plain.nodes)


def _is_worth_copies(ensemble: Ensemble) -> bool:
    """A row walks so many levels that walking them faster pays for three copies of its columns."""
    levels = np.log2(np.diff(np.append(ensemble.roots, ensemble.nodes))).sum()
    return bool(levels >= _LEVELS * ensemble.width)
