"""What became of a case in a column: ours, or that of an exporter alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

OURS = "ours"
_SHOWN = 300  # characters of a reason


@dataclass(frozen=True)
class Verdict:
    """What became of one case in one column; `reason` is "" where it agrees at every size.

    `converted` says whether there is a graph: of ours only one that agrees, since the proof publishes no other. `seconds` are of the CPU, of its export alone.
    `refused` marks a graph of ours that the proof refused. `fused` says whether a recurrent layer is one operator, not a loop.
    """

    row: str
    setting: str
    column: str
    reason: str = ""
    converted: bool = False
    refused: bool = False
    by: str = ""
    nodes: int = 0
    seconds: float = 0.0
    tried: Mapping[str, str] = field(default_factory=dict)  # of ours: what became of each exporter
    transposes: int = 0
    fused: bool = False

    @property
    def agrees(self) -> bool:
        """Whether the graph gives what the model gives."""
        return not self.reason

    @property
    def is_wrong(self) -> bool:
        """Whether there is a graph that gives something else."""
        return self.converted and not self.agrees

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as JSON values."""
        return asdict(self)


def failed(row: str, setting: str, column: str, reason: str) -> Verdict:
    """Return the verdict of a conversion that gave no graph."""
    return Verdict(row, setting, column, short(reason))


def short(reason: str) -> str:
    """Return a reason in one line, not too long."""
    line = " ".join(reason.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
