"""What crosses the worker border: JSON documents for requests, specs and errors."""

from __future__ import annotations

import dataclasses
import traceback
from pathlib import Path
from typing import Any

from converter import errors
from converter.errors import ConverterError, PluginError
from converter.framework import LoadRequest
from converter.source import Source
from converter.specs import Axis, input_from_json
from converter.worker import arrays

COLUMNS = "columns"


def source_to_json(source: Source) -> dict[str, str]:
    """Return the document of a file, folder or reference; a live object cannot cross."""
    return {"path": str(source.path)} if source.path is not None else {"reference": str(source.reference)}


def source_from_json(document: dict[str, str]) -> Source:
    """Return the source of `source_to_json`."""
    return Source(path=Path(document["path"])) if "path" in document else Source(reference=document["reference"])


def load_request_to_json(request: LoadRequest, folder: Path) -> dict[str, Any]:
    """Return the document of a load request; its table goes into `folder`."""
    if request.columns is not None:
        arrays.write(request.columns, folder / COLUMNS)
    return {
        "source": source_to_json(request.source),
        "model": request.model,
        "model_args": dict(request.model_args),
        "inputs": [dataclasses.asdict(each) for each in request.inputs],
        "axes": {name: dataclasses.asdict(axis) for name, axis in request.axes.items()},
        "columns": str(folder / COLUMNS) if request.columns is not None else None,
        "options": dict(request.options),
        "trust": request.trust,
    }


def load_request_from_json(document: dict[str, Any]) -> LoadRequest:
    """Return the request of `load_request_to_json`."""
    return LoadRequest(
        source=source_from_json(document["source"]),
        model=document["model"],
        model_args=document["model_args"],
        inputs=tuple(input_from_json(each) for each in document["inputs"]),
        axes={name: Axis(**axis) for name, axis in document["axes"].items()},
        columns=arrays.read(Path(document["columns"])) if document["columns"] is not None else None,
        options=document["options"],
        trust=document["trust"],
    )


def error_to_json(error: BaseException) -> dict[str, Any]:
    """Return the document of an error, its traceback among its details."""
    if isinstance(error, ConverterError):
        state = {"details": traceback.format_exc(), **{name: value for name, value in error.__dict__.items() if isinstance(value, str)}}
        return {"kind": type(error).__name__, "message": error.message, "state": state}
    state = {"plugin": "worker", "stage": "", "hint": "--debug shows the traceback", "details": traceback.format_exc()}
    return {
        "kind": PluginError.__name__,
        "message": f"{type(error).__name__}: {error}",
        "state": {**state, "out_of_memory": isinstance(error, MemoryError)},
    }


def error_from_json(document: dict[str, Any]) -> ConverterError:
    """Return the error of `error_to_json`, of its own class if that is one of converter.errors."""
    kind = getattr(errors, document["kind"], ConverterError)
    return errors.rebuild(kind, document["message"], document["state"])
