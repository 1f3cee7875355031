"""What models do with the scores of their trees: links, probabilities, labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.writing import Document


def two_columns(document: Document, probability: str, dtype: str = "float32") -> str:
    """The probabilities [batch, 2] of two classes, of that of the second, [batch, 1]."""
    first = document.node("Sub", document.constant(np.ones(1, dtype)), probability)
    return document.node("Concat", first, probability, axis=1)


def labels(document: Document, probabilities: str, classes: np.ndarray[Any, Any]) -> str:
    """The class of the largest of the probabilities [batch, classes], the first of equals; [batch] of the classes' dtype, int64 or strings."""
    return document.node("Gather", document.constant(classes), document.node("ArgMax", probabilities, axis=1, keepdims=0))


def flat(document: Document, column: str) -> str:
    """A column [batch, 1] as [batch]."""
    return document.node("Reshape", column, document.constant(np.array([-1], np.int64)))
