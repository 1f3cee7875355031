"""Some of the columns."""

from sklearn import feature_selection as selection
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.svm import LinearSVC

from sklearn_cases.case import cases

CASES = (
    *cases(selection.VarianceThreshold, {"threshold": 0.02}, table="positive"),
    *cases(selection.VarianceThreshold, table="skewed"),
    *cases(selection.SelectKBest, {"k": 3}, {"k": "all"}),
    *cases(selection.SelectKBest, {"k": 3, "score_func": selection.chi2}, {"k": 1, "score_func": selection.mutual_info_classif}, table="counts"),
    *cases(selection.SelectPercentile, {"percentile": 50}, {"score_func": selection.f_regression}, table="cancer"),
    *cases(selection.SelectFpr, {"alpha": 1e-20}, table="cancer"),
    *cases(selection.SelectFdr, {"alpha": 1e-20}, table="cancer"),
    *cases(selection.SelectFwe, {"alpha": 1e-20}, table="cancer"),
    *cases(selection.GenericUnivariateSelect, {"mode": "k_best", "param": 4}, {"mode": "fwe", "param": 0.01}, param=20),
    *cases(selection.SelectFromModel, {"max_features": 3}, {"threshold": "0.5*median"}, estimator=Lasso(0.1), table="diabetes"),
    *cases(selection.SelectFromModel, {"threshold": "mean"}, estimator=ExtraTreesClassifier(5, random_state=0), table="words"),
    *cases(selection.SequentialFeatureSelector, {"direction": "backward", "n_features_to_select": 8}, estimator=Ridge(), cv=2, table="diabetes"),
    *cases(selection.RFE, {"n_features_to_select": 3}, {"step": 3}, estimator=LogisticRegression(), table="words"),
    *cases(selection.RFE, {"n_features_to_select": 0.8}, estimator=LinearSVC(), table="cancer"),
    *cases(selection.RFE, {"n_features_to_select": 2}, estimator=Ridge(), table="diabetes"),
    *cases(selection.RFECV, {"step": 2}, {"min_features_to_select": 5}, estimator=Ridge(), cv=2, table="diabetes"),
)
