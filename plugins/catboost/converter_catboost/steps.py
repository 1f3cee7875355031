"""CatBoost's wrappers as steps of scikit-learn's pipelines: what the sklearn plugin, where it is installed, finds by its entry point."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from catboost import CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from converter.plugin import Input, LoadRequest, Source
from converter_catboost.columns import columns_of
from converter_catboost.exporters.direct import Answer, answers
from converter_catboost.loading import load_model
from converter_catboost.model import load
from converter_catboost.trusted import ALLOWED
from converter_sklearn.estimators import Estimators, Writer, joined


class _Step(Writer):
    compares: ClassVar[str] = "float32"

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Features that are no numbers do not come through a pipeline's matrix."""
        others = load_model(Source.of(estimator), trust=False).blob.others
        kinds = [kind for kind, places in others.items() if places]
        return f"it takes {' and '.join(kinds)} features, and a step of a pipeline reads numbers" if kinds else ""

    @cached_property
    def matrix(self) -> str:
        """All columns, rounded to float32, in `dtype`."""
        seen = joined(self.document, self.blocks, "float32")
        return seen if self.dtype == "float32" else self.cast(seen, self.dtype)

    def answers(self, method: str) -> dict[str, Answer]:
        """Return the values of the model's outputs."""
        dims = ("batch", len(self.estimator.feature_names_))  # n_features_in_ is 0 after unpickling
        request = LoadRequest(
            Source.of(self.estimator), inputs=(Input("features", self.dtype, dims),), options={"dtype": self.dtype, "method": method}
        )
        return answers(self.document, load(request), self.matrix)


class _Classifier(_Step):
    @cached_property
    def values(self) -> dict[str, Answer]:
        """The label and the probabilities."""
        return self.answers("predict")

    def predict(self) -> str:
        """Of one class of several CatBoost gives a column."""
        label = self.values["label"]
        if label.columns is not None or len(self.estimator.classes_) == 2:
            return label.value
        return self.document.node("Reshape", label.value, self.document.constant(np.array([-1, 1], np.int64)))

    def predict_proba(self) -> str:
        return self.values["probabilities"].value


class _Regressor(_Step):
    def predict(self) -> str:
        """What the estimator itself predicts: one that was loaded without its parameters forgets the exponent."""
        if self.estimator._get_default_prediction_type() == "RawFormulaVal":
            return self.answers("raw")["raw"].value
        return self.answers("predict")["prediction"].value


class _Ranker(_Step):
    def predict(self) -> str:
        return self.answers("raw")["raw"].value


def _thresholds(estimator: Any) -> Sequence[np.ndarray]:
    return [np.asarray(column.thresholds) for column in columns_of(load_model(Source.of(estimator), trust=False).blob)]


WRITERS = {CatBoostClassifier: _Classifier, CatBoostRegressor: _Regressor, CatBoostRanker: _Ranker}
ESTIMATORS = Estimators(WRITERS, ALLOWED, _thresholds)
