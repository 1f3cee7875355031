"""Everything that one conversion was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converter.cases.data import Data
from converter.cases.plan import DEFAULT_SEEDS
from converter.errors import UnknownName
from converter.framework import Framework, LoadRequest
from converter.source import Source
from converter.specs import Axis, Input
from converter.validation.tolerance import Tolerance


@dataclass(frozen=True)
class Request:
    """A conversion as the user wants it; `timeout` and `budget` in seconds, `memory` in bytes, None: no bound."""

    source: Source
    destination: Path
    framework: str = ""
    exporter: str = ""
    model: str = ""
    model_args: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    axes: Mapping[str, Axis] = field(default_factory=dict)
    data: Data = Data()
    options: Mapping[str, str] = field(default_factory=dict)
    opset: int | None = None
    device: str = "cpu"
    tolerance: Tolerance = Tolerance()
    seeds: int = DEFAULT_SEEDS
    budget: float | None = None
    cases: Path | None = None
    keep_rejected: bool = False
    trust: bool = False
    timeout: float | None = None
    memory: int | None = None

    def to_load(self, framework: Framework) -> LoadRequest:
        """Return what the framework needs to load the model; raises UnknownName and UsageError for a wrong option."""
        return LoadRequest(
            source=self.source,
            model=self.model,
            model_args=self.model_args,
            inputs=self.inputs,
            axes=self.axes,
            columns=self.data.columns,
            options=typed_options(framework, self.options),
            trust=self.trust,
        )


def typed_options(framework: Framework, given: Mapping[str, str]) -> dict[str, Any]:
    """Return a value for every option that the framework declares: the user's, or its default."""
    known = {option.name: option for option in framework.options}
    for name in given:
        if name not in known:
            raise UnknownName(f"option of {framework.name}", name, list(known))
    return {name: option.parse(given[name]) if name in given else option.default for name, option in known.items()}
