"""Checkpoints: from a file to named weights, without executing anything that nobody vouched for.

Weights are looked for at the top, under `model`, `state_dict` and `model_state_dict` (one inside another too), and in the only other
mapping that holds tensors. What lies beside them is kept as `extras`.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import safetensors
import torch
from torch import nn

from converter.plugin import Source, SourceError, UnreadableSource, UntrustedSource
from converter_torch.sources import harmless
from converter_torch.sources.kinds import Kind, kind_of
from converter_torch.sources.sharded import read_index, weights_file

NESTED_UNDER = ("model", "state_dict", "model_state_dict")
_SAFER = "save the weights as .safetensors; or, if you know where the file comes from, --trust"
_AGAIN = "copy or download it again"


@dataclass(frozen=True)
class Checkpoint:
    """The weights by their keys, or a whole module; and what else the file held."""

    weights: Mapping[str, torch.Tensor] = field(default_factory=dict)
    module: nn.Module | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)


def read_checkpoint(path: Path, kind: Kind, *, trust: bool) -> Checkpoint:
    """Return what the file holds.

    Raises UntrustedSource where loading it would execute code and `trust` is False, UnreadableSource where it is damaged or holds no weights.
    """
    content, extras = _READERS[kind](path, trust)
    return _unnested(content, extras, path.name)


def _unnested(content: Any, extras: Mapping[str, Any], name: str) -> Checkpoint:
    if isinstance(content, nn.Module):
        return Checkpoint(module=content, extras=extras)
    if not isinstance(content, Mapping):
        raise UnreadableSource(
            f"{name} holds a {type(content).__name__} and no weights", hint="save the weights: torch.save(model.state_dict(), path)"
        )
    inner = _inner(content)
    if inner is not None:
        beside = {key: value for key, value in content.items() if key != inner and isinstance(key, str)}
        return _unnested(content[inner], {**extras, **beside}, name)
    weights = {key: value for key, value in content.items() if isinstance(key, str) and _is_weight(key, value)}
    if not weights:
        keys = ", ".join(str(key) for key in list(content)[:5]) or "none"
        raise UnreadableSource(
            f"{name} holds no weights; its keys: {keys}", hint=f"they are looked for at the top and under {', '.join(NESTED_UNDER)}"
        )
    return Checkpoint(weights, extras={**extras, **{key: value for key, value in content.items() if isinstance(key, str) and key not in weights}})


def _inner(content: Mapping[Any, Any]) -> Any:
    """Return the key under which the weights lie, None if they lie here."""
    for key in NESTED_UNDER:
        if isinstance(content.get(key), Mapping | nn.Module):
            return key
    if any(isinstance(value, torch.Tensor) for value in content.values()):
        return None
    holding = [key for key, value in content.items() if isinstance(value, Mapping) and any(isinstance(item, torch.Tensor) for item in value.values())]
    return holding[0] if len(holding) == 1 else None


def _is_weight(key: str, value: Any) -> bool:
    return isinstance(value, torch.Tensor) or key.endswith("_extra_state")


def _read_safetensors(path: Path, _trust: bool) -> tuple[Any, dict[str, Any]]:  # noqa: FBT001 - one signature for all readers
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118 - no mapping
    except safetensors.SafetensorError as error:
        raise UnreadableSource(f"{path.name} is a .safetensors file that is cut off or damaged: {error}", hint=_AGAIN) from error


def _read_saved(path: Path, trust: bool) -> tuple[Any, dict[str, Any]]:  # noqa: FBT001
    with _opened_zip(path) as archive:
        stored = all(each.compress_type == zipfile.ZIP_STORED for each in archive.infolist())  # packed anew by another tool, it cannot be mapped
    return _load(path, trust=trust, mmap=stored), {}


def _opened_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise UnreadableSource(f"{path.name} is cut off or damaged: {error}", hint=_AGAIN) from error


def _read_legacy(path: Path, trust: bool) -> tuple[Any, dict[str, Any]]:  # noqa: FBT001
    return _load(path, trust=trust, mmap=False), {}


def _read_pickle(path: Path, trust: bool) -> tuple[Any, dict[str, Any]]:  # noqa: FBT001
    if not trust:
        raise UntrustedSource(f"{path.name} is a plain pickle, and loading one executes what it holds", hint=_SAFER)
    with path.open("rb") as file:
        return _guarded(path, lambda: pickle.load(file)), {}  # noqa: S301 - the user vouched for it


def _read_shards(path: Path, trust: bool) -> tuple[Any, dict[str, Any]]:  # noqa: FBT001
    def read(shard: Path) -> Mapping[str, torch.Tensor]:
        return read_checkpoint(shard, kind_of(Source(path=shard)) or Kind.CHECKPOINT, trust=trust).weights

    return read_index(path, read), {}


def _read_folder(path: Path, trust: bool) -> tuple[Any, dict[str, Any]]:  # noqa: FBT001
    file = weights_file(path)
    return _READERS[kind_of(Source(path=file)) or Kind.CHECKPOINT](file, trust)


_READERS: Mapping[Kind, Callable[[Path, bool], tuple[Any, dict[str, Any]]]] = MappingProxyType(
    {
        Kind.CHECKPOINT: _read_saved,
        Kind.LEGACY: _read_legacy,
        Kind.PICKLE: _read_pickle,
        Kind.SAFETENSORS: _read_safetensors,
        Kind.INDEX: _read_shards,
        Kind.FOLDER: _read_folder,
    }
)


def _load(path: Path, *, trust: bool, mmap: bool) -> Any:
    with torch.serialization.safe_globals(harmless.classes()):
        return _guarded(path, lambda: torch.load(path, map_location="cpu", weights_only=not trust, mmap=mmap))


def _guarded(path: Path, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except pickle.UnpicklingError as error:
        raise _refusal(path, str(error)) from error
    except (AttributeError, ImportError) as error:
        raise SourceError(
            f"{path.name} needs what is not here: {error}",
            hint="install the package that defines it, or give the weights and --model package.module:Class",
        ) from error
    except (EOFError, RuntimeError, OSError, ValueError) as error:
        told = str(error) or type(error).__name__
        raise UnreadableSource(f"{path.name} is cut off or damaged: {told.splitlines()[0]}", hint=_AGAIN) from error


def _refusal(path: Path, told: str) -> UntrustedSource | UnreadableSource:
    """Return the error for what torch's safe loader said, which names the first thing that it refused."""
    if found := re.search(r"GLOBAL (\S+)", told):
        return UntrustedSource(f"{path.name} names {found[1]}, and loading it could execute code; nothing was loaded", hint=_SAFER)
    last = told.strip().splitlines()[0]
    return UnreadableSource(f"{path.name} is damaged, or no file of torch.save: {last}", hint=f"{_AGAIN}; {_SAFER}")
