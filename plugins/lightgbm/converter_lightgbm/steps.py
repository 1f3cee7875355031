"""LightGBM's wrappers as steps of scikit-learn's pipelines: what the sklearn plugin, where it is installed, finds by its entry point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier, LGBMModel, LGBMRanker, LGBMRegressor

from converter.plugin import Input, LoadRequest, Source
from converter_lightgbm.columns import columns_of
from converter_lightgbm.exporters.direct import answers
from converter_lightgbm.loading import load_model
from converter_lightgbm.model import load
from converter_lightgbm.trusted import ALLOWED
from converter_sklearn.estimators import Estimators, Writer


class _Step(Writer):
    @cached_property
    def values(self) -> dict[str, str]:
        """The names of the values of the model's outputs."""
        dims = ("batch", int(self.estimator.n_features_in_))
        request = LoadRequest(Source.of(self.estimator), inputs=(Input("features", self.dtype, dims),), options={"dtype": self.dtype})
        return {name: value for name, (value, _, _) in answers(self.document, load(request), self.matrix).items()}


class _Classifier(_Step):
    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Raw scores are no probabilities."""
        return "a classifier of an objective of one's own has no probabilities" if callable(estimator.objective_) else ""

    def predict(self) -> str:
        return self.values["label"]

    def predict_proba(self) -> str:
        return self.values["probabilities"]


class _Regressor(_Step):
    def predict(self) -> str:
        return self.values["prediction"]


class _Model(_Step):
    """The base of the others: it answers what its booster answers."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Scikit-learn knows no model without classes that predicts several columns."""
        several = estimator.booster_.num_model_per_iteration() > 1
        return "an LGBMModel of several classes predicts their probabilities, which is no step of a pipeline: use LGBMClassifier" if several else ""

    def predict(self) -> str:
        """The probability of the second class, where there are two."""
        if "prediction" in self.values:
            return self.values["prediction"]
        return self.document.node("Gather", self.values["probabilities"], self.document.constant(np.array(1)), axis=1)


def _thresholds(estimator: Any) -> Sequence[np.ndarray]:
    loaded = load_model(Source.of(estimator), trust=False)
    return [np.asarray(column.thresholds) for column in columns_of(loaded.text)]


WRITERS: Mapping[type, type[Writer]] = {LGBMClassifier: _Classifier, LGBMRegressor: _Regressor, LGBMRanker: _Regressor, LGBMModel: _Model}
ESTIMATORS = Estimators(WRITERS, ALLOWED, _thresholds)
