"""Keras's own files, `.keras` archives and legacy HDF5, read with Keras's safe mode on."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras

from converter.plugin import LoadRequest, Source, SourceError, UnreadableSource, UntrustedSource, import_attribute
from converter_tensorflow.plugin import HDF5_MAGIC
from converter_tensorflow.reasons import reason_of
from converter_tensorflow.sources.foreign import refuse_foreign

_UNKNOWN_OBJECT = re.compile(r"(?:Could not locate|Unknown) (?P<kind>\w+):? '(?P<name>[\w.>]+)'")


def load_keras_file(source: Source, request: LoadRequest) -> keras.Model:
    """Return the model of a `.keras` or HDF5 file.

    Raises UnreadableSource where it is damaged or holds weights alone, UntrustedSource where it carries Python code and `request.trust` is off,
    SourceError where a class that it names is not known, or is a wrapper around another framework's code.
    """
    path = source.path
    assert path is not None
    _check_complete(source, path)
    refuse_foreign(source, trust=request.trust)
    suffix = ".h5" if source.head.startswith(HDF5_MAGIC) else ".keras"
    objects = _custom_objects(request.options.get("custom_objects", ""))
    try:
        with _named(path, suffix) as name:
            return keras.saving.load_model(name, custom_objects=objects, compile=False, safe_mode=not request.trust)
    except Exception as error:
        raise _explained(error, source) from error


def _check_complete(source: Source, path: Path) -> None:
    """Refuse what Keras would answer with a misleading message."""
    if source.head.startswith(HDF5_MAGIC):
        _check_hdf5(path)
    elif not source.zip_names:
        raise UnreadableSource(f"{path} is neither a Keras archive nor an HDF5 file", hint="model.save('model.keras') writes one")
    elif "config.json" not in source.zip_names:
        raise UnreadableSource(f"{path} is a zip file without config.json, not a Keras model", hint="model.save('model.keras') writes one")


def _check_hdf5(path: Path) -> None:
    try:
        with h5py.File(path) as file:
            whole = "model_config" in file.attrs
    except OSError:
        raise UnreadableSource(f"{path} is an HDF5 file that is cut off or damaged", hint="copy or download it again") from None
    if not whole:
        hint = "model.save('model.keras') keeps both; or convert package.module:function, a function that builds the model and calls load_weights"
        raise UnreadableSource(f"{path} holds weights without the model's architecture", hint=hint)


def _custom_objects(references: str) -> dict[str, Any]:
    """Import what `package.module:Name,package.module:Other` names; raises SourceNotFound where there is no such thing."""
    names = [reference.strip() for reference in references.split(",") if reference.strip()]
    return {name.rpartition(":")[2].rpartition(".")[2]: import_attribute(name) for name in names}


@contextlib.contextmanager
def _named(path: Path, suffix: str) -> Iterator[str]:
    """Give the path a name that ends as Keras demands, for it goes by the name alone."""
    if path.name.endswith(suffix):
        yield str(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / f"model{suffix}"
        link.symlink_to(path)
        yield str(link)


def _explained(error: Exception, source: Source) -> SourceError:
    text = str(error)
    if "safe_mode" in text:
        message = f"{source.name} carries Python code in a Lambda layer, and loading it could execute anything"
        return UntrustedSource(message, hint="--trust loads it if you know who wrote it; a layer class of its own needs no trust")
    if unknown := _UNKNOWN_OBJECT.search(text):
        name = unknown["name"].rpartition(">")[2]
        hint = f"-O custom_objects=package.module:{name} says where it is defined"
        return SourceError(f"{source.name} needs the {unknown['kind']} '{name}', which Keras does not know", hint=hint)
    message = f"Keras {keras.__version__} cannot load {source.name}{_maker(source)}: {reason_of(error)}"
    return UnreadableSource(message, hint="--debug shows the whole story")


def _maker(source: Source) -> str:
    """Tell which Keras wrote the file, where it says so."""
    assert source.path is not None
    if "metadata.json" not in source.zip_names:
        return ""
    with zipfile.ZipFile(source.path) as archive, contextlib.suppress(ValueError, KeyError):
        return f" (made by Keras {json.loads(archive.read('metadata.json'))['keras_version']})"
    return ""
