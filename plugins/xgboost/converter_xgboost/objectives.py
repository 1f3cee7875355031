"""XGBoost's objectives: what each makes of the sum of the trees, and on which side of that its base score is written.

    margin ── link ──▶ prediction         base score ── back ──▶ margin

They are those of XGBoost 1.0 to 3.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Link(Enum):
    """What becomes of the margins."""

    IDENTITY = "identity"
    SIGMOID = "sigmoid"
    EXP = "exp"
    SOFTMAX = "softmax"
    STEP = "step"  # 1 above 0, else 0


@dataclass(frozen=True)
class Objective:
    """What an objective does at prediction. `classifies`: the predictions are probabilities, or classes."""

    link: Link = Link.IDENTITY
    classifies: bool = False
    says_class: bool = False  # XGBoost predicts the class itself and no probabilities


_POSITIVE = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:aft", "survival:cox")
_PLAIN = ("squarederror", "linear", "squaredlogerror", "pseudohubererror", "absoluteerror", "quantileerror", "expectileerror")

OBJECTIVES: dict[str, Objective] = {
    **{f"reg:{name}": Objective() for name in _PLAIN},
    **{f"rank:{name}": Objective() for name in ("ndcg", "map", "pairwise")},
    **{name: Objective(Link.EXP) for name in _POSITIVE},
    "reg:logistic": Objective(Link.SIGMOID),
    "binary:logistic": Objective(Link.SIGMOID, classifies=True),
    "binary:logitraw": Objective(),
    "binary:hinge": Objective(Link.STEP, classifies=True),
    "multi:softprob": Objective(Link.SOFTMAX, classifies=True),
    "multi:softmax": Objective(Link.SOFTMAX, classifies=True, says_class=True),
}

_SMALLEST = np.float32(1e-6)  # XGBoost keeps probabilities this far from 0 and 1 (kRtEps)


def margins_of(base_score: Array, link: Link) -> Array:
    """Return the margins that base scores stand for, computed in float32 as XGBoost does, [groups]."""
    if link is Link.SIGMOID:
        inside = np.clip(base_score, _SMALLEST, np.float32(1) - _SMALLEST)
        return np.asarray(-np.log(np.float32(1) / inside - np.float32(1)))
    return np.asarray(np.log(base_score)) if link is Link.EXP else base_score


def is_base_score(base_score: Array, link: Link) -> bool:
    """Tell whether base scores stand for margins: those of probabilities lie between 0 and 1, those of positive numbers are not negative."""
    highest = 1 if link is Link.SIGMOID else np.inf
    return link not in {Link.SIGMOID, Link.EXP} or bool(((base_score >= 0) & (base_score <= highest)).all())


def predictions_of(margins: Array, link: Link) -> Array:
    """Return what margins [batch] or [batch, groups] become."""
    return _LINKS[link](margins)


def _sigmoid(margins: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(np.minimum(-margins, 88.7))))  # XGBoost stops there, before float32's end


def _softmax(margins: Array) -> Array:
    powers = np.exp(margins - margins.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


_LINKS: dict[Link, Callable[[Array], Array]] = {
    Link.IDENTITY: lambda margins: margins,
    Link.SIGMOID: _sigmoid,
    Link.EXP: np.exp,
    Link.SOFTMAX: _softmax,
    Link.STEP: lambda margins: (margins > 0).astype(margins.dtype),
}
