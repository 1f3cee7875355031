"""What is asked of a model: which answer, of which iterations, with which number for missing values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from converter.plugin import LoadRequest, UsageError
from converter_xgboost.loading import Loaded
from converter_xgboost.model_json import GBLINEAR


@dataclass(frozen=True)
class Asked:
    """`method` is "predict", "probability", "raw" or "leaf"; the trees of the iterations `begin` to before `end` count."""

    method: str
    begin: int
    end: int
    missing: float
    """NaN always is missing; this number is too."""

    @property
    def range(self) -> tuple[int, int]:
        """The iterations as XGBoost takes them."""
        return self.begin, self.end


def asked_of(loaded: Loaded, request: LoadRequest) -> Asked:
    """Return what the request asks of the model; raises UsageError where the model does not have it."""
    options = request.options
    method = str(options.get("method", "predict"))
    if method == "leaf" and loaded.document.booster == GBLINEAR:
        raise UsageError("a linear booster has no leaves", hint="-O method=predict, or raw")
    begin, end = _iterations(loaded, int(options.get("iteration_begin", 0)), int(options.get("iteration_end", 0)))
    return Asked(method, begin, end, _missing(loaded, str(options.get("missing", "nan"))))


def _iterations(loaded: Loaded, begin: int, end: int) -> tuple[int, int]:
    if loaded.document.booster == GBLINEAR:
        if begin or end:
            raise UsageError("a linear booster has no iterations to choose from", hint="leave iteration_begin and iteration_end out")
        return 0, 0
    count = len(loaded.document.iterations) - 1
    best = loaded.document.best_iteration
    early = best is not None and (loaded.wrapper is not None or bool(loaded.document.estimator))  # a bare Booster answers with every tree
    stop = end or (best + 1 if early and best is not None else count)
    if not (0 <= begin < stop <= count or begin == stop == count == 0):
        raise UsageError(f"iterations {begin} to {stop} are asked for; the model has {count}", hint=f"-O iteration_end={count}, or less")
    return begin, stop


def _missing(loaded: Loaded, text: str) -> float:
    try:
        given = float(text)
    except ValueError:
        raise UsageError(f"option missing is a number, not '{text}'", hint="-O missing=-999") from None
    if loaded.wrapper is None:
        return given
    own = math.nan if loaded.wrapper.missing is None else float(loaded.wrapper.missing)
    if not math.isnan(given) and given != own:
        raise UsageError(f"the model takes {own:g} for missing, not {given:g}", hint="leave the option missing out")
    return float(np.float32(own))
