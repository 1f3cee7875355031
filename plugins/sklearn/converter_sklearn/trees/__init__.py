"""scikit-learn's trees and what is made of them, through the host's writer of tree ensembles: one family a module."""

from __future__ import annotations

from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomTreesEmbedding,
)
from sklearn.ensemble._forest import ForestClassifier, ForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from converter_sklearn.estimators import Writer
from converter_sklearn.trees import bagging, boosting, embedding, forests, histograms, isolation, voting

WRITERS: dict[type, type[Writer]] = {
    DecisionTreeClassifier: forests.Classifier,  # ExtraTreeClassifier too
    DecisionTreeRegressor: forests.Regressor,
    ForestClassifier: forests.Classifier,  # random and extra trees
    ForestRegressor: forests.Regressor,
    GradientBoostingClassifier: boosting.Classifier,
    GradientBoostingRegressor: boosting.Regressor,
    HistGradientBoostingClassifier: histograms.Classifier,
    HistGradientBoostingRegressor: histograms.Regressor,
    IsolationForest: isolation.Isolation,
    RandomTreesEmbedding: embedding.Embedding,
    BaggingClassifier: bagging.Classifier,
    BaggingRegressor: bagging.Regressor,
    AdaBoostClassifier: voting.Classifier,
    AdaBoostRegressor: voting.Regressor,
}
