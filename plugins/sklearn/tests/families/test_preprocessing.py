"""Scales, codes and powers at their edges; Python functions; what is refused, and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from scipy import special
from sklearn import preprocessing
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from converter.plugin import ExportError
from converter.writing import Document
from converter_sklearn.estimators import Block, writer_of
from converter_sklearn.parts import answer, part

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(200, 4)) * [1, 1e-6, 1e6, 1]
TARGET = np.exp(ROWS[:, 0] + RNG.normal(0, 0.1, 200))


def check(model: Any, run_graph: Run, table: Any = None, tolerance: float = 1e-12) -> np.ndarray:
    """The graph's answer to rows, drawn ones if none are given, is the model's; returns it."""
    if table is None:
        feeds = model.sample(np.random.default_rng(0), dict.fromkeys(model.axes, 500))
    elif isinstance(table, pd.DataFrame):
        feeds = {name: table[[name]].to_numpy() for name in table}
    else:
        feeds = {model.inputs[0].name: table}
    got, want = run_graph(model, feeds), model.run(feeds)
    for name, each in want.items():
        assert got[name].shape == each.shape
        if each.dtype.kind == "f":
            np.testing.assert_allclose(got[name], each, rtol=tolerance, atol=tolerance)
        else:
            np.testing.assert_array_equal(got[name], each)
    return next(iter(want.values()))


@pytest.mark.parametrize(
    "scaler",
    [
        *(preprocessing.StandardScaler(), preprocessing.MinMaxScaler((1, 2)), preprocessing.MaxAbsScaler(), preprocessing.RobustScaler()),
        *(preprocessing.PowerTransformer(), preprocessing.PowerTransformer("box-cox", standardize=False)),
        *(preprocessing.QuantileTransformer(), preprocessing.QuantileTransformer(output_distribution="normal")),
        *(preprocessing.QuantileTransformer(n_quantiles=1), preprocessing.FunctionTransformer(np.log1p, np.expm1)),
    ],
    ids=str,
)
def test_targets_are_scaled_back(scaler: Any, load_model: Load, run_graph: Run) -> None:
    estimator = TransformedTargetRegressor(Ridge(), transformer=scaler).fit(ROWS[:, [0, 3]], TARGET)
    want = check(load_model(estimator, dtype="float64"), run_graph)
    assert np.unique(want).size > 100 or scaler.get_params().get("n_quantiles") == 1


def test_short_rows_and_constant_columns_are_not_blown_up(load_model: Load, run_graph: Run) -> None:
    rows = np.array([[0.0, 0, 0], [1e-16, 0, 0], [3e-15, 0, 0], [1e200, 1, 2]])
    for norm in ("l1", "max"):
        check(load_model(preprocessing.Normalizer(norm=norm).fit(rows), dtype="float64"), run_graph, rows)
    constant = np.column_stack([np.full(5, 0.1), np.arange(5)])
    for scaler in (preprocessing.StandardScaler(), preprocessing.MinMaxScaler(), preprocessing.RobustScaler(), preprocessing.QuantileTransformer()):
        check(load_model(scaler.fit(constant), dtype="float64"), run_graph, np.array([[0.1, 2.5], [0.2, -1], [0.0, 9]]))


@pytest.mark.parametrize("power", [0.0, 2.0, 1.0, 1e-17, -0.7, 2.5])
def test_powers_that_are_logarithms(power: float, load_model: Load, run_graph: Run) -> None:
    estimator = preprocessing.PowerTransformer(standardize=False).fit(ROWS[:, [0, 3]])
    estimator.lambdas_ = np.array([power, 0.3])
    rows = np.array([[0.0, 1], [-1e-12, 1], [1e-12, 1], [-5, -5], [700, 2], [np.nan, 0]])
    assert np.isnan(check(load_model(estimator, dtype="float64"), run_graph, rows)[-1, 0])


@DTYPES
def test_bins_and_quantiles_on_their_edges(dtype: str, load_model: Load, run_graph: Run) -> None:
    rows = np.round(ROWS[:, [0, 3]], 1).astype(np.float32).astype(np.float64)
    estimator = preprocessing.KBinsDiscretizer(40, encode="ordinal", strategy="uniform").fit(rows)
    edges = np.stack(estimator.bin_edges_, axis=1).astype(dtype)
    beside = np.concatenate([edges, np.nextafter(edges, np.array(np.inf, dtype)), np.nextafter(edges, np.array(-np.inf, dtype))])
    check(load_model(estimator, dtype=dtype), run_graph, beside, 0)
    quantiles = preprocessing.QuantileTransformer(n_quantiles=150).fit(rows)
    want = check(load_model(quantiles, dtype=dtype), run_graph, rows.astype(dtype), 1e-7 if dtype == "float32" else 1e-14)
    assert len(np.unique(want)) < 100  # many rows are equal, and in the middle of their quantiles


def test_the_normal_ends_are_cut_off(load_model: Load, run_graph: Run) -> None:
    estimator = preprocessing.QuantileTransformer(output_distribution="normal").fit(ROWS[:, :1])
    ends = np.quantile(ROWS[:, 0], [0, 1])
    rows = np.concatenate([ends, ends * 1e9, ends + np.array([1e-8, -1e-8]), ends + np.array([1e-5, -1e-5]), [np.nan]])[:, None]
    want = check(load_model(estimator, dtype="float64"), run_graph, rows)
    assert np.nanmax(want) == pytest.approx(-np.nanmin(want)) == pytest.approx(5.199337583)


@pytest.mark.parametrize("extrapolation", ["constant", "linear", "continue", "periodic", "error"])
@pytest.mark.parametrize("degree", [0, 1, 3])
def test_splines_on_knots_and_far_from_them(degree: int, extrapolation: str, load_model: Load, run_graph: Run) -> None:
    rows = np.column_stack([np.arange(40) % 7, np.repeat([0, 0, 0, 1], 10), np.linspace(-3, 3, 40)]).astype(float)
    estimator = preprocessing.SplineTransformer(5, degree, extrapolation=extrapolation, knots="quantile").fit(rows)
    model = load_model(estimator, dtype="float64")
    inside = np.concatenate([rows, rows[:20] + 0.01 * (rows[:20] < 1)])
    beyond = np.array([[-1.0, -2, -4], [0, 0, 1e3], [50, 0.5, 0]])
    check(model, run_graph, inside if extrapolation == "error" or (degree, extrapolation) == (0, "constant") else np.concatenate([inside, beyond]))


def test_a_spline_is_nothing_where_scikit_learn_raises(load_model: Load, run_graph: Run) -> None:
    model = load_model(preprocessing.SplineTransformer(extrapolation="error").fit(ROWS[:, :1]), dtype="float64")
    check(model, run_graph)
    assert np.isnan(run_graph(model, {"features": np.array([[89.0]])})["transformed"]).all()


def test_degrees_with_nothing_left(load_model: Load, run_graph: Run) -> None:
    for settings in ({"degree": 3, "interaction_only": True}, {"degree": (2, 2)}, {"degree": 12}):
        check(load_model(preprocessing.PolynomialFeatures(**settings).fit(ROWS[:, :2]), dtype="float64"), run_graph, ROWS[:9, [0, 3]])


# Categories

WORDS = np.array([["a", 1], ["b", 2], ["a", 2], ["", 3], ["nan", 1], ["ü b", 2]] * 5, object)


def test_mixed_columns_without_names(load_model: Load, run_graph: Run) -> None:
    encoder = preprocessing.OneHotEncoder(handle_unknown="ignore").fit(WORDS)
    model = load_model(encoder)
    assert [each.dtype for each in model.inputs] == ["string", "int64"]
    check(model, run_graph)
    check(load_model(make_pipeline(preprocessing.OrdinalEncoder(), LogisticRegression()).fit(WORDS, np.arange(30) % 2)), run_graph, None, 1e-7)


@pytest.mark.parametrize("kind", [preprocessing.OneHotEncoder, preprocessing.OrdinalEncoder])
def test_missing_texts_are_the_texts_that_onnx_runtime_makes_of_them(kind: Any, load_model: Load, run_graph: Run) -> None:
    rows = np.array([["a", None], ["b", "x"], [np.nan, "y"], ["a", None]], object)
    check(load_model(kind().fit(rows)), run_graph, rows)
    frame = pd.DataFrame({"size": ["S", None, "L", "S"], "price": [1.5, np.nan, 2.5, 1.5], "new": [True, False, True, True]})
    check(load_model(kind().fit(frame), dtype="float64"), run_graph, frame)


def test_a_missing_text_beside_a_text_of_its_name_is_refused() -> None:
    clash = np.array([["nan"], ["a"], [np.nan]], object)
    writer = writer_of(preprocessing.OneHotEncoder())
    assert writer is not None
    assert "the text 'nan' and a missing value" in writer.fault(preprocessing.OneHotEncoder().fit(clash))
    assert writer.fault(preprocessing.OneHotEncoder().fit(np.array([[b"a"], [b"b"]], object))) == "its categories are bytes"


@DTYPES
def test_numbers_are_categories_only_if_they_are_equal(dtype: str, load_model: Load, run_graph: Run) -> None:
    rows = np.array([[0.1, 2.0**53], [0.5, 2.0**53 + 2], [0.3, np.nan], [0.25, -1]] * 3)
    encoder = preprocessing.OneHotEncoder(handle_unknown="ignore").fit(rows)
    beside = np.nextafter(rows, np.inf).astype(dtype)
    want = check(load_model(encoder, dtype=dtype), run_graph, None, 0)
    assert want.sum() > 100
    model = load_model(make_pipeline(preprocessing.MaxAbsScaler().fit(np.ones((1, 2))), encoder), dtype=dtype)
    for table in (rows.astype(dtype), beside):
        check(model, run_graph, table, 0)


def test_many_categories_are_looked_up(load_model: Load, run_graph: Run) -> None:
    codes = RNG.permutation(np.arange(0, 6000, 3))[:, None]
    rows = np.column_stack([codes, codes % 5, [f"w{code[0] % 700}" for code in codes]]).astype(object)
    frame = pd.DataFrame({"id": codes[:, 0], "few": codes[:, 0] % 5, "word": rows[:, 2]})
    for encoder in (
        preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50),
        preprocessing.TargetEncoder(),
    ):
        check(load_model(encoder.fit(frame, codes[:, 0] % 3 == 0)), run_graph)


def test_given_categories(load_model: Load, run_graph: Run) -> None:
    rows = np.array([["low"], ["high"], ["mid"], ["low"]], object)
    order = [["low", "mid", "high", "never"]]
    check(load_model(preprocessing.OrdinalEncoder(categories=order).fit(rows)), run_graph)
    check(load_model(preprocessing.OneHotEncoder(categories=order, drop=["mid"]).fit(rows)), run_graph)


def test_columns_of_a_frame_by_their_dtypes(load_model: Load, run_graph: Run) -> None:
    frame = pd.DataFrame({"age": [22.0, np.nan, 26, 35] * 5, "port": ["Brest", "Calais", None, "Dover"] * 5, "rooms": [1, 2, 3, 2] * 5})
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), preprocessing.StandardScaler()), ["age"]),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), preprocessing.OneHotEncoder(handle_unknown="ignore")), ["port"]),
        (preprocessing.OneHotEncoder(), ["rooms"]),
    )
    model = load_model(make_pipeline(columns, LogisticRegression()).fit(frame, ["late", "early"] * 10), dtype="float64")
    check(model, run_graph, frame)


# Targets


@pytest.mark.parametrize("classes", [["no", "yes"], ["a", "b", "c"], [3, 7], [1.5, 2.0, 9.0], ["one"], [False, True]], ids=str)
def test_labels_become_numbers(classes: list[Any], tmp_path: Path) -> None:
    known = np.array(classes)
    table = np.resize(known, 9)
    signs: list[dict[str, int]] = [{}, {"neg_label": -1}, {"neg_label": -2, "pos_label": 0}] if known.dtype.kind != "f" else []
    for each in (preprocessing.LabelEncoder(), *(preprocessing.LabelBinarizer(**labels) for labels in signs)):
        np.testing.assert_array_equal(of_target(each.fit(known), table, tmp_path), each.transform(table))


def of_target(estimator: Any, target: np.ndarray, folder: Path) -> np.ndarray:
    """Return what the graph of an estimator that takes targets, [batch], makes of some."""
    document = Document(21)
    dtype = "string" if target.dtype.kind == "U" else target.dtype.name
    found = answer(part(document, estimator, [Block(document.input("y", dtype, ["batch"]), dtype, 1)], "float64", "float64"), "transform")
    document.output("codes", found.name, found.dtype, [None] * np.ndim(estimator.transform(target)))
    document.write(folder / "graph.onnx")
    (codes,) = onnxruntime.InferenceSession(folder / "graph.onnx", providers=["CPUExecutionProvider"]).run(None, {"y": target})
    return np.asarray(codes)


def test_sets_of_labels_are_no_table() -> None:
    writer = writer_of(preprocessing.MultiLabelBinarizer())
    assert writer is not None
    assert writer.fault(preprocessing.MultiLabelBinarizer().fit([["a"], ["b", "c"]])) == "it takes sets of labels, which are no table"
    several = preprocessing.LabelBinarizer().fit(np.array([[0, 1], [1, 1]]))
    assert getattr(writer_of(several), "fault")(several) == "its target has several labels a row"  # noqa: B009 - one that may be None


# Python functions


def _cut(table: np.ndarray) -> np.ndarray:
    table = table.copy()
    table[table > 1] = 1
    table[:, 0] = np.log1p(table[:, 0] ** 2)
    table[:, 1:3] = -table[:, 1:3]
    return table


FUNCTIONS: list[Callable[..., Any]] = [
    *(np.sqrt, np.log, np.log2, np.log10, np.exp2, np.expm1, np.cbrt, np.square, np.reciprocal, np.sign, np.floor, np.ceil, np.rint, np.trunc),
    *(np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.deg2rad, np.rad2deg, np.negative, np.fabs, np.isnan, np.isfinite, np.isinf),
    *(
        special.expit,
        special.logit,
        special.erf,
        special.ndtr,
        np.nan_to_num,
        np.round,
        lambda x: np.round(x, 2),
        lambda x: np.arctanh(x / 1e9),
        np.arctan,
    ),
    *(lambda x: np.arcsin(x / 99), lambda x: np.arccos(np.clip(x, -1, 1)), lambda x: np.arctan2(x, x[:, ::-1]), lambda x: np.arctan2(x, 0)),
    *(lambda x: x % 0.3, lambda x: np.fmod(x, -0.3), lambda x: x // 0.25, lambda x: 2**x, lambda x: x**2 - 1 / x, lambda x: np.hypot(x, 1)),
    *(
        lambda x: x[:, [2, 0]],
        lambda x: x[:, ::-2],
        lambda x: x[:, 1],
        lambda x: x[:, -1:] * x[..., 0, None],
        lambda x: x[:, [True, False, True, True]],
    ),
    *(
        lambda x: x / x.sum(axis=1, keepdims=True),
        lambda x: x - np.mean(x, axis=0),
        lambda x: x.max(axis=1) - np.min(x, axis=-1),
        lambda x: x / x.max(),
    ),
    *(
        lambda x: np.where((x > 0) & ~(x > 1), x, [1, 2, 3, 4]),
        lambda x: np.where(x < 0, 0, x),
        lambda x: (x >= 0).astype(int),
        lambda x: (x > 0) * 2.5,
    ),
    *(lambda x: np.concatenate([x, x**2], axis=1), lambda x: np.hstack([x, np.isnan(x)]), lambda x: np.stack([x[:, 0], x[:, 1]], axis=1)),
    *(lambda x: np.column_stack((x[:, 0] / x[:, 1], x)), lambda x: x / np.linalg.norm(x, axis=1, keepdims=True), lambda x: x.clip(-1, max=1)),
    *(lambda x: np.logical_or(x > 1, x < -1), lambda x: x[:, :1].ravel(), _cut),
    *(lambda x: x.mean(1), lambda x: x.min(axis=1), lambda x: np.expand_dims(x[:, 0], 1)),
    *(partial(np.clip, a_min=None, a_max=[1, 2, 3, 4]), lambda x: np.maximum(x, x[:, ::-1]), lambda x: (x > 0).sum(axis=1), lambda x: x != 0.5),
]


@pytest.mark.parametrize("place", range(len(FUNCTIONS)))
@DTYPES
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_functions_of_numpy(place: int, dtype: str, load_model: Load, run_graph: Run) -> None:
    rows = np.concatenate([RNG.normal(size=(60, 4)), [[0, 1, 0.5, 2.5], [-1, -0.5, 1e-9, 80], [np.nan, 1, 1, 1]]])
    estimator = preprocessing.FunctionTransformer(FUNCTIONS[place]).fit(rows)
    check(load_model(estimator, dtype=dtype), run_graph, rows.astype(dtype), 1e-6 if dtype == "float32" else 1e-12)


def test_functions_of_frames(load_model: Load, run_graph: Run) -> None:
    frame = pd.DataFrame({"width": RNG.normal(size=20), "height": RNG.normal(size=20), "depth": RNG.normal(size=20)})
    for function in (lambda d: d[["depth", "width"]] * 2, lambda d: np.abs(d["height"].to_numpy())[:, None], lambda d: d.values[:, 1:], np.exp):  # noqa: PD011 - users write it
        check(load_model(preprocessing.FunctionTransformer(function).fit(frame), dtype="float64"), run_graph, frame.to_numpy())


def _by_rows(table: np.ndarray) -> np.ndarray:
    return np.array([row.sum() for row in table])


def _first_row(table: np.ndarray) -> np.ndarray:
    table[0] = 1
    return table


REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "a loop": (_by_rows, "a loop goes over rows"),
    "a branch": (lambda x: x if x.sum() > 0 else -x, "a branch depends on values"),
    "an array": (lambda x: np.asarray(x) * 2, "becomes an array outside the graph"),
    "an unknown function": (lambda x: np.median(x, axis=1), "no rule writes median"),
    "an unknown ufunc": (np.spacing, "no rule writes spacing"),
    "a reduction of a ufunc": (np.add.reduce, "no rule writes add"),
    "some rows": (lambda x: x[:3], "some of the rows are taken"),
    "other rows": (lambda x: x.reshape(-1, 2), "elements get to other rows"),
    "a matrix as long": (lambda x: x + np.arange(x.shape[0])[:, None], "an array has as many rows as the table"),
    "its length": (lambda x: x * len(x), "the number of rows is asked for"),
    "its elements as texts": (lambda x: x.astype(str), "elements are of the dtype <U"),
    "a row changes": (_first_row, "some of the rows change"),
    "more rows": (lambda x: np.concatenate([x, x]), "rows are appended"),
    "a reduction to one of two axes": (lambda x: x / x.sum(keepdims=True), "all elements become one of as many axes"),
    "another norm": (lambda x: np.linalg.norm(x, 1, axis=1), "no rule writes such a norm"),
    "no answer for each row": (lambda x: x.sum(), "it does not answer a row for each row"),
    "no table": (lambda _: np.ones(3), "it does not answer a row for each row"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_functions_that_are_refused(name: str) -> None:
    function, why = REFUSED[name]
    estimator = preprocessing.FunctionTransformer(function).fit(ROWS)
    fault = getattr(writer_of(estimator), "fault")(estimator)  # noqa: B009
    assert why in fault
    assert function.__name__ in fault
    assert fault.endswith(": write a Writer for it")


def test_an_inverse_that_cannot_be_written_is_refused(load_model: Load, run_graph: Run) -> None:
    scaler = preprocessing.FunctionTransformer(np.log, lambda x: np.median(x, axis=1), check_inverse=False)
    model = load_model(TransformedTargetRegressor(Ridge(), transformer=scaler, check_inverse=False).fit(ROWS, np.stack([TARGET, TARGET], axis=1)))
    with pytest.raises(ExportError, match="<lambda> cannot be written: no rule writes median") as caught:
        run_graph(model, {"features": ROWS.astype(np.float32)})
    assert caught.value.hint == "write a Writer for it"
    scaler.inverse_func = None
    estimator = TransformedTargetRegressor(Ridge(), transformer=scaler, check_inverse=False).fit(ROWS[:, [0, 3]], TARGET)
    check(load_model(estimator, dtype="float64"), run_graph)


def test_a_function_of_texts_is_refused(load_model: Load, run_graph: Run) -> None:
    frame = pd.DataFrame({"port": ["a", "b"] * 9})
    steps = make_pipeline(SimpleImputer(strategy="most_frequent"), preprocessing.FunctionTransformer(lambda x: x))
    model = load_model(steps.fit(frame))
    with pytest.raises(ExportError, match="reads texts") as caught:
        run_graph(model, {"features": frame.to_numpy()})
    assert caught.value.hint == "write a Writer for it"
