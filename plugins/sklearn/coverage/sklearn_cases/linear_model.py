"""Linear models."""

from sklearn import linear_model as linear
from sklearn.tree import DecisionTreeRegressor

from sklearn_cases.case import cases

_REGRESSORS = {
    linear.ARDRegression: ({"fit_intercept": False}, {"threshold_lambda": 100.0}),
    linear.BayesianRidge: ({"fit_intercept": False}, {"alpha_1": 1e-3}),
    linear.ElasticNet: ({"alpha": 0.1}, {"fit_intercept": False}),
    linear.ElasticNetCV: ({"l1_ratio": 0.9}, {"fit_intercept": False}),
    linear.GammaRegressor: ({"alpha": 0.1}, {"fit_intercept": False}),
    linear.HuberRegressor: ({"epsilon": 2.0}, {"fit_intercept": False}),
    linear.Lars: ({"n_nonzero_coefs": 3}, {"fit_intercept": False}),
    linear.LarsCV: ({"cv": 3}, {"fit_intercept": False}),
    linear.Lasso: ({"alpha": 0.1}, {"fit_intercept": False}),
    linear.LassoCV: ({"cv": 3}, {"fit_intercept": False}),
    linear.LassoLars: ({"alpha": 0.1}, {"fit_intercept": False}),
    linear.LassoLarsCV: ({"cv": 3}, {"fit_intercept": False}),
    linear.LassoLarsIC: ({"criterion": "bic"}, {"fit_intercept": False}),
    linear.LinearRegression: ({"positive": True}, {"fit_intercept": False}),
    linear.OrthogonalMatchingPursuit: ({"n_nonzero_coefs": 2}, {"fit_intercept": False}),
    linear.OrthogonalMatchingPursuitCV: ({"cv": 3}, {"fit_intercept": False}),
    linear.PassiveAggressiveRegressor: ({"C": 0.1}, {"fit_intercept": False}),
    linear.PoissonRegressor: ({"alpha": 0.1}, {"fit_intercept": False}),
    linear.QuantileRegressor: ({"quantile": 0.9}, {"alpha": 0.1}),
    linear.RANSACRegressor: ({"min_samples": 30}, {"estimator": DecisionTreeRegressor(max_depth=3, random_state=0), "min_samples": 30}),
    linear.Ridge: ({"alpha": 9.0}, {"solver": "sag"}),
    linear.RidgeCV: ({"alphas": (0.1, 9.0)}, {"fit_intercept": False}),
    linear.SGDRegressor: ({"loss": "epsilon_insensitive"}, {"penalty": "l1"}),
    linear.TheilSenRegressor: ({"max_subpopulation": 50}, {"fit_intercept": False}),
    linear.TweedieRegressor: ({"power": 1.5}, {"power": 2, "link": "log"}),
}
_CLASSIFIERS = {
    linear.LogisticRegression: ({"class_weight": "balanced"}, {"C": 0.01, "solver": "saga"}),
    linear.LogisticRegressionCV: ({"Cs": 3}, {"cv": 3}),
    linear.PassiveAggressiveClassifier: ({"C": 0.1}, {"fit_intercept": False}),
    linear.Perceptron: ({"penalty": "l2"}, {"fit_intercept": False}),
    linear.RidgeClassifier: ({"alpha": 9.0}, {"class_weight": "balanced"}),
    linear.RidgeClassifierCV: ({"alphas": (0.1, 9.0)}, {"fit_intercept": False}),
    linear.SGDClassifier: ({"loss": "log_loss"}, {"loss": "modified_huber"}),
}
_OF_SEVERAL = {
    linear.LinearRegression: ({"fit_intercept": False},),
    linear.MultiTaskElasticNet: ({"alpha": 0.1}, {"fit_intercept": False}),
    linear.MultiTaskElasticNetCV: ({"l1_ratio": 0.9}, {"cv": 3}),
    linear.MultiTaskLasso: ({"alpha": 0.1}, {"fit_intercept": False}),
    linear.MultiTaskLassoCV: ({"cv": 3}, {"fit_intercept": False}),
}

CASES = (
    *(case for kind, settings in _REGRESSORS.items() for case in cases(kind, *settings, table="diabetes")),
    *(case for kind, settings in _CLASSIFIERS.items() for table in ("words", "cancer") for case in cases(kind, *settings, table=table)),
    *(case for kind, settings in _OF_SEVERAL.items() for case in cases(kind, *settings, table="linnerud")),
    *cases(linear.SGDOneClassSVM, {"nu": 0.1}, {"fit_intercept": False}),
)
