"""The verbs over one model: match, load, record, rounding, time, export. The same in the worker process and, for a live object, in the caller's."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from converter import matching
from converter.errors import ConverterError, ExportError, PluginError, UnknownName
from converter.framework import ExportRequest, Framework, LoadRequest, SourceModel
from converter.source import Source, import_attribute
from converter.specs import ModelSpec
from converter.timing import time_calls
from converter.worker import arrays
from converter.worker.contract import check_spec


class Service:
    """Holds the framework and the one loaded model. Every failure of a plugin leaves as a ConverterError."""

    def __init__(self) -> None:
        self._framework: Framework | None = None
        self._source: Source | None = None
        self._model: SourceModel | None = None

    def match(self, source: Source, framework: str, model_args: Mapping[str, Any]) -> Framework:
        """Return the framework of the source; a `module:attribute` is imported, and called if it is a class or function.

        Raises as `matching.select`, SourceNotFound, and ConverterError where the import or the call fails.
        """
        self._source = resolve(source, model_args)
        self._framework = matching.select(self._source, framework)
        return self._framework

    def load(self, request: LoadRequest, framework: str) -> ModelSpec:
        """Load the model and return what it takes and gives."""
        if self._framework is None or self._source is None:
            self.match(request.source, framework, request.model_args)
        assert self._framework is not None
        assert self._source is not None
        with guarded(self._framework.name, "load"):
            self._model = self._framework.load(replace(request, source=self._source))
            spec = self._model.spec
        check_spec(self._framework.name, spec)
        return spec

    def record(self, folder: Path, seed: int, sizes: Mapping[str, int], feeds: Path | None = None, *, twice: bool = False) -> None:
        """Write the feeds to `folder/inputs` and the model's answer to `folder/outputs`; with `twice` a second one to `folder/again`.

        The feeds are those in the folder `feeds`, else sampled with `seed` at `sizes`.
        """
        framework, model = self._loaded()
        with guarded(framework.name, f"the model's answer{_at(sizes)}"):
            given = arrays.read(feeds) if feeds is not None else model.sample(np.random.default_rng(seed), sizes)
            arrays.write(given, folder / "inputs")
            for name in ("outputs", "again") if twice else ("outputs",):
                arrays.write(_answer(model, _private_copies(folder)), folder / name)

    def rounding(self, folder: Path) -> None:
        """Write `SourceModel.rounding` on the feeds that `record` wrote to `folder` to `folder/rounding`."""
        framework, model = self._loaded()
        with guarded(framework.name, "the model's rounding"):
            found = model.rounding(_private_copies(folder))
            arrays.write({name: np.array(error, np.float64) for name, error in found.items()}, folder / "rounding")

    def time(self, folder: Path, calls: int) -> list[float]:
        """Return the seconds of each of so many calls of the model in a row, on the feeds that `record` wrote to `folder`."""
        framework, model = self._loaded()
        with guarded(framework.name, "a timed call"):
            return time_calls(partial(model.run, _private_copies(folder)), calls)

    def export(self, exporter: str, path: Path, opset: int | None = None, refuted: Mapping[str, int] | None = None) -> str:
        """Let the named exporter write `path`, and return its note, "" if it has none; raises UnknownName, and ExportError where it fails or writes nothing."""
        framework, model = self._loaded()
        found = {each.name: each for each in model.exporters}
        if exporter not in found:
            raise UnknownName(f"exporter of {framework.name} for this model", exporter, list(found))
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            note = found[exporter].write(ExportRequest(path, opset, refuted))
        except ConverterError:
            raise
        except Exception as error:
            raise ExportError(framework.name, exporter, _reason(error), details=traceback.format_exc(), hint="--debug shows the traceback") from error
        if not path.is_file():
            raise ExportError(framework.name, exporter, "it wrote no file", hint="the exporter must write request.path")
        return note or ""

    def _loaded(self) -> tuple[Framework, SourceModel]:
        if self._framework is None or self._model is None:
            raise RuntimeError("load comes first")
        return self._framework, self._model


def resolve(source: Source, model_args: Mapping[str, Any]) -> Source:
    """Return `source` with a `module:attribute` imported and, if it is a class or a function, called with `model_args`.

    Raises SourceNotFound, and ConverterError where the import or the call raises.
    """
    if source.reference is None:
        return source
    try:
        found = import_attribute(source.reference)
    except ConverterError:
        raise
    except Exception as error:
        raise ConverterError(f"importing {source.reference} raised {_reason(error)}", hint="--debug shows the traceback") from error
    if not (inspect.isclass(found) or inspect.isroutine(found)):
        return Source(live=found)
    try:
        return Source(live=found(**model_args))
    except Exception as error:
        given = ", ".join(f"{name}={value!r}" for name, value in model_args.items())
        hint = "--model-args '{\"depth\": 3}' passes arguments; --debug shows the traceback"
        raise ConverterError(f"{source.reference}({given}) raised {_reason(error)}", hint=hint) from error


@contextmanager
def guarded(plugin: str, stage: str) -> Iterator[None]:
    """Turn whatever a plugin raises into a PluginError that keeps the traceback; a ConverterError passes."""
    try:
        yield
    except (ConverterError, MemoryError):
        raise
    except Exception as error:
        raise PluginError(plugin, stage, _reason(error), details=traceback.format_exc(), hint="--debug shows the traceback") from error


def _answer(model: SourceModel, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The model's answer, an array for each declared output; raises ValueError where one is missing."""
    answer = model.run(feeds)
    declared = [output.name for output in model.outputs]
    if missing := [name for name in declared if name not in answer]:
        raise ValueError(f"run gave {sorted(answer)}, and not the declared output {missing[0]!r}")
    return {name: answer[name] for name in declared}


def _private_copies(folder: Path) -> dict[str, np.ndarray]:
    """The recorded feeds, writable and nobody else's: a model may work in place."""
    return {name: np.array(array) for name, array in arrays.read(folder / "inputs").items()}


def _at(sizes: Mapping[str, int]) -> str:
    return " at " + ", ".join(f"{name} {size}" for name, size in sizes.items()) if sizes else ""


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    text = lines[0][:300] if lines else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
