"""Ours: the whole conversion as the host does it, exporter by exporter until a graph stands the proof."""

from __future__ import annotations

import os

from converter.errors import ConverterError
from converter.pipeline import convert
from converter.request import Request
from converter.stages import Event, Stages
from measuring.graphs import facts
from measuring.verdict import OURS, Verdict, short


def converted(request: Request, row: str, setting: str) -> Verdict:
    """Return what becomes of a request."""
    clock = _ExportClock()
    try:
        report = convert(request, Stages((clock,)))
    except ConverterError as error:
        return Verdict(row, setting, OURS, short(error.message))
    last = report.attempts[-1]
    tried = {each.exporter: short(each.line) for each in report.attempts}
    if report.published is not None:
        return Verdict(row, setting, OURS, converted=True, by=last.exporter, seconds=clock.seconds, tried=tried, **facts(report.published))
    refused = next((each for each in report.attempts if each.graph is not None), last)
    return Verdict(row, setting, OURS, short(f"{refused.exporter}: {refused.line}"), refused=refused.graph is not None, tried=tried)


class _ExportClock:
    """Notes how many seconds of the CPU the last export took."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._started = 0.0

    def __call__(self, event: Event) -> None:
        """Be told of a stage."""
        if event.stage == "export" and event.state == "started":
            self._started = cpu_seconds()
        elif event.stage == "export" and event.state == "finished":
            self.seconds = cpu_seconds() - self._started


def cpu_seconds() -> float:
    """Return the seconds that the CPU has given to this process and to the children that it has waited for."""
    return sum(os.times()[:4])
