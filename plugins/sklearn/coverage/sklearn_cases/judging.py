"""What becomes of a case: ours, exporter by exporter until one agrees, and what skl2onnx alone makes of it.

An estimator is fitted to half of its table in double precision and converted for inputs of both precisions. It agrees where each of its methods gives what scikit-learn
gives for the other half of the table and, of ours, for the rows that the proof draws; by the tolerances of the proof.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnx
import onnxruntime
from sklearn.neural_network import BernoulliRBM

from converter.errors import ConverterError
from converter.plugin import Axis, ExportRequest, Input, LoadRequest, Source
from converter.validation.comparison import compare, near_ties
from converter.validation.tolerance import Tolerance
from converter_sklearn.model import SklearnModel, load
from sklearn_cases.case import TABLES, Case

DTYPES = ("float32", "float64")
DRAWN = 200  # rows
_EXTRA = ("transform", "decision_function", "score_samples", "predict_proba")


@dataclass(frozen=True)
class Verdict:
    """What became of one case in one dtype: `reason` is "" where it agrees, else why it was refused, or how it is wrong."""

    case: Case
    dtype: str
    reason: str = ""
    is_wrong: bool = False
    by: str = ""
    nodes: int = 0
    seconds: float = 0.0


def ours(case: Case, estimator: Any, dtype: str) -> Verdict:
    """Return what the plugin's exporters make of a fitted estimator: the first that agrees, else the first's verdict."""
    found: list[Verdict] = []
    for method in _methods(estimator):
        try:
            model = _loaded(estimator, case, dtype, method)
        except ConverterError as error:
            return Verdict(case, dtype, error.message)
        tried = (_of_exporter(case, model, each.name, dtype) for each in model.exporters)
        first = next(tried)
        found.append(first if not first.reason else next((each for each in tried if not each.reason), first))
        if found[-1].reason:
            return found[-1]
    return found[0]


def bare(case: Case, estimator: Any, dtype: str) -> Verdict:
    """Return what skl2onnx alone makes of it, asked for the usual outputs."""
    from skl2onnx import to_onnx

    unseen = TABLES[case.table]().unseen
    unseen = unseen.reshape(-1, 1) if np.ndim(unseen) == 1 else unseen
    started = perf_counter()
    try:
        graph = _by_library(to_onnx, estimator, unseen, dtype)
        seconds = perf_counter() - started
        got = _run(graph.SerializeToString(), _feeds(graph, unseen, dtype))
    except Exception as error:  # noqa: BLE001 - a library fails in its own ways
        return Verdict(case, dtype, f"{type(error).__name__}: {str(error).splitlines()[0][:120] if str(error) else ''}")
    wanted = _usual(estimator, TABLES[case.table]().unseen)
    for (name, want), have in zip(wanted.items(), got, strict=False):
        have = have.reshape(want.shape) if isinstance(have, np.ndarray) and have.size == want.size else np.asarray(have)  # noqa: PLW2901
        if fault := _fault(name, have, want, wanted):
            return Verdict(case, dtype, fault, is_wrong=True)
    return Verdict(case, dtype, by="skl2onnx", nodes=len(graph.graph.node), seconds=seconds)


def verdicts(case: Case, *, peer: bool = True) -> Iterator[tuple[Verdict, Verdict | None]]:
    """Yield ours, and the library's if `peer`, in both dtypes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            estimator = case.fitted()
        except Exception as error:
            error.add_note(case.title)
            raise
        for dtype in DTYPES:
            yield ours(case, estimator, dtype), bare(case, estimator, dtype) if peer else None


def _methods(estimator: Any) -> list[str]:
    """Return the values of the option `method` that the estimator has an answer for, one that is not drawn."""
    first = ["predict"] if hasattr(estimator, "predict") or hasattr(estimator, "transform") else []
    drawn = {"score_samples"} if isinstance(estimator, BernoulliRBM) else set()
    extra = [each for each in _EXTRA if hasattr(estimator, each) and each not in drawn]
    return first + [each for each in extra if each != "transform" or hasattr(estimator, "predict")]


def _loaded(estimator: Any, case: Case, dtype: str, method: str) -> SklearnModel:
    rows = TABLES[case.table]().rows
    columns = {str(name): column.to_numpy() for name, column in rows.items()} if hasattr(rows, "columns") else None
    is_words = isinstance(rows, np.ndarray) and rows.ndim == 2 and not hasattr(estimator, "n_features_in_") and rows.dtype == object
    inputs = (Input("words", "string", ("batch", rows.shape[1])),) if is_words else ()
    return load(
        LoadRequest(
            Source.of(estimator), options={"method": method, "dtype": dtype}, columns=columns, inputs=inputs, axes={"batch": Axis()} if inputs else {}
        )
    )


