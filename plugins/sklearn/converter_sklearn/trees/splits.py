"""The splits of all trees inside an estimator, whatever it makes of their leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.trees import Ensemble
from converter_sklearn.trees.histograms import nodes_of as nodes_of_histograms
from converter_sklearn.trees.histograms import places_of
from converter_sklearn.trees.reading import Nodes, nodes_of, of_numbers, together


@dataclass(frozen=True, eq=False)
class Splits:
    """Trees over an estimator's own columns, with leaves that say nothing; splits that ask for categories lie behind the columns.

    `compares` is the dtype in which the estimator looks at its columns: float32 where it rounds them to that whatever they are.
    """

    ensemble: Ensemble
    compares: str


def splits_of(part: Any, width: int) -> Splits | None:
    """Return the splits of a part of a model, None where it holds no trees."""
    found = list(_nodes(part))
    if not found:
        return None
    nodes = together([each for each, _ in found])
    ensemble = of_numbers(nodes, width, np.zeros(nodes.count), np.zeros(len(nodes.roots), np.int64), np.zeros(1))
    return Splits(ensemble, max(compares for _, compares in found))


def is_tree(part: Any) -> bool:
    """Tell whether a part is a single tree."""
    return hasattr(getattr(part, "tree_", None), "children_left")


def _nodes(part: Any) -> Iterator[tuple[Nodes, str]]:
    """Yield nodes whose columns are those of the part, and the dtype in which they compare these."""
    if is_tree(part):
        yield nodes_of([part.tree_]), "float32"
    elif isinstance(getattr(part, "_predictors", None), list):
        yield nodes_of_histograms(part).over(places_of(part)), "float64"
    elif hasattr(part, "estimators_"):
        yield from _nodes_of_members(part)
        yield from _nodes(getattr(part, "init_", None))  # where boosting begins


def _nodes_of_members(part: Any) -> Iterator[tuple[Nodes, str]]:
    members = part.estimators_.ravel() if isinstance(part.estimators_, np.ndarray) else part.estimators_
    chosen = getattr(part, "estimators_features_", None)
    if len(members) and all(map(is_tree, members)):
        yield nodes_of([each.tree_ for each in members], chosen), "float32"
        return
    for place, member in enumerate(members):
        for nodes, compares in _nodes(member):
            columns = None if chosen is None else np.append(chosen[place], part.n_features_in_)  # the last for categories
            yield nodes if columns is None else nodes.over(columns), compares
