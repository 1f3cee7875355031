"""From a source to a LightGBM model: text that was read first, pickles by an allow-list, live objects as they are."""

from __future__ import annotations

import copy
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightgbm import Booster, LGBMClassifier, LGBMModel, LGBMRanker, LGBMRegressor
from lightgbm.basic import LightGBMError

from converter.plugin import Source, UnreadableSource, UsageError, load_pickle
from converter_lightgbm.model_text import ModelText
from converter_lightgbm.plugin import TEXT_HEADS
from converter_lightgbm.trusted import ALLOWED, READ
from converter_lightgbm.vetting import SAVE_AGAIN, vetted


@dataclass(frozen=True)
class Loaded:
    """A booster, the text of the iterations that answer, and the wrapper of scikit-learn's make that it came in, if it came in one."""

    booster: Any
    text: ModelText
    wrapper: Any = None
    start_iteration: int = 0
    num_iteration: int = -1
    """-1 for all from the first on."""

    @property
    def kind(self) -> str:
        """The class of the model."""
        return type(self.wrapper or self.booster).__name__

    @property
    def iterations(self) -> dict[str, int]:
        """What `predict` is told of the iterations."""
        return {"start_iteration": self.start_iteration, "num_iteration": self.num_iteration}


def load_model(source: Source, *, trust: bool, start_iteration: int = 0, num_iteration: int = 0) -> Loaded:
    """Return the model of a source, with its iterations from the first that answers; 0 of them stands for the best, where training found it.

    Raises UntrustedSource for a pickle that names what is not allowed, UnreadableSource for a file that is cut off or damaged, that is of a newer
    format, or that holds no fitted model of LightGBM, and UsageError for iterations that the model does not have.
    """
    if source.path is None:
        return _taken_apart(source.live, source.name, start_iteration, num_iteration)
    if source.head.startswith(TEXT_HEADS) or source.suffix in {".txt", ".model"}:
        found = _read_file(source.path)
        if start_iteration == 0 and num_iteration <= 0:  # the text that was read is the one that answers
            return found
        return _answering(found.booster, None, source.name, start_iteration, num_iteration)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # another version's label encoder is the same
        model = load_pickle(source.path, ALLOWED, trust=trust)
    return _taken_apart(model, source.name, start_iteration, num_iteration)


def _read_file(path: Path) -> Loaded:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableSource(f"{path.name} is not a text model of LightGBM: {error}", hint=SAVE_AGAIN) from error
    if not text.startswith("tree"):
        start = text[:40].partition("\n")[0]
        raise UnreadableSource(f"{path.name} is not a text model of LightGBM: it begins with '{start}', not with 'tree'", hint=SAVE_AGAIN)
    found = vetted(text, path.name)
    try:
        return Loaded(Booster(model_str=found.text), found)
    except (LightGBMError, json.JSONDecodeError) as error:
        raise UnreadableSource(f"{path.name} is a text model of LightGBM that is cut off or damaged: {error}", hint=SAVE_AGAIN) from error


def _taken_apart(model: Any, name: str, start: int, number: int) -> Loaded:
    if isinstance(model, Booster):
        return _answering(model, None, name, start, number)
    if not isinstance(model, LGBMModel):
        kind = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise UnreadableSource(f"{name} holds {kind}, not a model of LightGBM", hint="save the Booster, or the LGBMClassifier, …, itself")
    model = _fitted(model, name)
    wrapper = model if isinstance(model, LGBMClassifier | LGBMRanker | LGBMRegressor) else None  # their base answers as the booster does
    return _answering(model.booster_, wrapper, name, start, number)


def _fitted(model: LGBMModel, name: str) -> LGBMModel:
    """The model, or a copy that is marked as fitted where an older LightGBM, which knew no such mark, fitted it."""
    if model.__sklearn_is_fitted__():
        return model
    state = vars(model)
    if state.get("_Booster") is None:
        raise UnreadableSource(f"{name} is not fitted", hint="call fit before it is saved or converted")
    older = copy.copy(model)
    older.__dict__.update(fitted_=True, _n_features_in=state.get("_n_features_in", state["_n_features"]))
    return older


def _answering(booster: Booster, wrapper: Any, name: str, start: int, number: int) -> Loaded:
    """A booster with the text of those of its iterations that answer."""
    total = booster.num_trees() // booster.num_model_per_iteration()
    if not total:
        raise UnreadableSource(f"{name} holds no trees", hint="train it before it is saved or converted")
    if not 0 <= start < total:
        raise UsageError(f"start_iteration={start} leaves none of the {total} iterations of {name}", hint=f"a number from 0 to {total - 1}")
    if number == 0:
        number = booster.best_iteration if start == 0 and booster.best_iteration > 0 else -1  # as predict does
    read = vars(booster).get(READ) if start == 0 and number < 0 else None
    text = read or vetted(booster.model_to_string(num_iteration=number, start_iteration=start), name)
    return Loaded(booster, text, wrapper, start, number)