def _of_exporter(case: Case, model: SklearnModel, exporter: str, dtype: str) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        started = perf_counter()
        try:
            next(each for each in model.exporters if each.name == exporter).write(ExportRequest(path))
        except Exception as error:  # noqa: BLE001 - a library fails in its own ways
            return Verdict(case, dtype, str(error) or type(error).__name__)
        seconds = perf_counter() - started
        document = path.read_bytes()
    rng = np.random.default_rng(0)
    drawn = model.sample(rng, dict.fromkeys(model.axes, DRAWN))
    for feeds in (drawn, *_unseen(model, case)):
        wanted = model.run(feeds)
        try:
            got = dict(zip(wanted, _run(document, feeds), strict=True))
        except Exception as error:  # noqa: BLE001 - ONNX Runtime's errors have no common class
            return Verdict(case, dtype, f"ONNX Runtime: {str(error)[:200]}", is_wrong=True)
        for name, want in wanted.items():
            if fault := _fault(name, got[name], want, wanted):
                return Verdict(case, dtype, fault, is_wrong=True)
    return Verdict(case, dtype, by=exporter, nodes=len(onnx.load_from_string(document).graph.node), seconds=seconds)


def _unseen(model: SklearnModel, case: Case) -> Iterator[dict[str, np.ndarray]]:
    """Yield the rows that the estimator never saw as feeds of the model's inputs."""
    rows = TABLES[case.table]().unseen
    if hasattr(rows, "columns"):
        yield {each.name: rows[list(each.columns or [each.name])].to_numpy().astype(_numpy(each.dtype)) for each in model.inputs}
    elif np.ndim(rows) == 1:
        yield {each.name: rows for each in model.inputs}
    else:
        widths = [int(each.dims[1]) for each in model.inputs]
        parts = np.split(np.asarray(rows), np.cumsum(widths)[:-1], axis=1)
        yield {each.name: part.astype(_numpy(each.dtype)) for each, part in zip(model.inputs, parts, strict=True)}


def _numpy(dtype: str) -> Any:
    return object if dtype == "string" else dtype


def _run(document: bytes, feeds: Mapping[str, np.ndarray]) -> list[Any]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(document, options, providers=["CPUExecutionProvider"])
    answer: list[Any] = session.run(None, dict(feeds))
    return answer


def _fault(name: str, got: Any, want: np.ndarray, wanted: Mapping[str, np.ndarray]) -> str:
    """Return how an output differs; labels may where the best scores beside them are equal."""
    scores = next((each for other, each in wanted.items() if other in {"probabilities", "scores"} and each.dtype.kind == "f"), None)
    tied = near_ties(scores, Tolerance()) if name == "label" and scores is not None else None
    if not isinstance(got, np.ndarray):
        return f"it is a {type(got).__name__}"
    return compare("", name, got, want, Tolerance(), tied).detail


def _usual(estimator: Any, rows: Any) -> dict[str, np.ndarray]:
    """Return what the library is asked for: labels and probabilities, or predictions, or transformed columns."""
    if not hasattr(estimator, "predict"):
        found = estimator.transform(rows)
        return {"transformed": np.asarray(found.toarray() if hasattr(found, "toarray") else found)}
    predicted = np.asarray(estimator.predict(rows))
    if predicted.dtype.kind not in "OUS" and not hasattr(estimator, "classes_"):
        return {"prediction": predicted}
    label = {"label": predicted.astype(object) if predicted.dtype.kind in "OUS" else predicted}
    return label | ({"probabilities": np.asarray(estimator.predict_proba(rows))} if hasattr(estimator, "predict_proba") else {})


def _by_library(to_onnx: Any, estimator: Any, rows: Any, dtype: str) -> onnx.ModelProto:
    first = rows[:1].astype(dtype) if isinstance(rows, np.ndarray) and rows.dtype.kind == "f" else rows[:1]
    try:
        return to_onnx(estimator, first, options={"zipmap": False})
    except NameError:  # no classifier
        return to_onnx(estimator, first)


def _feeds(graph: onnx.ModelProto, rows: Any, dtype: str) -> dict[str, np.ndarray]:
    names = [each.name for each in graph.graph.input]
    if hasattr(rows, "columns"):
        return {name: rows[name].to_numpy().reshape(-1, 1) for name in names}
    array = np.asarray(rows)
    return {names[0]: array.astype(dtype) if array.dtype.kind == "f" else array}
