"""CatBoost's loss functions: what each makes of the sum of the trees when the model predicts.

raw ── link ──▶ probabilities or prediction         raw ──▶ label: the highest, or which lie above a border
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Link(Enum):
    """What becomes of the raw answer."""

    IDENTITY = "identity"
    EXP = "exp"
    SIGMOID = "sigmoid"  # of each column by itself
    SOFTMAX = "softmax"
    UNCERTAINTY = "uncertainty"  # a mean, and the logarithm of a deviation that becomes a variance


class Task(Enum):
    """What the model tells."""

    PREDICTION = "prediction"
    CLASSES = "classes"  # one of several
    LABELS = "labels"  # any of several


@dataclass(frozen=True)
class Loss:
    """What a loss function does at prediction."""

    link: Link = Link.IDENTITY
    task: Task = Task.PREDICTION


_OF_NUMBERS = ("RMSE", "MAE", "MAPE", "Quantile", "MultiQuantile", "Expectile", "LogLinQuantile", "LogCosh", "Lq", "Huber", "Cox", "SurvivalAft")
_OF_TARGETS = ("MultiRMSE", "MultiRMSEWithMissingValues", "PythonUserDefinedMultiTarget")
_OF_RANKS = ("YetiRank", "YetiRankPairwise", "PairLogit", "PairLogitPairwise", "LambdaMart", "StochasticRank", "StochasticFilter")
_OF_GROUPS = ("QueryRMSE", "QuerySoftMax", "QueryCrossEntropy", "GroupQuantile", "Combination")
_OWN = ("PythonUserDefinedPerObject", "UserPerObjMetric", "UserQuerywiseMetric", "")  # a model that was put together from others keeps no name

_LOSSES = {
    **dict.fromkeys((*_OF_NUMBERS, *_OF_TARGETS, *_OF_RANKS, *_OF_GROUPS, *_OWN), Loss()),
    **dict.fromkeys(("Logloss", "CrossEntropy", "Focal", "MultiClassOneVsAll"), Loss(Link.SIGMOID, Task.CLASSES)),
    "MultiClass": Loss(Link.SOFTMAX, Task.CLASSES),
    **dict.fromkeys(("MultiLogloss", "MultiCrossEntropy"), Loss(Link.SIGMOID, Task.LABELS)),
    **dict.fromkeys(("Poisson", "Tweedie"), Loss(Link.EXP)),
    "RMSEWithUncertainty": Loss(Link.UNCERTAINTY),
}


SEVERAL_TARGETS = frozenset({"MultiLogloss", "MultiCrossEntropy", *_OF_TARGETS})


def is_known(name: str) -> bool:
    """Tell whether a loss function is one of CatBoost's, up to 1.2."""
    return name in _LOSSES


def loss_of(name: str) -> Loss:
    """Return what a loss function of CatBoost does; those of regression, of ranking, of survival, one's own, and unknown ones give the raw answer."""
    return _LOSSES.get(name, Loss())
