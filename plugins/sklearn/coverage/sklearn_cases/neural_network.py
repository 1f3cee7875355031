"""Multi-layer perceptrons, and a Boltzmann machine."""

from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor

from sklearn_cases.case import cases

_SETTINGS = ({"activation": "tanh"}, {"activation": "logistic", "hidden_layer_sizes": (20, 5)}, {"activation": "identity", "hidden_layer_sizes": ()})
_SHORT = {"random_state": 0, "max_iter": 50}

CASES = (
    *(case for table in ("words", "cancer", "labels") for case in cases(MLPClassifier, *_SETTINGS, table=table, **_SHORT)),
    *(case for table in ("diabetes", "linnerud") for case in cases(MLPRegressor, *_SETTINGS, table=table, **_SHORT)),
    *cases(BernoulliRBM, {"n_components": 3}, {"learning_rate": 0.5}, table="positive", random_state=0),
)
