"""What a pickle may name without --trust: LightGBM's own models and the encoder of their labels."""

from __future__ import annotations

from converter.plugin import Allowed

_MODELS = ("LGBMClassifier", "LGBMModel", "LGBMRanker", "LGBMRegressor")
_ENCODERS = ("sklearn.preprocessing._label.LabelEncoder", "sklearn.preprocessing.label.LabelEncoder", "lightgbm.compat._LGBMLabelEncoder")

ALLOWED = Allowed(
    names=frozenset({"lightgbm.basic.Booster", *_ENCODERS, *(f"lightgbm.sklearn.{name}" for name in _MODELS)}),
    instead="save it as text with booster_.save_model('model.txt')",
)
