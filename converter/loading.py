"""Where a model is loaded: a file or a `module:attribute` in a worker process, a live object in the caller's. One face for both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from converter import matching, plugins
from converter.framework import Framework
from converter.specs import ModelSpec
from converter.worker import messages
from converter.worker.process import WorkerProcess
from converter.worker.service import Service
from converter.worker.threads import thread_pools

if TYPE_CHECKING:
    from converter.request import Request
    from converter.worker.janitor import Janitor


class Place(Protocol):
    """A place that loads one model and answers for it; see `converter.worker.service.Service` for what each verb raises."""

    def match(self, request: Request) -> Framework:
        """Return the framework of the request's source."""

    def load(self, request: Request, framework: Framework) -> ModelSpec:
        """Load the model."""

    def record(self, folder: Path, seed: int, sizes: Mapping[str, int], feeds: Path | None = None, *, twice: bool = False) -> None:
        """Write feeds and answers to `folder`."""

    def rounding(self, folder: Path) -> None:
        """Write how exact the answers in `folder` are."""

    def time(self, folder: Path, calls: int) -> list[float]:
        """Return the seconds of each of so many calls on the feeds in `folder`."""

    def thread_pools(self) -> dict[str, int]:
        """Return the threads of the libraries that are loaded there, by their kind."""

    def export(self, exporter: str, path: Path, opset: int | None = None, refuted: Mapping[str, int] | None = None) -> str:
        """Let an exporter write `path`; return its note."""

    def close(self) -> None:
        """Give everything back."""


class Loader:
    """Loads the request's model when it is asked for, and once more for every exporter after the first.

    Exporters keep state and may crash, so each gets a fresh worker, which goes when it has exported; the one that recorded also runs the first, so
    the usual case loads once.
    """

    def __init__(self, request: Request, janitor: Janitor, work: Path, environment: Mapping[str, str] | None = None) -> None:
        self._request = request
        self._janitor = janitor
        self._work = work
        self._environment = environment  # added to the host's in a worker
        self._place: Place | None = None
        self._framework: Framework | None = None
        self._spec: ModelSpec | None = None  # of the model loaded last
        self._is_loaded = False

    @property
    def source(self) -> str:
        """What the user named, in a word."""
        return self._request.source.name

    @property
    def framework(self) -> Framework:
        """The framework of the source; only a `module:attribute` needs a worker to tell."""
        if self._framework is None:
            request = self._request
            by_name = request.source.path is not None
            self._framework = matching.select(request.source, request.framework) if by_name else self._here().match(request)
        return self._framework

    @property
    def spec(self) -> ModelSpec:
        """What the model takes and gives; loads it if need be."""
        if self._spec is None:
            self.model()
        assert self._spec is not None
        return self._spec

    def model(self) -> Place:
        """Return the loaded model, to be recorded."""
        framework, place = self.framework, self._here()
        if not self._is_loaded:
            self._spec = place.load(self._request, framework)
            self._is_loaded = True
        return place

    def export(self, exporter: str, path: Path, opset: int | None = None, refuted: Mapping[str, int] | None = None) -> str:
        """Let an exporter write `path`; return its note. The model goes afterwards: it has been touched, and its memory is wanted for the proof."""
        try:
            return self.model().export(exporter, path, opset, refuted)
        finally:
            self.close()

    def close(self) -> None:
        """End the worker."""
        if self._place is not None:
            self._place.close()
        self._place = None
        self._is_loaded = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _here(self) -> Place:
        if self._place is None:
            live = self._request.source.live is not None
            self._place = InProcess() if live else InWorker(self._request, self._janitor, self._work, self._environment)
        return self._place


class InProcess:
    """The caller's own process, for a live object."""

    def __init__(self) -> None:
        self._service = Service()
        self.record = self._service.record
        self.rounding = self._service.rounding
        self.time = self._service.time
        self.thread_pools = thread_pools
        self.export = self._service.export

    def match(self, request: Request) -> Framework:
        """See Place."""
        return self._service.match(request.source, request.framework, request.model_args)

    def load(self, request: Request, framework: Framework) -> ModelSpec:
        """See Place."""
        return self._service.load(request.to_load(framework), framework.name)

    def close(self) -> None:
        """See Place."""


class InWorker:
    """A fresh process of its own."""

    def __init__(self, request: Request, janitor: Janitor, work: Path, environment: Mapping[str, str] | None = None) -> None:
        self._work = work
        self._process = WorkerProcess(janitor, timeout=request.timeout, memory_limit=request.memory, environment=environment)

    def match(self, request: Request) -> Framework:
        """See Place."""
        name = self._process.ask(
            "match", source=messages.source_to_json(request.source), framework=request.framework, model_args=dict(request.model_args)
        )
        return plugins.framework(name)

    def load(self, request: Request, framework: Framework) -> ModelSpec:
        """See Place."""
        document = messages.load_request_to_json(request.to_load(framework), self._work)
        return ModelSpec.from_json(self._process.ask("load", request=document, framework=framework.name))

    def record(self, folder: Path, seed: int, sizes: Mapping[str, int], feeds: Path | None = None, *, twice: bool = False) -> None:
        """See Place."""
        given = str(feeds) if feeds is not None else None
        self._process.ask("record", folder=str(folder), seed=seed, sizes=dict(sizes), feeds=given, twice=twice)

    def rounding(self, folder: Path) -> None:
        """See Place."""
        self._process.ask("rounding", folder=str(folder))

    def time(self, folder: Path, calls: int) -> list[float]:
        """See Place."""
        seconds: list[float] = self._process.ask("time", folder=str(folder), calls=calls)
        return seconds

    def thread_pools(self) -> dict[str, int]:
        """See Place."""
        pools: dict[str, int] = self._process.ask("thread_pools")
        return pools

    def export(self, exporter: str, path: Path, opset: int | None = None, refuted: Mapping[str, int] | None = None) -> str:
        """See Place."""
        note: str = self._process.ask("export", exporter=exporter, path=str(path), opset=opset, refuted=dict(refuted) if refuted else None)
        return note

    def close(self) -> None:
        """See Place."""
        self._process.close()
