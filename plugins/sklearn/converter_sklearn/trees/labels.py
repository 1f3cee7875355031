"""From scores to class labels, as scikit-learn's classifiers take them."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.trees import heads
from converter.writing import Document


def as_labels(classes: Any) -> np.ndarray:
    """Return class labels as a graph gives them: texts as objects, truth values and whole numbers as int64."""
    labels = np.asarray(classes)
    return np.array([str(label) for label in labels], object) if labels.dtype.kind in "OUS" else labels.astype(np.int64)


def best(document: Document, scores: str, classes: Any) -> str:
    """Return the class of the largest of the scores [batch, classes], the first of equals; [batch]."""
    return heads.labels(document, scores, as_labels(classes))


def second_where(document: Document, condition: str, classes: Any) -> str:
    """Return the second of two classes where a condition, bool [batch], holds, else the first; [batch]. An only class takes both places."""
    labels = as_labels(classes)
    return document.node("Where", condition, document.constant(labels[-1:]), document.constant(labels[:1]))
