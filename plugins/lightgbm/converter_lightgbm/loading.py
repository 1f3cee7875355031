"""From a source to a LightGBM model: text that was read first, pickles by an allow-list, live objects as they are."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightgbm import Booster, LGBMClassifier, LGBMModel, LGBMRanker, LGBMRegressor
from lightgbm.basic import LightGBMError

from converter.plugin import Source, UnreadableSource, load_pickle
from converter_lightgbm import model_text
from converter_lightgbm.model_text import ModelText
from converter_lightgbm.plugin import TEXT_HEADS
from converter_lightgbm.trusted import ALLOWED

_SAVE_AGAIN = "copy or download it again, or save the model again with Booster.save_model"


@dataclass(frozen=True)
class Loaded:
    """A booster, its text, and the wrapper of scikit-learn's make that it came in, if it came in one."""

    booster: Any
    text: ModelText
    wrapper: Any = None


def load_model(source: Source, *, trust: bool) -> Loaded:
    """Return the model of a source.

    Raises UntrustedSource for a pickle that names what is not allowed, and UnreadableSource for a file that is cut off or damaged, or that holds no
    fitted model of LightGBM.
    """
    if source.path is None:
        return _taken_apart(source.live, source.name)
    if source.head.startswith(TEXT_HEADS) or source.suffix in {".txt", ".model"}:
        return _read_text(source.path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # another version's label encoder is the same
        return _taken_apart(load_pickle(source.path, ALLOWED, trust=trust), source.name)


def _read_text(path: Path) -> Loaded:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableSource(f"{path.name} is not a text model of LightGBM: {error}", hint=_SAVE_AGAIN) from error
    if not text.startswith("tree"):
        start = text[:40].partition("\n")[0]
        raise UnreadableSource(f"{path.name} is not a text model of LightGBM: it begins with '{start}', not with 'tree'", hint=_SAVE_AGAIN)
    try:
        found = model_text.read(text)
        return Loaded(Booster(model_str=found.text), found)
    except (ValueError, LightGBMError, json.JSONDecodeError) as error:
        raise UnreadableSource(f"{path.name} is a text model of LightGBM that is cut off or damaged: {error}", hint=_SAVE_AGAIN) from error


def _taken_apart(model: Any, name: str) -> Loaded:
    if isinstance(model, Booster):
        return Loaded(model, _text_of(model, name))
    if not isinstance(model, LGBMModel):
        kind = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise UnreadableSource(f"{name} holds {kind}, not a model of LightGBM", hint="save the Booster, or the LGBMClassifier, …, itself")
    if not model.__sklearn_is_fitted__():
        raise UnreadableSource(f"{name} is not fitted", hint="call fit before it is saved or converted")
    wrapper = model if isinstance(model, LGBMClassifier | LGBMRanker | LGBMRegressor) else None  # their base answers as the booster does
    return Loaded(model.booster_, _text_of(model.booster_, name), wrapper)


def _text_of(booster: Booster, name: str) -> ModelText:
    try:
        return model_text.read(booster.model_to_string())
    except ValueError as error:
        raise UnreadableSource(f"{name} writes a text model that cannot be read: {error}", hint=_SAVE_AGAIN) from error
