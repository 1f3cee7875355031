"""Pipelines of scikit-learn: how fast they convert and how fast their graphs answer, beside bare skl2onnx and scikit-learn itself.

    python benchmarks/pipelines.py [--rounds 5] [--only conversion|prediction]

Conversion: the exporter `direct` and skl2onnx write the graph of the same fitted pipeline, in turns, without any proof. Prediction: rows a second of scikit-learn, of
skl2onnx's graph, and of ours in double precision (the default) and with `-O compute=float32`, each with every core.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, OneHotEncoder, PolynomialFeatures, RobustScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from converter.plugin import ExportRequest, LoadRequest, Source
from converter_sklearn.model import load
from timing import in_turns, row

BATCHES = (1, 100, 10_000)
TRAINED = 2_000  # rows
CONTENDERS = ("sklearn", "skl2onnx", "direct", "float32")
MANY = 1_000  # rows from which a call takes its time
Feeds = Mapping[str, np.ndarray]


def numbers(columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows [TRAINED, columns] float64 and three classes."""
    rows, target = make_classification(TRAINED, columns, n_informative=columns // 2, n_classes=3, random_state=0)
    return rows, target


def mixed() -> tuple[pd.DataFrame, np.ndarray]:
    """A table of words, whole numbers and numbers, some missing, and two classes."""
    rng = np.random.default_rng(0)
    fare = rng.gamma(2.0, 30.0, TRAINED)
    table = pd.DataFrame(
        {
            "port": rng.choice(["Cherbourg", "Queenstown", "Southampton"], TRAINED),
            "deck": rng.choice(list("ABCDEFG"), TRAINED),
            "age": rng.integers(1, 80, TRAINED),
            "fare": np.where(rng.random(TRAINED) < 0.1, np.nan, fare),
        }
    )
    return table, (fare > 60) ^ (table["port"] == "Cherbourg").to_numpy()


def documents() -> tuple[list[str], np.ndarray]:
    """Texts of fifty words, and which of two vocabularies they lean to."""
    rng = np.random.default_rng(0)
    words = np.array(["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), rng.integers(3, 9))) for _ in range(5_000)])
    target = rng.integers(0, 2, TRAINED)
    shares = np.stack([np.linspace(1, 3, len(words)), np.linspace(3, 1, len(words))])
    shares /= shares.sum(axis=1, keepdims=True)
    return [" ".join(rng.choice(words, 50, p=shares[each])) for each in target], target


def encoded(last: Any) -> Pipeline:
    """A pipeline for the mixed table."""
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    return make_pipeline(make_column_transformer((OneHotEncoder(), ["port", "deck"]), (scaled, ["age", "fare"])), last)


def usual() -> dict[str, tuple[Any, Any, Any]]:
    """Ten common pipelines, not fitted, each with its rows and its target."""
    rows, target = numbers(30)
    table, survived = mixed()
    texts, leaning = documents()
    return {
        "scale, logistic regression": (make_pipeline(StandardScaler(), LogisticRegression()), rows, target),
        "impute, scale, random forest": (make_pipeline(SimpleImputer(), StandardScaler(), RandomForestClassifier(100, random_state=0)), rows, target),
        "range, 5 nearest neighbours": (make_pipeline(MinMaxScaler(), KNeighborsClassifier()), rows, target),
        "scale, RBF support vectors": (make_pipeline(StandardScaler(), SVC()), rows, target),
        "scale, 10 components, logistic": (make_pipeline(StandardScaler(), PCA(10), LogisticRegression()), rows, target),
        "scale, squares, ridge": (make_pipeline(StandardScaler(), PolynomialFeatures(2), Ridge()), rows, target.astype(float)),
        "scale, network of 100": (make_pipeline(StandardScaler(), MLPClassifier(max_iter=30, random_state=0)), rows, target),
        "words and numbers, logistic": (encoded(LogisticRegression()), table, survived),
        "words and numbers, histograms": (encoded(HistGradientBoostingClassifier(max_iter=50)), table, survived),
        "tf-idf of words, logistic": (make_pipeline(TfidfVectorizer(), LogisticRegression()), texts, leaning),
    }


def large() -> dict[str, tuple[Any, Any, Any]]:
    """Pipelines that take long to convert."""
    rows, target = numbers(100)
    ten = make_pipeline(
        *(SimpleImputer(), StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler(), KBinsDiscretizer(5, encode="ordinal")),
        *(SelectKBest(k=50), PCA(20), Nystroem(n_components=30, random_state=0), LogisticRegression()),
    )
    many = Pipeline([(f"step{place}", (StandardScaler, MinMaxScaler)[place % 2]()) for place in range(499)] + [("last", LogisticRegression())])
    members = [("linear", LogisticRegression()), ("bayes", GaussianNB()), ("neighbours", KNeighborsClassifier())]
    members += [("tree", DecisionTreeClassifier(max_depth=5)), ("forest", RandomForestClassifier(20, random_state=0))]
    stacked = GridSearchCV(make_pipeline(StandardScaler(), StackingClassifier(members, cv=2)), {"standardscaler__with_mean": [True, False]}, cv=2)
    return {"100 columns, 10 steps": (ten, rows, target), "500 steps": (many, rows, target), "searched stacking of five": (stacked, rows, target)}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["conversion", "prediction"])
    options = parser.parse_args()
    print(f"onnxruntime {onnxruntime.__version__}, {os.cpu_count()} cores\n")
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        if options.only != "prediction":
            print(row("conversion, s", ["direct", "skl2onnx", "ratio"]))
            for title, case in {**large(), **usual()}.items():
                print(conversion(title, *case, Path(folder), options.rounds), flush=True)
            print()
        if options.only != "conversion":
            found = {title: prediction(*case, Path(folder)) for title, case in usual().items()}
            for batch in BATCHES:
                print(row(f"rows/s at batch {batch:,}".replace(",", " "), list(CONTENDERS)))
                for title, rates in found.items():
                    print(row(title, [f"{rates[batch][name]:,.0f}".replace(",", " ") if name in rates[batch] else "-" for name in CONTENDERS]))
                print()


def conversion(title: str, estimator: Any, rows: Any, target: Any, folder: Path, rounds: int) -> str:
    """One line: the seconds of both, medians of turns."""
    fitted = estimator.fit(rows, target)
    model = loaded(fitted, rows)
    calls = {"direct": partial(model.exporters[0].write, ExportRequest(folder / "direct.onnx")), "skl2onnx": lambda: by_library(fitted, rows)}
    seen: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = perf_counter()
            try:
                call()
            except Exception:  # noqa: BLE001 - a library fails in its own ways
                seen[name].append(float("nan"))
            else:
                seen[name].append(perf_counter() - started)
    ours, peer = (median(seen[name]) for name in calls)
    return row(title, [f"{ours:.3f}", f"{peer:.3f}" if peer == peer else "raises", f"{ours / peer:.2f}" if peer == peer else ""])  # noqa: PLR0124 - NaN


def prediction(estimator: Any, rows: Any, target: Any, folder: Path) -> dict[int, dict[str, float]]:
    """Rows a second of each contender at each batch; without skl2onnx where it raises."""
    fitted = estimator.fit(rows, target)
    graphs: dict[str, bytes] = {}
    try:
        graphs["skl2onnx"] = by_library(fitted, rows)
    except Exception:  # noqa: BLE001 - a library fails in its own ways
        graphs["skl2onnx"] = b""
    for name, compute in (("direct", "float64"), ("float32", "float32")):
        loaded(fitted, rows, compute).exporters[0].write(ExportRequest(folder / f"{name}.onnx"))
        graphs[name] = (folder / f"{name}.onnx").read_bytes()
    sessions = {name: onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]) for name, graph in graphs.items() if graph}
    method = "predict_proba" if hasattr(fitted, "predict_proba") else "predict"
    found: dict[int, dict[str, float]] = {}
    for batch in BATCHES:
        taken = repeated(rows, batch)
        calls: dict[str, Callable[[], Any]] = {"sklearn": partial(getattr(fitted, method), taken)}
        calls |= {name: partial(run, session, list(feeds(session, taken))) for name, session in sessions.items()}
        seconds = in_turns(calls, 20 if batch < MANY else 9)
        found[batch] = {name: batch / each for name, each in seconds.items()}
    return found


