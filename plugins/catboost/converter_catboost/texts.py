"""Where the texts of categories come from: a model knows their hashes alone, so a table, or a JSON model saved with its pool, must tell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from catboost import Pool

from converter.plugin import LoadRequest, MissingInputs
from converter_catboost.categories import Category, categories_of
from converter_catboost.loading import Loaded

_WAYS = "--data train.csv shows them, or save it with save_model('model.json', format='json', pool=train_pool)"


def categories_of_model(loaded: Loaded, names: Sequence[str], request: LoadRequest) -> tuple[Mapping[str, Any], tuple[Category, ...]]:
    """Return a model's JSON form with the texts of its categories, and what is known of each categorical column.

    Raises MissingInputs where trees ask for categories and nothing tells their texts, or where a column of the table holds other than categories.
    """
    told = {} if loaded.document is None else {str(each["value"]): each for each in loaded.document["features_info"].get("cat_features_hash", [])}
    texts = {place: _texts(names[place], request) for place in loaded.blob.others["categorical"]}
    if loaded.blob.asked["categorical"] and not told and not any(texts.values()):
        columns = ", ".join(names[place] for place in texts)
        raise MissingInputs(f"{request.source.name} knows the texts of its categories ({columns}) by their hashes alone", hint=_WAYS)
    document = _json_form(loaded, texts)
    info = document["features_info"]
    told |= {str(each["value"]): each for each in info.get("cat_features_hash", [])}
    complete = {**document, "features_info": {**info, "cat_features_hash": list(told.values())}}
    return complete, categories_of(loaded.blob, complete)


def _texts(name: str, request: LoadRequest) -> list[str]:
    """Return the different categories of a table's column as CatBoost takes them; [] without a table."""
    if request.columns is None:
        return []
    values = request.columns[name]
    if values.dtype.kind not in "OUiu":
        hint = "categories are texts or whole numbers; write the table's column as such"
        raise MissingInputs(f"the column '{name}' is categorical, and the table has {values.dtype} there", hint=hint)
    return sorted({str(value) for value in values.tolist()})


def _json_form(loaded: Loaded, texts: Mapping[int, Sequence[str]]) -> Mapping[str, Any]:
    """Return the model as CatBoost writes it in JSON, with the hashes of these texts."""
    width = len(loaded.model.feature_names_)
    rows = np.zeros((max(1, *map(len, texts.values())), width), object)
    for place, mine in texts.items():
        rows[:, place] = np.resize(np.array(mine or [""], object), len(rows))
    pool = Pool(rows, cat_features=list(texts), feature_names=loaded.model.feature_names_)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        loaded.model.save_model(str(path), format="json", pool=pool)
        found: Mapping[str, Any] = json.loads(path.read_bytes())
        return found
