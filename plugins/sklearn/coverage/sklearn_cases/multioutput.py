"""Several outputs, one estimator for each."""

from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sklearn_cases.case import cases

_FOREST = {"estimator": RandomForestRegressor(5, random_state=0)}
_TREE = {"estimator": DecisionTreeClassifier(max_depth=4, random_state=0)}

CASES = (
    *cases(MultiOutputRegressor, _FOREST, {"estimator": Ridge(9.0)}, table="linnerud", estimator=Ridge()),
    *cases(MultiOutputClassifier, _TREE, {"estimator": LinearSVC()}, {"estimator": GaussianNB()}, table="labels", estimator=LogisticRegression()),
    *cases(RegressorChain, _FOREST, {"order": [2, 0, 1]}, table="linnerud", estimator=Ridge()),
    *cases(
        ClassifierChain,
        _TREE,
        {"order": [2, 0, 1], "chain_method": "predict_proba"},
        {"estimator": LinearSVC(), "chain_method": "decision_function"},
        table="labels",
        estimator=LogisticRegression(),
    ),
)
