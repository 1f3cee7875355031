"""Trees and ensembles of them."""

from sklearn import ensemble, tree

from sklearn_cases.case import cases

_FEW = {"n_estimators": 9, "random_state": 0}
_TREE, _FOREST = {"random_state": 0}, _FEW

CASES = (
    *cases(tree.DecisionTreeClassifier, {"max_depth": 3}, {"criterion": "entropy", "class_weight": "balanced"}, **_TREE),
    *cases(tree.DecisionTreeRegressor, {"max_depth": 3}, {"criterion": "absolute_error"}, table="diabetes", **_TREE),
    *cases(tree.ExtraTreeClassifier, {"max_depth": 3}, {"max_features": None}, **_TREE),
    *cases(tree.ExtraTreeRegressor, {"max_depth": 3}, {"min_samples_leaf": 5}, table="diabetes", **_TREE),
    *cases(ensemble.RandomForestClassifier, {"max_depth": 3}, {"class_weight": "balanced"}, table="words", **_FOREST),
    *cases(ensemble.RandomForestRegressor, {"max_depth": 3}, {"max_features": 0.5}, table="linnerud", **_FOREST),
    *cases(ensemble.ExtraTreesClassifier, {"max_depth": 3}, {"bootstrap": True}, table="labels", **_FOREST),
    *cases(ensemble.ExtraTreesRegressor, {"max_depth": 3}, {"max_features": 0.5}, table="diabetes", **_FOREST),
    *cases(ensemble.GradientBoostingClassifier, {"loss": "exponential"}, {"init": "zero"}, table="cancer", **_FEW),
    *cases(ensemble.GradientBoostingRegressor, {"loss": "huber"}, {"subsample": 0.5}, table="diabetes", **_FEW),
    *cases(ensemble.HistGradientBoostingClassifier, {"max_depth": 3}, {"l2_regularization": 1.0}, table="holes", max_iter=9, random_state=0),
    *cases(ensemble.HistGradientBoostingRegressor, {"loss": "poisson"}, {"loss": "quantile", "quantile": 0.9}, table="diabetes", max_iter=9),
    *cases(ensemble.IsolationForest, {"contamination": 0.1}, {"max_features": 0.5}, **_FEW),
    *cases(ensemble.RandomTreesEmbedding, {"max_depth": 3}, {"min_samples_leaf": 5}, **_FEW),
    *cases(ensemble.BaggingClassifier, {"max_features": 0.5}, {"estimator": tree.ExtraTreeClassifier()}, **_FEW),
    *cases(ensemble.BaggingRegressor, {"max_features": 0.5}, {"estimator": tree.ExtraTreeRegressor()}, table="diabetes", **_FEW),
    *cases(ensemble.AdaBoostClassifier, {"learning_rate": 0.5}, {"estimator": tree.DecisionTreeClassifier(max_depth=3)}, **_FEW),
    *cases(ensemble.AdaBoostRegressor, {"loss": "square"}, {"estimator": tree.DecisionTreeRegressor(max_depth=5)}, table="diabetes", **_FEW),
)
