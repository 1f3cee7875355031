"""What a search found, and thresholds of decisions."""

from sklearn import model_selection
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sklearn_cases.case import cases

_PIPELINE = {"estimator": make_pipeline(StandardScaler(), LogisticRegression()), "param_grid": {"logisticregression__C": [0.1, 1.0]}}
_TREES = {"estimator": DecisionTreeClassifier(random_state=0), "param_grid": {"max_depth": [2, 4]}}
_DRAWN = {"n_iter": 2, "random_state": 0}

CASES = (
    *cases(model_selection.GridSearchCV, _PIPELINE, _TREES, estimator=LogisticRegression(), param_grid={"C": [0.1, 1.0]}),
    *cases(
        model_selection.RandomizedSearchCV,
        {"estimator": RidgeClassifier(), "param_distributions": {"alpha": [0.1, 1.0]}},
        {"cv": 3},
        estimator=LogisticRegression(),
        param_distributions={"C": [0.1, 1.0]},
        **_DRAWN,
    ),
    *cases(model_selection.HalvingGridSearchCV, {"factor": 2}, _TREES, estimator=LogisticRegression(), param_grid={"C": [0.1, 1.0]}),
    *cases(
        model_selection.HalvingRandomSearchCV,
        {"factor": 2},
        {"min_resources": 40},
        estimator=LogisticRegression(),
        param_distributions={"C": [0.1, 1.0, 9.0]},
        random_state=0,
    ),
    *cases(
        model_selection.FixedThresholdClassifier,
        {"threshold": 0.8, "pos_label": 0},
        {"response_method": "decision_function", "threshold": 1.5},
        table="cancer",
        estimator=LogisticRegression(),
    ),
    *cases(
        model_selection.TunedThresholdClassifierCV,
        {"estimator": RidgeClassifier()},
        {"scoring": "f1", "cv": 3},
        table="cancer",
        estimator=LogisticRegression(),
    ),
)
