"""From a source to an XGBoost model: documents that were read first, pickles by an allow-list, live objects as they are."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xgboost
from xgboost import Booster, XGBModel
from xgboost.core import XGBoostError

from converter.plugin import Source, UnreadableSource, load_pickle
from converter_xgboost import model_json
from converter_xgboost.ensemble import ensemble_of
from converter_xgboost.linear import linear_of
from converter_xgboost.model_json import GBLINEAR, ModelJson
from converter_xgboost.objectives import OBJECTIVES, is_base_score
from converter_xgboost.plugin import BINARY_HEAD, JSON_HEAD, SUFFIXES, UBJ_HEAD
from converter_xgboost.trusted import ALLOWED

_SAVE_AGAIN = "copy or download it again, or save the model again with save_model"
_PARTS = 2  # of a version that tell what a document may hold


@dataclass(frozen=True)
class Loaded:
    """A booster, its document, and the wrapper of scikit-learn's make that it came in, if it came in one."""

    booster: Any
    document: ModelJson
    wrapper: Any = None


def load_model(source: Source, *, trust: bool) -> Loaded:
    """Return the model of a source.

    Raises UntrustedSource for a pickle that names what is not allowed, and UnreadableSource for a file that is cut off or damaged, of another
    version, or that holds no fitted model of XGBoost.
    """
    if source.path is None:
        return _taken_apart(source.live, source.name)
    if BINARY_HEAD.match(source.head):
        hint = "load it with the XGBoost that wrote it, 3.0 at the latest, and save it with save_model('model.ubj')"
        raise UnreadableSource(f"{source.name} is in the binary format that XGBoost gave up with 3.1", hint=hint)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other versions' models are read, or are refused by name
        if source.suffix in {*SUFFIXES, ".json"} or JSON_HEAD.match(source.head) or UBJ_HEAD.match(source.head):
            return _read_file(source.path)
        return _taken_apart(load_pickle(source.path, ALLOWED, trust=trust), source.name)


def _read_file(path: Path) -> Loaded:
    content = path.read_bytes()
    document = _checked(content, path.name)
    booster = Booster()
    try:
        booster.load_model(bytearray(content))
    except XGBoostError as error:
        raise UnreadableSource(f"{path.name} is a model that XGBoost cannot load: {_first_line(error)}", hint=_SAVE_AGAIN) from error
    return Loaded(booster, document)


def _taken_apart(model: Any, name: str) -> Loaded:
    if not isinstance(model, Booster | XGBModel):
        kind = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise UnreadableSource(f"{name} holds {kind}, not a model of XGBoost", hint="save the Booster, or the XGBClassifier, …, itself")
    wrapper = model if isinstance(model, XGBModel) else None
    if wrapper is not None and not wrapper.__sklearn_is_fitted__():
        raise UnreadableSource(f"{name} is not fitted", hint="call fit before it is saved or converted")
    booster = model if wrapper is None else wrapper.get_booster()
    try:
        content = bytes(booster.save_raw("ubj"))
    except XGBoostError as error:
        raise UnreadableSource(f"{name} is not trained: {_first_line(error)}", hint="train it before it is saved or converted") from error
    return Loaded(booster, _checked(content, name), wrapper)


def _checked(content: bytes, name: str) -> ModelJson:
    """Read a document and everything in it once."""
    try:
        document = model_json.read(content)
        _check_version(document, name)
        if document.objective_name not in OBJECTIVES:
            message = f"{name} has the objective '{document.objective_name}', which is none of XGBoost's"
            raise UnreadableSource(message, hint=f"its objectives: {', '.join(OBJECTIVES)}")
        if not is_base_score(document.base_score, document.objective.link):
            raise ValueError(f"its base_score is {document.base_score.tolist()}, which {document.objective_name} cannot have")
        _ = linear_of(document) if document.booster == GBLINEAR else ensemble_of(document, 0, len(document.trees))
    except (ValueError, TypeError, IndexError, OverflowError, MemoryError) as error:  # whatever NumPy makes of damaged values
        raise UnreadableSource(f"{name} is a model of XGBoost that is cut off or damaged: {error}", hint=_SAVE_AGAIN) from error
    return document


def _check_version(document: ModelJson, name: str) -> None:
    """Refuse what the installed library would misread: newer documents, and leaf vectors of old ones, on which it crashes."""
    installed = tuple(int(part) for part in xgboost.__version__.split(".")[:_PARTS])
    wrote = ".".join(str(part) for part in document.version)
    if document.version[:_PARTS] > installed:
        message = f"{name} was written by XGBoost {wrote}, which is newer than the installed {xgboost.__version__}"
        raise UnreadableSource(message, hint=f"pip install 'xgboost>={wrote}'")
    if any(int(tree.get("tree_param", {}).get("size_leaf_vector", 0)) > 1 and "leaf_weights" not in tree for tree in document.trees):
        message = f"{name} has trees with several values a leaf as XGBoost {wrote} wrote them, which {xgboost.__version__} cannot read"
        raise UnreadableSource(message, hint="train the model again with XGBoost 3.2 or newer")


def _first_line(error: XGBoostError) -> str:
    return str(error).partition("\n")[0].partition("] ")[2]
