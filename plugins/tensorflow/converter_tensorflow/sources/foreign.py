"""Layers of Keras that wrap another framework's code, told by a file's configuration before anything is loaded."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from typing import Any

import h5py

from converter.plugin import Source, SourceError
from converter_tensorflow.plugin import HDF5_MAGIC

_SAVED_MODEL = "TFSMLayer"
_FOREIGN = {
    "TorchModuleWrapper": ("holds a module of PyTorch", "convert the module itself: the torch plugin takes a torch.nn.Module"),
    "JaxLayer": ("holds a function of JAX", "export it by jax2tf and tf.saved_model.save, and convert that SavedModel"),
    "FlaxLayer": ("holds a module of Flax", "export it by jax2tf and tf.saved_model.save, and convert that SavedModel"),
    _SAVED_MODEL: (
        "refers to a SavedModel beside the file, and loading that could execute anything",
        "convert that SavedModel itself, or --trust it",
    ),
}


def refuse_foreign(source: Source, *, trust: bool) -> None:
    """Raise SourceError where a Keras file has a layer that is another framework's code; damaged configurations are left to Keras.

    With `trust` a SavedModel that a layer refers to is loaded.
    """
    for layer in _layers(_configuration(source)):
        kind = layer["class_name"]
        if kind in _FOREIGN and not (trust and kind == _SAVED_MODEL):
            reason, hint = _FOREIGN[kind]
            name = layer["config"].get("name", kind) if isinstance(layer.get("config"), dict) else kind
            raise SourceError(f"{source.name}: the layer {name} ({kind}) {reason}", hint=hint)


def _configuration(source: Source) -> Any:
    assert source.path is not None
    try:
        if source.head.startswith(HDF5_MAGIC):
            with h5py.File(source.path) as file:
                return json.loads(file.attrs["model_config"])
        with zipfile.ZipFile(source.path) as archive:
            return json.loads(archive.read("config.json"))
    except (OSError, KeyError, ValueError):
        return None


def _layers(found: Any) -> Iterator[dict[str, Any]]:
    """Every object of a configuration that names a class, at any depth."""
    if isinstance(found, dict):
        if isinstance(found.get("class_name"), str):
            yield found
        for value in found.values():
            yield from _layers(value)
    elif isinstance(found, list):
        for value in found:
            yield from _layers(value)
