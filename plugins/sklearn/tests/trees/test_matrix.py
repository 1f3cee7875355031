"""Estimator x setting x table x dtype: leaves one by one, sums, labels, on either side of every split and beside every threshold.

Rows come from the model's own sampling, whose rows are held to their promise in `test_rows`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from sklearn import datasets, ensemble, tree
from sklearn.linear_model import LogisticRegression

FEW, MANY = 2_000, 20_000  # rows
SHARE = 17  # of so many cases one is for a developer's run, and is asked for few rows; all are slow ones that are asked for many
EXACT = 1e-12  # scores that are no further apart are equal but for the order of their sums

TREE = {"max_depth": 7, "random_state": 0}
FOREST = {**TREE, "n_estimators": 9}
BOOSTED = {"n_estimators": 9, "random_state": 0}
HISTOGRAMS = {"max_iter": 9, "random_state": 0}


@dataclass(frozen=True)
class Table:
    """Rows, a target, and perhaps weights of the rows."""

    rows: Any
    target: np.ndarray
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)


def _with_holes(table: Table) -> Table:
    return Table(np.where(np.random.default_rng(3).random(table.rows.shape) < 0.15, np.nan, table.rows), table.target)


def _with_infinities(table: Table) -> Table:
    chance = np.random.default_rng(4).random(table.rows.shape)
    return Table(np.where(chance < 0.03, np.inf, np.where(chance > 0.97, -np.inf, table.rows)), table.target)


def _weighted(table: Table) -> Table:
    return Table(table.rows, table.target, {"sample_weight": np.random.default_rng(5).exponential(size=len(table.rows))})


def _categories() -> Table:
    """A DataFrame of two categorical columns, texts and whole numbers, and two of numbers, one with holes."""
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(6)
    towns, codes, numbers = rng.choice(["Rome", "Oslo", "Bern", "Lima"], 500), rng.integers(0, 30, 500), rng.normal(size=500)
    holes = np.where(rng.random(500) < 0.2, np.nan, rng.normal(size=500))
    frame = pandas.DataFrame({"number": numbers, "town": pandas.Categorical(towns), "code": pandas.Categorical(codes), "holes": holes})
    return Table(frame, np.isin(towns, ["Rome", "Lima"]) + (codes % 3 == 1) * 1 + (numbers > 0))


def _codes() -> Table:
    """A matrix whose first column is a code, with gaps between the codes and missing ones."""
    rng = np.random.default_rng(7)
    codes, numbers = rng.integers(0, 40, 500) * 3.0, rng.normal(size=500)
    return Table(np.stack([np.where(rng.random(500) < 0.1, np.nan, codes), numbers], axis=1), np.isin(codes, [3, 15, 21, 60, 99]) ^ (numbers > 0))


def _tables() -> dict[str, Table]:
    cancer, wine, iris, digits, diabetes, linnerud = (
        Table(*getattr(datasets, f"load_{name}")(return_X_y=True)) for name in ("breast_cancer", "wine", "iris", "digits", "diabetes", "linnerud")
    )
    digits = Table(digits.rows[:400], digits.target[:400])
    words = np.array(["red", "white", "rosé"])
    return {
        "cancer": cancer,
        "wine": wine,
        "iris": iris,
        "digits": digits,
        "diabetes": diabetes,
        "linnerud": linnerud,
        "flags": Table(cancer.rows, cancer.target > 0),
        "words": Table(wine.rows, words[wine.target]),
        "one class": Table(wine.rows, wine.target * 0 + 3),
        "labels": Table(digits.rows, np.stack([digits.target % 2, digits.target > 4, digits.target % 3 == 0], axis=1).astype(int)),
        "outputs": Table(digits.rows, np.stack([digits.target % 3, digits.target], axis=1)),
        "wine with holes": _with_holes(wine),
        "cancer with holes": _with_holes(cancer),
        "diabetes with holes": _with_holes(diabetes),
        "cancer with infinities": _with_infinities(cancer),
        "weighted wine": _weighted(wine),
        "weighted cancer": _weighted(cancer),
        "weighted diabetes": _weighted(diabetes),
        "categories": _categories(),
        "codes": _codes(),
    }


TABLES = _tables()


@dataclass(frozen=True)
class Case:
    """An estimator that is not fitted, and the name of a table for it."""

    estimator: Any
    table: str


def _trees() -> Iterator[tuple[str, Case]]:
    settings: dict[str, dict[str, Any]] = {
        "gini": {},
        "entropy": {"criterion": "entropy"},
        "log_loss": {"criterion": "log_loss"},
        "full": {"max_depth": None},
        "balanced": {"class_weight": "balanced"},
        "pruned": {"ccp_alpha": 0.01},
        "few leaves": {"max_leaf_nodes": 9, "max_features": 0.5},
    }
    only_forests: dict[str, dict[str, Any]] = {
        "all rows": {"bootstrap": False, "max_features": None},
        "samples": {"bootstrap": True, "max_samples": 0.5, "class_weight": "balanced_subsample"},
    }
    tables = ["cancer", "wine", "iris", "digits", "flags", "words", "one class", "labels", "outputs", "wine with holes", "weighted wine"]
    for (setting, given), table in itertools.product(settings.items(), tables):
        yield f"tree-{setting}-{table}", Case(tree.DecisionTreeClassifier(**{**TREE, **given}), table)
        yield f"extra tree-{setting}-{table}", Case(tree.ExtraTreeClassifier(**{**TREE, **given}), table)
    for (setting, given), table in itertools.product({**settings, **only_forests}.items(), tables):
        yield f"forest-{setting}-{table}", Case(ensemble.RandomForestClassifier(**{**FOREST, **given}), table)
        yield f"extra trees-{setting}-{table}", Case(ensemble.ExtraTreesClassifier(**{**FOREST, **given}), table)
    monotonic = {"monotonic_cst": [1, -1] + [0] * 28}
    yield "tree-monotonic-cancer", Case(tree.DecisionTreeClassifier(**TREE, **monotonic), "cancer")
    yield "forest-monotonic-cancer", Case(ensemble.RandomForestClassifier(**FOREST, **monotonic), "cancer")


def _regression_trees() -> Iterator[tuple[str, Case]]:
    settings: dict[str, dict[str, Any]] = {
        **{name: {"criterion": name} for name in ("squared_error", "absolute_error", "poisson", "friedman_mse")},
        "full": {"max_depth": None},
        "pruned": {"ccp_alpha": 5.0},
    }
    for (setting, given), table in itertools.product(settings.items(), ["diabetes", "linnerud", "diabetes with holes", "weighted diabetes"]):
        if table == "diabetes with holes" and setting == "absolute_error":
            continue  # which scikit-learn refuses
        yield f"tree-{setting}-{table}", Case(tree.DecisionTreeRegressor(**{**TREE, **given}), table)
        yield f"extra tree-{setting}-{table}", Case(tree.ExtraTreeRegressor(**{**TREE, **given}), table)
        yield f"forest-{setting}-{table}", Case(ensemble.RandomForestRegressor(**{**FOREST, **given}), table)
        yield f"extra trees-{setting}-{table}", Case(ensemble.ExtraTreesRegressor(**{**FOREST, **given}), table)
    monotonic = {"monotonic_cst": [0, 0, 1, -1] + [0] * 6}
    yield "tree-monotonic-diabetes", Case(tree.DecisionTreeRegressor(**TREE, **monotonic), "diabetes")
    yield "extra trees-monotonic-diabetes", Case(ensemble.ExtraTreesRegressor(**FOREST, **monotonic), "diabetes")


def _boosting() -> Iterator[tuple[str, Case]]:
    settings: dict[str, dict[str, Any]] = {
        "log_loss": {},
        "zero": {"init": "zero"},
        "stochastic": {"subsample": 0.6, "max_features": 0.5, "learning_rate": 0.4},
        "best first": {"max_leaf_nodes": 6, "ccp_alpha": 0.001},
        "early": {"n_iter_no_change": 2, "n_estimators": 40},
        "forest first": {"init": ensemble.RandomForestClassifier(**FOREST)},
        "histograms first": {"init": ensemble.HistGradientBoostingClassifier(**HISTOGRAMS)},
    }
    for (setting, given), table in itertools.product(settings.items(), ["cancer", "flags", "wine", "words", "digits", "weighted wine"]):
        yield f"boosting-{setting}-{table}", Case(ensemble.GradientBoostingClassifier(**{**BOOSTED, **given}), table)
    for setting in ("log_loss", "zero", "forest first"):
        given = {**settings[setting], "loss": "exponential"}
        yield f"boosting-exponential {setting}-cancer", Case(ensemble.GradientBoostingClassifier(**BOOSTED, **given), "cancer")
    regressions: dict[str, dict[str, Any]] = {
        **{name: {"loss": name, "alpha": 0.8} for name in ("squared_error", "absolute_error", "huber", "quantile")},
        **{name: settings[name] for name in ("zero", "stochastic", "early")},
        "tree first": {"init": tree.DecisionTreeRegressor(max_depth=3)},
        "forest first": {"init": ensemble.RandomForestRegressor(**FOREST)},
        "histograms first": {"init": ensemble.HistGradientBoostingRegressor(**HISTOGRAMS)},
    }
    for (setting, given), table in itertools.product(regressions.items(), ["diabetes", "weighted diabetes"]):
        yield f"boosting-{setting}-{table}", Case(ensemble.GradientBoostingRegressor(**{**BOOSTED, **given}), table)


def _histograms() -> Iterator[tuple[str, Case]]:
    settings: dict[str, dict[str, Any]] = {
        "log_loss": {},
        "balanced": {"class_weight": "balanced"},
        "coarse": {"max_bins": 8, "max_depth": 3, "l2_regularization": 1.0},
        "early": {"early_stopping": True, "n_iter_no_change": 2, "max_iter": 40},
    }
    tables = ["cancer", "wine", "digits", "words", "flags", "one class", "cancer with holes", "cancer with infinities", "weighted wine", "categories"]
    for (setting, given), table in itertools.product(settings.items(), tables):
        if (setting, table) != ("coarse", "categories"):  # more of them than bins
            yield f"histograms-{setting}-{table}", Case(ensemble.HistGradientBoostingClassifier(**{**HISTOGRAMS, **given}), table)
    for setting, given in settings.items():
        if setting == "coarse":
            continue
        codes = ensemble.HistGradientBoostingClassifier(categorical_features=[0], **{**HISTOGRAMS, **given})
        yield f"histograms-{setting}-codes", Case(codes, "codes")
    regressions: dict[str, dict[str, Any]] = {
        **{name: {"loss": name, "quantile": 0.7} for name in ("squared_error", "absolute_error", "gamma", "poisson", "quantile")},
        "early": settings["early"],
    }
    for (setting, given), table in itertools.product(regressions.items(), ["diabetes", "diabetes with holes", "weighted diabetes"]):
        yield f"histograms-{setting}-{table}", Case(ensemble.HistGradientBoostingRegressor(**{**HISTOGRAMS, **given}), table)
    monotonic = {"monotonic_cst": [0, 0, 1, -1] + [0] * 6, "interaction_cst": "pairwise", "max_features": 0.6}
    yield "histograms-monotonic-diabetes", Case(ensemble.HistGradientBoostingRegressor(**HISTOGRAMS, **monotonic), "diabetes")
    named = {"categorical_features": ["town", "code"], "loss": "poisson"}
    yield "histograms-named-categories", Case(ensemble.HistGradientBoostingRegressor(**HISTOGRAMS, **named), "categories")


def _others() -> Iterator[tuple[str, Case]]:
    few = {"n_estimators": 9, "random_state": 0}
    outliers: dict[str, dict[str, Any]] = {
        "auto": {},
        "contaminated": {"contamination": 0.1},
        "features": {"contamination": 0.2, "max_features": 0.5, "max_samples": 60, "bootstrap": True},
    }
    for (setting, given), table in itertools.product(outliers.items(), ["wine", "cancer", "wine with holes"]):
        yield f"isolation-{setting}-{table}", Case(ensemble.IsolationForest(**few, **given), table)
    for sparse, table in itertools.product((True, False), ["wine", "digits"]):
        yield f"embedding-sparse {sparse}-{table}", Case(ensemble.RandomTreesEmbedding(max_depth=4, sparse_output=sparse, **few), table)
    classifiers = {
        "tree": tree.DecisionTreeClassifier(max_depth=5),
        "extra tree": tree.ExtraTreeClassifier(),
        "forest": ensemble.RandomForestClassifier(n_estimators=3, max_depth=4),
        "boosting": ensemble.GradientBoostingClassifier(n_estimators=3),
        "histograms": ensemble.HistGradientBoostingClassifier(max_iter=3),
    }
    columns: dict[str, dict[str, Any]] = {
        "all": {},
        "some": {"max_features": 0.4},
        "repeated": {"max_features": 0.7, "bootstrap_features": True, "max_samples": 0.4},
    }
    for (setting, given), (member, one), table in itertools.product(
        columns.items(), classifiers.items(), ["cancer", "wine", "digits", "words", "one class"]
    ):
        if member not in {"boosting", "histograms"} or table != "one class":  # which these refuse, or answer with two columns
            yield f"bagging-{setting} {member}-{table}", Case(ensemble.BaggingClassifier(one, **{**few, **given}), table)
    for member in ("tree", "extra tree", "histograms"):
        yield f"bagging-{member}-wine with holes", Case(ensemble.BaggingClassifier(classifiers[member], **few), "wine with holes")
    for member, table in itertools.product(["tree", "extra tree", "forest", "histograms"], ["cancer", "wine", "digits", "words", "one class"]):
        stump = {"tree": tree.DecisionTreeClassifier(max_depth=2)}.get(member, classifiers[member])
        yield f"adaboost-{member}-{table}", Case(ensemble.AdaBoostClassifier(stump, learning_rate=0.7, **few), table)
    yield "bagging-logistic-wine", Case(ensemble.BaggingClassifier(LogisticRegression(C=1e-4, max_iter=5000), max_features=0.5, **few), "wine")
    yield from _other_regressors(few, columns)


def _other_regressors(few: Mapping[str, Any], columns: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Case]]:
    members = {
        "tree": tree.DecisionTreeRegressor(max_depth=5),
        "extra tree": tree.ExtraTreeRegressor(),
        "forest": ensemble.RandomForestRegressor(n_estimators=3, max_depth=4),
        "boosting": ensemble.GradientBoostingRegressor(n_estimators=3),
        "histograms": ensemble.HistGradientBoostingRegressor(max_iter=3, loss="poisson"),
    }
    for (setting, given), (member, one) in itertools.product(columns.items(), members.items()):
        yield f"bagging-{setting} {member}-diabetes", Case(ensemble.BaggingRegressor(one, **{**few, **given}), "diabetes")
    for (setting, given), member in itertools.product(columns.items(), ["tree", "extra tree", "forest"]):
        yield f"bagging-{setting} {member}-linnerud", Case(ensemble.BaggingRegressor(members[member], **{**few, **given}), "linnerud")
    for loss, (member, one) in itertools.product(("linear", "square", "exponential"), members.items()):
        yield f"adaboost-{loss} {member}-diabetes", Case(ensemble.AdaBoostRegressor(one, loss=loss, **few), "diabetes")


CASES = dict(itertools.chain(_trees(), _regression_trees(), _boosting(), _histograms(), _others()))


def _shares() -> Iterator[Any]:
    for number, (name, dtype) in enumerate(itertools.product(CASES, ("float32", "float64"))):
        if number % SHARE == 0:
            yield pytest.param(name, dtype, FEW, id=f"{name}-{dtype}")
        yield pytest.param(name, dtype, MANY, id=f"{name}-{dtype}-many", marks=pytest.mark.slow)


@pytest.mark.filterwarnings("ignore::RuntimeWarning:numpy|sklearn")  # of scikit-learn's own bins where columns are infinite
@pytest.mark.parametrize(("name", "dtype", "count"), _shares())
def test_it_answers_as_scikit_learn(
    name: str, dtype: str, count: int, load_model: Callable[..., Any], run_graph: Callable[..., dict[str, np.ndarray]]
) -> None:
    case = CASES[name]
    table = TABLES[case.table]
    estimator = case.estimator.fit(table.rows, table.target, **table.weights)
    feeds = None
    for method in _methods(estimator):
        model = load_model(estimator, method=method, dtype=dtype)
        feeds = feeds or model.sample(np.random.default_rng(2), {"batch": count})
        got, want = run_graph(model, feeds), model.run(feeds)
        assert {each: (answer.shape, answer.dtype) for each, answer in got.items()} == {
            each: (answer.shape, np.dtype(dtype) if answer.dtype.kind == "f" else answer.dtype) for each, answer in want.items()
        }
        _check(got, want, estimator, dtype, method, next(iter(feeds.values())))


def _methods(estimator: Any) -> list[str]:
    asked = {"predict": "fit", "probability": "predict_proba", "raw": "decision_function", "leaf": "apply"}
    return [method for method, needed in asked.items() if hasattr(estimator, needed)]


def _check(got: Mapping[str, np.ndarray], want: Mapping[str, np.ndarray], estimator: Any, dtype: str, method: str, rows: np.ndarray) -> None:
    steps = 2 * np.sqrt(_count(estimator))
    for name, answer in want.items():
        if name == "label":
            _check_labels(got[name], answer, want)
        elif answer.dtype.kind != "f":
            np.testing.assert_array_equal(got[name], answer)  # leaves
        elif dtype == "float64":
            np.testing.assert_allclose(got[name], answer, rtol=EXACT, atol=EXACT * _size(estimator, answer, method, rows))
        else:
            size = np.maximum(np.abs(answer), _size(estimator, answer, method, rows)).astype(np.float32)
            assert (np.abs(got[name] - answer) / np.spacing(size)).max() <= steps


def _check_labels(got: np.ndarray, want: np.ndarray, answers: Mapping[str, np.ndarray]) -> None:
    """Labels may differ where the source's two best scores are equal."""
    if (got == want).all():
        return
    scores = [answers[name] for name in answers if name != "label"]
    for place, (mine, own) in enumerate(zip(got.reshape(len(got), -1).T, want.reshape(len(want), -1).T, strict=True)):
        of_output = scores[place] if len(scores) > 1 else scores[0][place] if scores[0].ndim == 3 else scores[0]
        apart = np.abs(of_output) if of_output.ndim == 1 else -np.diff(np.sort(of_output, axis=1)[:, ::-1][:, :2])[:, 0]
        assert (apart[mine != own] <= EXACT).all()


def _count(estimator: Any) -> int:
    """How many trees a sum has."""
    if hasattr(estimator, "_predictors"):
        return len(estimator._predictors)
    members = getattr(estimator, "estimators_", None)
    return 1 if members is None else len(members) if isinstance(members, np.ndarray) else sum(map(_count, members))


def _size(estimator: Any, answer: np.ndarray, method: str, rows: np.ndarray) -> float:
    """How large a sum may be on its way: it may cancel, its terms are no smaller for it; of scores that a link makes probabilities, those scores."""
    if isinstance(estimator, ensemble.GradientBoostingClassifier):
        return float(np.abs(estimator._raw_predict(rows.astype(np.float32))).max())
    if method == "raw" and isinstance(estimator, ensemble.HistGradientBoostingClassifier):
        begins = float(np.abs(estimator._baseline_prediction).max())
        return max(begins, *(float(np.abs(each.nodes["value"]).max()) for iteration in estimator._predictors for each in iteration))
    if isinstance(estimator, ensemble.IsolationForest):
        return float(np.abs(answer + estimator.offset_).max())
    return float(np.abs(answer).max())
