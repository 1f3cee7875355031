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


_LOSSES = {
    **dict.fromkeys(("Logloss", "CrossEntropy", "Focal", "MultiClassOneVsAll"), Loss(Link.SIGMOID, Task.CLASSES)),
    "MultiClass": Loss(Link.SOFTMAX, Task.CLASSES),
    **dict.fromkeys(("MultiLogloss", "MultiCrossEntropy"), Loss(Link.SIGMOID, Task.LABELS)),
    **dict.fromkeys(("Poisson", "Tweedie"), Loss(Link.EXP)),
    "RMSEWithUncertainty": Loss(Link.UNCERTAINTY),
}


SEVERAL_TARGETS = frozenset({"MultiLogloss", "MultiCrossEntropy", "MultiRMSE", "MultiRMSEWithMissingValues", "PythonUserDefinedMultiTarget"})


def loss_of(name: str) -> Loss:
    """Return what a loss function of CatBoost does; those of regression, of ranking, of survival and one's own give the raw answer."""
    return _LOSSES.get(name, Loss())
