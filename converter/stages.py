"""Stages of a conversion, announced to observers before and after: progress displays, traces and timings listen; no stage prints."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

TRACE_VARIABLE = "CONVERTER_TRACE"


@dataclass(frozen=True)
class Event:
    """What an observer is told: a stage starts, is `done` of `total` steps along, or ended after `seconds` with a `detail`: what came of it, or the error."""

    stage: str
    subject: str
    state: Literal["started", "progress", "finished", "failed"]
    seconds: float = 0.0
    done: int = 0
    total: int = 0
    detail: str = ""


Observer = Callable[[Event], None]


class Stage:
    """A running stage: says how far it is, and what came of it."""

    def __init__(self, name: str, subject: str, tell: Observer) -> None:
        self.name, self.subject, self.detail = name, subject, ""
        self._tell = tell
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds since its start."""
        return time.perf_counter() - self._started

    def progress(self, done: int, total: int) -> None:
        """Tell the observers that `done` of `total` steps are done."""
        self._tell(Event(self.name, self.subject, "progress", self.seconds, done, total))


@dataclass
class Stages:
    """Announces stages to its observers and keeps their seconds."""

    observers: Sequence[Observer] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str, subject: str) -> Iterator[Stage]:
        """Run the body as a stage."""
        stage = Stage(name, subject, self._tell)
        self._tell(Event(name, subject, "started"))
        try:
            yield stage
        except BaseException as error:
            self._tell(Event(name, subject, "failed", stage.seconds, detail=str(error)))
            raise
        finally:
            self.seconds[f"{name} {subject}" if name in {"export", "finish", "validate"} else name] = stage.seconds
        self._tell(Event(name, subject, "finished", stage.seconds, detail=stage.detail))

    def _tell(self, event: Event) -> None:
        if os.environ.get(TRACE_VARIABLE) and event.state != "progress":
            sys.stderr.write(f"stage {event.stage} {event.subject}: {event.state} {event.seconds:.3f} s {event.detail}\n")
        for observer in self.observers:
            observer(event)
