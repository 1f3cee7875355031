"""What an estimator answers, and under which names: one output for each of its methods that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import is_outlier_detector, is_regressor
from sklearn.ensemble import BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier
from sklearn.pipeline import Pipeline

from converter.plugin import Output, UnreadableSource, UsageError

_MOST_PROBABLE = {RandomForestClassifier, ExtraTreesClassifier, BaggingClassifier}  # whose predict asks every tree again, and takes the first best


@dataclass(frozen=True)
class Answer:
    """An output, and the method of the estimator that gives it; `is_label` for a class, a group or a leaf; `place` in the list that the method gives."""

    output: Output
    method: str
    is_label: bool = False
    place: int | None = None


def answers_of(estimator: Any, name: str, asked: str = "predict") -> tuple[Answer, ...]:
    """Return what an estimator answers to new rows where `asked`, the option `method`, says what.

    Raises UnreadableSource for one that answers nothing, and UsageError for one that has not what is asked.
    """
    if asked != "predict":
        return _asked(estimator, name, asked)
    if not hasattr(estimator, "predict"):
        if hasattr(estimator, "transform"):
            return (Answer(Output("transformed"), "transform"),)
        hint = "an estimator that only labels the rows it was fitted on has nothing to convert; convert one that was trained on its labels"
        raise UnreadableSource(f"{name} answers no new rows: it has neither predict nor transform", hint=hint)
    if is_regressor(estimator):
        return (Answer(Output("prediction"), "predict"),)
    if is_outlier_detector(estimator):
        return (Answer(Output("label", label_of="scores"), "predict", is_label=True), Answer(Output("scores"), "decision_function"))
    if _has_probabilities(estimator):
        return (Answer(Output("label", label_of="probabilities"), "predict", is_label=True), *_probabilities(estimator))
    return (Answer(Output("label"), "predict", is_label=True),)


def ask(estimator: Any, answers: tuple[Answer, ...], table: Any) -> dict[str, np.ndarray]:
    """Return the answers as dense arrays of ONNX's dtypes, each method called once; class labels that are booleans or whole numbers as int64."""
    methods = dict.fromkeys(answer.method for answer in answers)
    labels = "predict_proba" in methods and type(estimator) in _MOST_PROBABLE and isinstance(estimator.classes_, np.ndarray)
    found = {method: getattr(estimator, method)(table) for method in methods if not (labels and method == "predict")}
    if labels:
        found["predict"] = estimator.classes_[found["predict_proba"].argmax(axis=1)]
    return {answer.output.name: _dense(found[answer.method], answer) for answer in answers}


def settled(answer: Answer, taken: set[str], rank: int) -> Answer:
    """Return an answer of a rank with a name that no input has, and without scores where one row has several labels."""
    scores = answer.output.label_of if rank == 1 else ""
    name, scores = (f"output.{each}" if each in taken else each for each in (answer.output.name, scores))
    return replace(answer, output=replace(answer.output, name=name, label_of=scores))


def _asked(estimator: Any, name: str, asked: str) -> tuple[Answer, ...]:
    raw = "score_samples" if is_outlier_detector(estimator) and hasattr(estimator, "score_samples") else "decision_function"
    method = {"probability": "predict_proba", "raw": raw, "leaf": "apply"}.get(asked, asked)
    if not hasattr(estimator, method):
        raise UsageError(f"{name} has no {method}, which the method {asked} asks for", hint="-O method=predict converts what it has")
    if method == "predict_proba":
        return _probabilities(estimator)
    return (Answer(Output(_NAMES.get(asked, "scores")), method, is_label=asked == "leaf"),)


_NAMES = {"leaf": "leaves", "raw": "raw", "transform": "transformed"}


def _has_probabilities(estimator: Any) -> bool:
    """Whether it tells probabilities: a Gaussian process of each pair of classes has the method, which raises."""
    last = _last(estimator)
    is_of_pairs = getattr(last, "multi_class", "") == "one_vs_one" and last.n_classes_ > 2
    return hasattr(estimator, "predict_proba") and not is_of_pairs


def _last(estimator: Any) -> Any:
    """Return the estimator that answers: the last of a pipeline, the best of a search."""
    if isinstance(estimator, Pipeline):
        return _last(estimator.steps[-1][1])
    return _last(estimator.best_estimator_) if hasattr(estimator, "best_estimator_") else estimator


def _probabilities(estimator: Any) -> tuple[Answer, ...]:
    """One output; one for each of the estimator's outputs where these have different numbers of classes."""
    classes = getattr(estimator, "classes_", None)
    if not isinstance(classes, list) or len({len(each) for each in classes}) == 1:
        return (Answer(Output("probabilities"), "predict_proba"),)
    return tuple(Answer(Output(f"probabilities.{place}"), "predict_proba", place=place) for place in range(len(classes)))


def _dense(values: Any, answer: Answer) -> np.ndarray:
    if answer.place is not None:
        values = values[answer.place]
    if isinstance(values, list):
        return np.stack(values)  # the probabilities of several outputs: [outputs, rows, classes]
    dense = np.asarray(values.toarray() if hasattr(values, "toarray") else values)
    if dense.dtype.kind in "US":
        return dense.astype(object)
    if answer.is_label and dense.dtype.kind in "buif" and (dense == np.floor(dense.astype(np.float64))).all():
        return dense.astype(np.int64)
    return dense
