"""What a model was trained for, as its text says it, and what that makes of the trees' sum."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Link(enum.Enum):
    """What becomes of the trees' sum."""

    IDENTITY = enum.auto()
    SIGNED_SQUARE = enum.auto()
    """sign(x) · x²"""
    EXP = enum.auto()
    SIGMOID = enum.auto()
    """1 / (1 + exp(-s · x)), s being the objective's own number"""
    SOFTMAX = enum.auto()
    LOG_ONE_PLUS_EXP = enum.auto()


@dataclass(frozen=True)
class Objective:
    """An objective; its name is "" where it was the user's own function."""

    name: str
    link: Link
    sigmoid: float = 1.0
    """The s of the sigmoid."""

    @classmethod
    def of(cls, line: str) -> Objective:
        """Return the objective of a header's line, such as `binary sigmoid:1`; raises KeyError with its name where there is none such."""
        name, *settings = _ALIASES.get(line, line).split(" ")
        link = _LINKS[name]
        if link is Link.IDENTITY and name in _ROOTED and "sqrt" in settings:
            link = Link.SIGNED_SQUARE
        given = [setting.removeprefix("sigmoid:") for setting in settings if setting.startswith("sigmoid:")]
        return cls("" if name in {"", "custom"} else name, link, float(given[-1]) if given else 1.0)

    @property
    def classifies(self) -> bool:
        """Whether a Booster of it tells classes apart."""
        return self.name in {"binary", "multiclass", "multiclassova"}


_ROOTED = ("regression", "regression_l1", "fair", "quantile", "mape")  # those that may learn the roots of their targets (reg_sqrt)
_LINKS = {
    "": Link.IDENTITY,
    "custom": Link.IDENTITY,
    **dict.fromkeys(_ROOTED, Link.IDENTITY),
    "huber": Link.IDENTITY,
    "lambdarank": Link.IDENTITY,
    "rank_xendcg": Link.IDENTITY,
    "poisson": Link.EXP,
    "gamma": Link.EXP,
    "tweedie": Link.EXP,
    "binary": Link.SIGMOID,
    "multiclassova": Link.SIGMOID,
    "cross_entropy": Link.SIGMOID,
    "multiclass": Link.SOFTMAX,
    "cross_entropy_lambda": Link.LOG_ONE_PLUS_EXP,
}
KNOWN = tuple(name for name in _LINKS if name)
_ALIASES = {  # as LightGBM reads them; older versions wrote some
    **dict.fromkeys(["regression_l2", "mean_squared_error", "mse", "l2", "l2_root", "root_mean_squared_error", "rmse"], "regression"),
    **dict.fromkeys(["mean_absolute_error", "l1", "mae"], "regression_l1"),
    **dict.fromkeys(["mean_absolute_percentage_error"], "mape"),
    **dict.fromkeys(["xentropy"], "cross_entropy"),
    **dict.fromkeys(["xentlambda"], "cross_entropy_lambda"),
    **dict.fromkeys(["xendcg", "xe_ndcg", "xe_ndcg_mart", "xendcg_mart"], "rank_xendcg"),
    **dict.fromkeys(["none", "null", "na"], "custom"),
}
