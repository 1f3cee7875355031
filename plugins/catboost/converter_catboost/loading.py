"""From a source to a CatBoost model: bytes that were looked at first, JSON that was read whole, pickles by an allow-list, live objects as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catboost import CatBoost, CatBoostError

from converter.plugin import Source, UnreadableSource, load_pickle
from converter_catboost import model_blob
from converter_catboost.losses import SEVERAL_TARGETS
from converter_catboost.model_blob import ModelBlob, UnknownFormat
from converter_catboost.plugin import is_json
from converter_catboost.trusted import ALLOWED

_SAVE_AGAIN = "copy or download it again, or save the model again with save_model"
_JSON_TREES = ("oblivious_trees", "trees")
_OF_NO_TARGET = ("Counter", "FeatureFreq")  # target statistics that count rows alone


@dataclass(frozen=True)
class Loaded:
    """A model that answers, the binary form of the same, and its JSON form where that is what the user gave."""

    model: CatBoost
    blob: ModelBlob
    document: Mapping[str, Any] | None = None


def load_model(source: Source, *, trust: bool) -> Loaded:
    """Return the model of a source.

    Raises UntrustedSource for a pickle that names what is not allowed, and UnreadableSource for a file that is cut off, damaged or of a format that
    is not known, or that holds no fitted model of CatBoost.
    """
    if source.path is None:
        return _taken_apart(source.live, source.name)
    if source.head.startswith(model_blob.MAGIC) or source.suffix == ".cbm":
        return _of_bytes(source.path.read_bytes(), source.name)
    if is_json(source.head) or source.suffix == ".json":
        return _of_json(source.path)
    return _taken_apart(load_pickle(source.path, ALLOWED, trust=trust), source.name)


def _of_bytes(data: bytes, name: str) -> Loaded:
    blob = _read(data, name)
    try:
        return Loaded(CatBoost().load_model(blob=data), blob)
    except (CatBoostError, ValueError) as error:  # ValueError: its parameters are JSON, which is read in Python
        raise _damaged(name, error) from error


def _of_json(path: Path) -> Loaded:
    """Load a JSON model; CatBoost takes one that is cut off for one with fewer trees, so it is read here first."""
    try:
        document = json.loads(path.read_bytes())
    except ValueError as error:
        raise _damaged(path.name, error) from error
    if not isinstance(document, dict) or "features_info" not in document or not any(name in document for name in _JSON_TREES):
        hint = "save the model with save_model('model.json', format='json')"
        raise UnreadableSource(f"{path.name} is not a model of CatBoost: it lacks 'features_info' or trees", hint=hint)
    if not all(_is_node(tree) for tree in document.get("trees", ())):
        raise _damaged(path.name, ValueError("a node of a tree has no split, no child or no value"))
    try:
        model = CatBoost().load_model(str(path), format="json")
    except (CatBoostError, ValueError) as error:
        raise _damaged(path.name, error) from error
    blob = _read(model._serialize_model(), path.name)
    if blob.loss in SEVERAL_TARGETS and any(each["ctr_type"] not in _OF_NO_TARGET for each in document["features_info"].get("ctrs", [])):
        message = (
            f"{path.name} has target statistics of several targets, of which CatBoost keeps one in JSON: it answers otherwise than what was saved"
        )
        raise UnreadableSource(message, hint="save the model with save_model('model.cbm'), and convert that with --data train.csv")
    return Loaded(model, blob, document)


def _is_node(tree: Any) -> bool:
    """Whether all nodes of a tree that is not symmetric are whole; CatBoost dies on those that are not."""
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if not isinstance(node, dict) or not ("value" in node or {"split", "left", "right"} <= node.keys()):
            return False
        nodes += [node[side] for side in ("left", "right") if side in node]
    return True


def _taken_apart(model: Any, name: str) -> Loaded:
    if not isinstance(model, CatBoost):
        kind = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise UnreadableSource(f"{name} holds {kind}, not a model of CatBoost", hint="save the CatBoostClassifier, CatBoostRegressor, … itself")
    if not model.is_fitted():
        raise _unfitted(name)
    return Loaded(model, _read(model._serialize_model(), name))


def _read(data: bytes, name: str) -> ModelBlob:
    try:
        return model_blob.read(data)
    except UnknownFormat as error:
        hint = "convert it where the CatBoost that made it is installed, or save it again with an older one"
        raise UnreadableSource(f"{name} is a model of a CatBoost that is not known here: {error}", hint=hint) from error
    except ValueError as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> UnreadableSource:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return UnreadableSource(f"{name} is a model of CatBoost that is cut off or damaged: {reason}", hint=_SAVE_AGAIN)


def _unfitted(name: str) -> UnreadableSource:
    return UnreadableSource(f"{name} is not fitted", hint="call fit before it is saved or converted")
