"""Weights in several files, with an index that says which key lies in which: `model.safetensors.index.json`, `pytorch_model.bin.index.json`.

index ─▶ its files, each read like a checkpoint of its own (mapped, not copied) ─▶ one mapping of weights
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from converter.plugin import SourceNotFound, UnreadableSource

_USUAL = ("model", "pytorch_model")
_AGAIN = "copy or download the folder again"


def read_index(path: Path, read: Callable[[Path], Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return the weights that the index names, each file read once by `read`.

    Raises UnreadableSource for an index that cannot be read, and where a file or a key that it names is not there; and what `read` raises.
    """
    places = _places(path)
    weights: dict[str, torch.Tensor] = {}
    for name in dict.fromkeys(places.values()):
        shard = path.with_name(name)
        if not shard.is_file():
            raise UnreadableSource(f"{path.name} names {name}, which does not lie beside it", hint=_AGAIN)
        found = read(shard)
        wanted = [key for key, place in places.items() if place == name]
        if missing := [key for key in wanted if key not in found]:
            raise UnreadableSource(f"{path.name} says that {missing[0]} lies in {name}, where it is not", hint=_AGAIN)
        weights |= {key: found[key] for key in wanted}
    return weights


def weights_file(folder: Path) -> Path:
    """Return the file or index with a folder's weights; raises SourceNotFound where there is none or no telling which."""
    for pattern in ("*.safetensors.index.json", "*.safetensors", "*.bin.index.json", "*.bin"):
        found = sorted(folder.glob(pattern))
        usual = [each for each in found if each.name.partition(".")[0] in _USUAL] or found
        if len(usual) == 1:
            return usual[0]
        if found:
            raise SourceNotFound(
                str(folder),
                what=f"{folder.name} holds several files of weights: {', '.join(each.name for each in found[:5])}",
                hint="name one of them",
            )
    raise SourceNotFound(str(folder), what=f"{folder.name} holds no weights", hint="they are looked for as .safetensors and .bin, and their indices")


def _places(path: Path) -> dict[str, str]:
    try:
        document: Any = json.loads(path.read_text("utf-8"))
        places = {str(key): str(name) for key, name in document["weight_map"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableSource(f"{path.name} is no index of weights: {type(error).__name__}: {error}", hint=_AGAIN) from error
    for name in places.values():
        if Path(name).name != name:
            raise UnreadableSource(f"{path.name} names {name!a}, which is no file beside it", hint="an index names files of its own folder")
    return places
