"""The door for estimators: how a plugin says that it writes some of them, alone and as steps of a Pipeline. Public for plugins.

    pyproject.toml                                        my_plugin/steps.py
    [project.entry-points."converter_sklearn.estimators"]     class Doubling(Expressed):
    my_package = "my_plugin.steps:ESTIMATORS"                     def transform(self) -> Value:
                                                                      return self.x * 2
                                                          ESTIMATORS = Estimators({my_package.Doubler: Doubling})

The entry point's name is the top-level package of the estimators, and it is loaded only when an estimator, or a file, names a class of that package.
So nothing that it imports is missed by those who have no such estimator, and this plugin imports none of the others.
"""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from typing import Any, ClassVar

import numpy as np
from onnx import helper

from converter.plugin import Allowed, ExportError
from converter.writing import Document, Value

GROUP = "converter_sklearn.estimators"
ANSWERS = ("predict", "predict_proba", "decision_function", "score_samples", "transform")


@dataclass(frozen=True)
class Block:
    """Some of an estimator's columns, side by side: the name of a value [batch, width], and its dtype. A width of 0 is not known."""

    value: str
    dtype: str
    width: int = 0


Written = str | Value | Sequence[str | Value] | Sequence[Block]
"""What a method of a Writer returns."""


class Writer:
    """Writes one fitted estimator into a document. It has a method for each method of the estimator that it writes, named alike.

    Such a method returns a value of the shape that the estimator itself answers, or one for each output where that is a list: floats of any precision,
    labels and leaves as int64, labels that are texts as strings. The name of a value stands for one whose floats are in `dtype`. `transform` may return
    blocks, where columns of several dtypes lie side by side. What methods share is a cached_property.
    """

    compares: ClassVar[str] = "float64"
    """The dtype in which the estimator itself looks at its columns; float32 where it rounds them to that whatever they are."""

    def __init__(self, document: Document, estimator: Any, blocks: Sequence[Block], dtype: str, compute: str = "float64") -> None:
        """Write into `document`, reading the estimator's columns from `blocks`, in order.

        `dtype`, float32 or float64, is that of what the model answers, and of the sums of its trees; `compute` that of all other arithmetic.
        """
        self.document = document
        self.estimator = estimator
        self.blocks = tuple(blocks)
        self.dtype = dtype
        self.compute = compute

    @classmethod
    def fault(cls, estimator: Any) -> str:  # noqa: ARG003 - those that refuse some look at it
        """Return why this estimator cannot be written, though others of its class can; "" where it can."""
        return ""

    def write(self, method: str) -> Written:
        """Write a method; raises ExportError where there is none."""
        own = getattr(self, method, None)
        if own is None:
            name = type(self.estimator).__name__
            raise ExportError("sklearn", "direct", f"the {method} of a {name} is not written", hint="-O method=predict converts what it predicts")
        found: Written = own()
        return found

    @cached_property
    def matrix(self) -> str:
        """All columns in `dtype`, [batch, columns]."""
        return joined(self.document, self.blocks, self.dtype)

    def cast(self, value: str, dtype: str) -> str:
        """Return a value in another dtype."""
        return cast(self.document, value, dtype)

    def number(self, value: float) -> str:
        """Return a constant [1] in `dtype`."""
        return self.document.constant(np.array([value], self.dtype))

    def divided(self, value: str, divisor: float) -> str:
        """Return a value in `dtype` by a number."""
        return value if divisor == 1 else self.document.node("Div", value, self.number(divisor))


@dataclass(frozen=True)
class Estimators:
    """What a plugin brings: a Writer for each class, inherited by subclasses, and what files that hold such an estimator may name.

    `thresholds` returns for a fitted estimator the numbers that it compares each column with, float64: rows of the proof lie on and beside them.
    """

    writers: Mapping[type, type[Writer]]
    allowed: Allowed = field(default_factory=Allowed)
    thresholds: Callable[[Any], Sequence[np.ndarray]] | None = None


def writer_of(estimator: Any) -> type[Writer] | None:
    """Return the class that writes an estimator: that of its own class, else of the nearest base; None where there is none."""
    return next((writer for _, writer in _writers(estimator)), None)


def fault_of(estimator: Any) -> str:
    """Return why no Writer writes an estimator; "" where one does."""
    for kind, writer in _writers(estimator):
        heirs = [estimator, *takewhile(lambda heir: heir is not kind, type(estimator).__mro__)]  # noqa: B023 - read at once
        own = next((name for name in ANSWERS for heir in heirs if name in getattr(heir, "__dict__", ())), "")
        return f"it answers {own} otherwise than the {kind.__name__} that it extends" if own else writer.fault(estimator)
    return "there is no rule for it"


def _writers(estimator: Any) -> Iterator[tuple[type, type[Writer]]]:
    """Yield those of an estimator's bases that a plugin writes, the nearest first, and what writes them."""
    for kind in type(estimator).__mro__:
        found = estimators_of(kind.__module__)
        if found is not None and kind in found.writers:
            yield kind, found.writers[kind]


def thresholds_of(estimator: Any) -> Sequence[np.ndarray] | None:
    """Return the thresholds of each column that the estimator's plugin tells, None where it tells none."""
    found = estimators_of(type(estimator).__module__)
    return found.thresholds(estimator) if found is not None and found.thresholds is not None else None


def estimators_of(module: str) -> Estimators | None:
    """Return what a plugin brings for the classes of a module; the first plugin by name where several name its package; None where none does.

    Raises whatever loading that plugin raises, and TypeError where its entry point is no Estimators.
    """
    return _estimators_of_package(module.partition(".")[0])


@functools.cache
def _estimators_of_package(package: str) -> Estimators | None:
    entries = sorted(importlib.metadata.entry_points(group=GROUP, name=package), key=lambda entry: entry.value)
    if not entries:
        return None
    found = entries[0].load()
    if not isinstance(found, Estimators):
        raise TypeError(f"the entry point {package} = {entries[0].value} of {GROUP} is {found!r}, not an Estimators")
    return found


def joined(document: Document, blocks: Sequence[Block], dtype: str) -> str:
    """Return blocks side by side in a dtype, [batch, columns]."""
    parts = [each.value if each.dtype == dtype else cast(document, each.value, dtype) for each in blocks]
    return parts[0] if len(parts) == 1 else document.node("Concat", *parts, axis=1)


def picked(document: Document, blocks: Sequence[Block], columns: np.ndarray) -> list[Block]:
    """Return some columns of blocks in the order given, neighbours of one block side by side."""
    starts = np.cumsum([0, *(each.width for each in blocks)])
    owners = np.searchsorted(starts, columns, "right") - 1
    runs = np.split(np.arange(len(columns)), np.nonzero(np.diff(owners))[0] + 1)
    return [_picked(document, blocks[owners[run[0]]], columns[run] - starts[owners[run[0]]]) for run in runs]


def _picked(document: Document, block: Block, columns: np.ndarray) -> Block:
    if np.array_equal(columns, np.arange(block.width)):
        return block
    return replace(block, value=document.node("Gather", block.value, document.constant(columns.astype(np.int64)), axis=1), width=len(columns))


def cast(document: Document, value: str, dtype: str) -> str:
    """Return a value in another dtype."""
    return document.node("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
