"""Random ensembles, rows that tell their leaves apart, and what names the leaf that a row reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from converter.trees import Comparison, Ensemble, beside_splits, columns_of, decide

SPECIAL = (0.0, -0.0, 1e-45, -1e-45, 1.7e9, 3.4e38, -3.4e38, 0.1, 1e-300, 1e300, -1e300, np.inf, -np.inf)


def random_ensemble(
    seed: int,
    *,
    trees: int = 6,
    depth: int = 6,
    targets: int = 1,
    comparison: Comparison = Comparison.LEQ,
    vectors: bool = False,
    sets: bool = False,
    width: int = 4,
) -> Ensemble:
    """A random ensemble: some trees are one leaf, thresholds are often awkward numbers, NaN goes anywhere; of `sets` only the first column is asked."""
    rng = np.random.default_rng(seed)
    nodes: list[tuple[int, float, int, int, bool, int]] = []

    def grow(level: int) -> int:
        number = len(nodes)
        nodes.append((0, 0.0, number, number, False, -1))
        if level < depth and rng.random() < 0.8:
            feature = int(rng.integers(width))
            threshold = float(rng.choice(SPECIAL)) if rng.random() < 0.3 else float(rng.normal())
            asked = int(rng.integers(6)) if sets and feature == 0 else -1
            yes, no = grow(level + 1), grow(level + 1)
            nodes[number] = (feature, threshold, yes, no, bool(rng.random() < 0.5), asked)
        return number

    roots = [grow(0) for _ in range(trees)]
    features, thresholds, yes, no, missing, asked = (np.array(column) for column in zip(*nodes, strict=True))
    leaf = yes == np.arange(len(nodes))
    tree = np.searchsorted(roots, np.arange(len(nodes)), "right") - 1
    counts = np.where(leaf, targets if vectors else 1, 0)
    members = [np.unique(rng.integers(0, 70, rng.integers(1, 40))) for _ in range(6)]
    return Ensemble(
        width=width,
        targets=targets,
        roots=np.array(roots),
        features=features,
        thresholds=thresholds.astype(float),
        yes=yes,
        no=no,
        missing=missing,
        leaf_starts=np.append(0, np.cumsum(counts)),
        leaf_targets=np.tile(np.arange(targets), int(leaf.sum())) if vectors else (tree % targets)[leaf],
        leaf_weights=rng.normal(size=counts.sum()),
        base=rng.normal(size=targets),
        comparison=comparison,
        covers=rng.integers(1, 99, len(nodes)).astype(float),
        sets=asked if sets else None,
        set_starts=np.append(0, np.cumsum(list(map(len, members)))) if sets else None,
        set_members=np.concatenate(members) if sets else None,
    )


def telling_rows(ensemble: Ensemble, seed: int, dtype: str, rows: int = 200) -> np.ndarray:
    """Rows on, below and above thresholds, missing, infinite, with categories known and unknown."""
    rng = np.random.default_rng(seed)
    columns = [replace(column, nan=True, infinite=True, zero=True, unknown=True, negative=True) for column in columns_of(ensemble)]
    drawn = np.stack([column.draw(rng, rows, np.dtype(dtype)) for column in columns], axis=1)
    if ensemble.sets is not None:
        drawn[:, 0] = np.where(np.isfinite(drawn[:, 0]), np.trunc(np.clip(drawn[:, 0], -100, 100)), drawn[:, 0])
        return drawn
    half = rows // 2
    drawn[:half] = beside_splits(ensemble, drawn[:half], rng)
    return drawn


def named_leaves(ensemble: Ensemble) -> Ensemble:
    """The same trees; each leaf's one weight is its number among the nodes, which it keeps through every step."""
    leaf = ensemble.is_leaf
    count = int(leaf.sum())
    return replace(
        ensemble,
        targets=1,
        leaf_starts=np.append(0, np.cumsum(leaf)),
        leaf_targets=np.zeros(count, np.int64),
        leaf_weights=np.nonzero(leaf)[0].astype(float),
        base=np.zeros(1),
    )


def names_of_leaves(ensemble: Ensemble, rows: np.ndarray) -> np.ndarray:
    """What the one weight of the leaf says that each row reaches in each tree, [rows, trees]."""
    return np.asarray(ensemble.leaf_weights[ensemble.leaf_starts[decide(ensemble, rows)]])


@pytest.fixture(scope="session")
def ensemble_of() -> Callable[..., Ensemble]:
    """Make a random ensemble: ensemble_of(seed, depth=3)."""
    return random_ensemble


@pytest.fixture(scope="session")
def rows_of() -> Callable[..., np.ndarray]:
    """Draw rows for an ensemble: rows_of(ensemble, seed, "float32")."""
    return telling_rows


@pytest.fixture(scope="session")
def named() -> Callable[[Ensemble], Ensemble]:
    """Let the leaves of an ensemble say their names."""
    return named_leaves


@pytest.fixture(scope="session")
def said() -> Callable[[Ensemble, np.ndarray], np.ndarray]:
    """Ask which leaves rows reach, by the names that `named` gave: said(ensemble, rows)."""
    return names_of_leaves
