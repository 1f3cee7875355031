"""What a pickle may name without --trust: LightGBM's own models, whose text is looked at before LightGBM reads it, and the encoder of their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightgbm import Booster
from sklearn.preprocessing import LabelEncoder

from converter.plugin import Allowed
from converter_lightgbm.vetting import vetted

READ = "read_by_converter"
"""The attribute of a Booster of a pickle that holds its text as it was read."""


def _take(self: Any, state: Mapping[str, Any]) -> None:
    text = state.get("_handle", state.get("handle"))  # as LightGBM before 4 called it
    if text is None:
        Booster.__setstate__(self, dict(state))
        return
    read = vetted(str(text), "its Booster")
    Booster.__setstate__(self, {**state, "_handle": read.text, READ: read})


_BOOSTER = type("Booster", (Booster,), {"__setstate__": _take, "__module__": Booster.__module__})
_MODELS = ("LGBMClassifier", "LGBMModel", "LGBMRanker", "LGBMRegressor")

ALLOWED = Allowed(
    names=frozenset({"sklearn.preprocessing._label.LabelEncoder", *(f"lightgbm.sklearn.{name}" for name in _MODELS)}),
    stand_ins={
        "lightgbm.basic.Booster": _BOOSTER,
        "lightgbm.compat._LGBMLabelEncoder": LabelEncoder,
        "sklearn.preprocessing.label.LabelEncoder": LabelEncoder,  # its module before scikit-learn 0.22
    },
    instead="save it as text with booster_.save_model('model.txt')",
)
