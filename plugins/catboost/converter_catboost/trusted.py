"""What a pickle may name without --trust: CatBoost's own models, whose binary model is looked at before CatBoost reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from converter.plugin import Allowed
from converter_catboost import model_blob


def _looked_at(kind: type[CatBoost]) -> type[CatBoost]:
    """Return a class that stands in for one of CatBoost's: whenever a pickle gives it a state, the binary model is looked at first."""

    def take(self: Any, state: Mapping[str, Any]) -> None:
        if "__model" in state:
            model_blob.read(bytes(state["__model"]))
        kind.__setstate__(self, state)

    return type(kind.__name__, (kind,), {"__setstate__": take, "__module__": kind.__module__})


_MODELS = (CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor)

ALLOWED = Allowed(
    stand_ins={f"catboost.core.{kind.__name__}": _looked_at(kind) for kind in _MODELS},
    instead="save it with save_model('model.cbm')",
)