def run(session: Any, given: list[Feeds]) -> None:
    """Call a session with the only feeds."""
    session.run(None, given[0])


def loaded(fitted: Any, rows: Any, compute: str = "float64") -> Any:
    """The model as the plugin loads it."""
    columns = {str(name): rows[name].to_numpy() for name in rows} if hasattr(rows, "columns") else None
    return load(LoadRequest(Source.of(fitted), options={"compute": compute}, columns=columns))


def by_library(fitted: Any, rows: Any) -> bytes:
    """The graph of skl2onnx, without its ZipMap."""
    first = rows[:1].astype(np.float32) if isinstance(rows, np.ndarray) else np.array(rows[:1]).reshape(1, 1) if isinstance(rows, list) else rows[:1]
    options: dict[Any, dict[str, Any]] = {TfidfVectorizer: {"locale": "C.UTF-8"}} if isinstance(rows, list) else {}  # its own is not on every machine
    if hasattr(fitted, "predict_proba"):
        options[id(fitted)] = {"zipmap": False}
    document: bytes = to_onnx(fitted, first, options=options).SerializeToString()
    return document


def repeated(rows: Any, count: int) -> Any:
    """So many rows, some of them several times."""
    places = np.arange(count) % TRAINED
    return rows.iloc[places] if hasattr(rows, "columns") else [rows[place] for place in places] if isinstance(rows, list) else rows[places]


def feeds(session: Any, rows: Any) -> Iterator[Feeds]:
    """Yield the rows as the graph takes them."""
    inputs = session.get_inputs()
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(string)": object}
    if hasattr(rows, "columns"):
        yield {each.name: rows[each.name].to_numpy(kinds[each.type]).reshape(-1, 1) for each in inputs}
    else:
        array = np.asarray(rows, dtype=kinds[inputs[0].type])
        yield {inputs[0].name: array.reshape(-1, *([1] * (len(inputs[0].shape) - 1))) if array.ndim == 1 else array}


if __name__ == "__main__":
    main()
