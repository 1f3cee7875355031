"""XGBoost's wrappers as steps of scikit-learn's pipelines: what the sklearn plugin, where it is installed, finds by its entry point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from xgboost import XGBClassifier, XGBModel, XGBRanker, XGBRegressor, XGBRFClassifier, XGBRFRegressor

from converter.plugin import Input, LoadRequest, Source
from converter_sklearn.estimators import Estimators, Writer
from converter_xgboost.exporters.direct import answers
from converter_xgboost.loading import load_model
from converter_xgboost.model import XGBoostModel, load
from converter_xgboost.trusted import ALLOWED


class _Step(Writer):
    compares: ClassVar[str] = "float32"

    def apply(self) -> str:
        """The leaves."""
        return self._written("leaf")["leaves"]

    @cached_property
    def values(self) -> dict[str, str]:
        """The names of the values of the model's usual outputs."""
        return self._written("predict")

    def _written(self, method: str) -> dict[str, str]:
        model = _loaded(self.estimator, self.dtype, method)
        return {name: value for name, (value, _, _) in answers(self.document, model, self.matrix).items()}


class _Classifier(_Step):
    @classmethod
    def fault(cls, estimator: Any) -> str:
        """A margin is no probability."""
        objective = load_model(Source.of(estimator), trust=False).document
        return "" if objective.objective.classifies else f"a classifier of {objective.objective_name} has no probabilities"

    def predict(self) -> str:
        """The labels."""
        return self.values["label"]

    def predict_proba(self) -> str:
        """The probabilities."""
        return self.values["probabilities"]


class _Regressor(_Step):
    def predict(self) -> str:
        """The predictions; of multi:softmax the classes, which only a classifier calls labels."""
        return self.values["prediction"] if "prediction" in self.values else self.cast(self.values["label"], self.dtype)


def _loaded(estimator: Any, dtype: str, method: str) -> XGBoostModel:
    matrix = Input("features", dtype, ("batch", int(estimator.n_features_in_)))
    return load(LoadRequest(Source.of(estimator), inputs=(matrix,), options={"method": method}))


def _thresholds(estimator: Any) -> Sequence[np.ndarray[Any, Any]]:
    return [column.thresholds for column in _loaded(estimator, "float32", "predict").columns]


WRITERS: Mapping[type, type[Writer]] = {
    XGBClassifier: _Classifier,
    XGBRFClassifier: _Classifier,
    XGBRegressor: _Regressor,
    XGBRFRegressor: _Regressor,
    XGBRanker: _Regressor,
    XGBModel: _Regressor,
}
ESTIMATORS = Estimators(WRITERS, ALLOWED, _thresholds)
