"""What this plugin writes itself: the entry point of its own estimators."""

from __future__ import annotations

from sklearn.impute import SimpleImputer

from converter_sklearn import trees
from converter_sklearn.estimators import Estimators
from converter_sklearn.imputer import Imputer

ESTIMATORS = Estimators({**trees.WRITERS, SimpleImputer: Imputer})
