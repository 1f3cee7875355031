"""What an objective makes of the trees' sum, as nodes."""

from __future__ import annotations

import numpy as np

from converter.writing import Document
from converter_lightgbm.objectives import Link, Objective


def linked(document: Document, sums: str, objective: Objective, dtype: str) -> str:
    """Return the value of the objective's link of the sums [batch, scores]."""
    match objective.link:
        case Link.IDENTITY:
            return sums
        case Link.SIGNED_SQUARE:
            return document.node("Mul", sums, document.node("Abs", sums))
        case Link.EXP:
            return document.node("Exp", sums)
        case Link.SIGMOID:
            return _sigmoid(document, sums, objective.sigmoid, dtype)
        case Link.SOFTMAX:
            return document.node("Softmax", sums, axis=1)
        case Link.LOG_ONE_PLUS_EXP:
            return _log_one_plus_exp(document, sums, dtype)


def _sigmoid(document: Document, sums: str, factor: float, dtype: str) -> str:
    """1 / (1 + exp(-factor · x)), as LightGBM writes it: ONNX Runtime's own Sigmoid loses the small ones."""
    one = document.constant(np.ones(1, dtype))
    power = document.node("Exp", document.node("Mul", sums, document.constant(np.array([-factor], dtype))))
    return document.node("Div", one, document.node("Add", one, power))


def _log_one_plus_exp(document: Document, sums: str, dtype: str) -> str:
    """max(x, 0) + log1p(u), u = exp(-|x|). ONNX has no log1p: where w = 1 + u is more than 1, log(w) · u / (w - 1) is exact to the last digits."""
    one, nothing = document.constant(np.ones(1, dtype)), document.constant(np.zeros(1, dtype))
    small = document.node("Exp", document.node("Neg", document.node("Abs", sums)))
    more = document.node("Add", one, small)
    is_one = document.node("Equal", more, one)
    rest = document.node("Where", is_one, one, document.node("Sub", more, one))
    exact = document.node("Div", document.node("Mul", document.node("Log", more), small), rest)
    return document.node("Add", document.node("Max", sums, nothing), document.node("Where", is_one, small, exact))
