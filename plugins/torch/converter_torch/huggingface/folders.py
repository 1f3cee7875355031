"""Which folders are models of Hugging Face's, told from their names and `config.json`; imports nothing of theirs and executes nothing.

folder/config.json, with "model_type" ─┬─ model.safetensors, or its index and shards
                                       └─ pytorch_model.bin, or its index and shards
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converter.plugin import Source

CONFIG = "config.json"
LARGEST_CONFIG = 16 << 20  # bytes
_WEIGHTS = re.compile(r"(model|pytorch_model)\S*\.(safetensors|bin)(\.index\.json)?")


def is_model_folder(source: Source) -> bool:
    """Tell whether a source is a folder with a configuration of transformers, its weights there or not."""
    return source.path is not None and CONFIG in source.folder_names and bool(read_config(source.path).get("model_type"))


def is_beside_config(source: Source) -> bool:
    """Tell whether a source is a file in such a folder."""
    return source.path is not None and source.path.is_file() and bool(read_config(source.path.parent).get("model_type"))


def read_config(folder: Path) -> Mapping[str, Any]:
    """Return what a folder's `config.json` says; nothing where there is none, or none that can be read."""
    path = folder / CONFIG
    try:
        if path.stat().st_size > LARGEST_CONFIG:
            return {}
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def weights_in(folder: Path) -> list[str]:
    """Return the names of a folder's files of weights that transformers looks for."""
    return sorted(each.name for each in folder.iterdir() if _WEIGHTS.fullmatch(each.name))
