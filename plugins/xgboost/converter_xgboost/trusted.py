"""What a pickle may name without --trust: XGBoost's own models, the encoder of their labels, and early stopping."""

from __future__ import annotations

from converter.plugin import Allowed

_MODELS = ("XGBClassifier", "XGBModel", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker", "XGBRegressor")
_OTHERS = ("sklearn.preprocessing._label.LabelEncoder", "xgboost.compat.XGBoostLabelEncoder", "xgboost.callback.EarlyStopping")

ALLOWED = Allowed(
    names=frozenset({"xgboost.core.Booster", *_OTHERS, *(f"xgboost.sklearn.{name}" for name in _MODELS)}),
    instead="save it with save_model('model.ubj')",
)
