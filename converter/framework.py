"""The contract of a framework plugin: a light half that recognises sources and a heavy half that is one loaded model.

    Framework ── load(LoadRequest) ──▶ SourceModel ── exporters ──▶ an ONNX file each
     light: imports no framework         heavy: imports it, lives in the worker (or in the caller's process for a live object)

A plugin imports from `converter` only what `converter.plugin` offers.
"""

from __future__ import annotations

import abc
import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from converter.errors import UsageError
from converter.specs import Axis, Input, ModelSpec, Output

if TYPE_CHECKING:
    from pathlib import Path

    from converter.source import Source


class Match(enum.IntEnum):
    """How surely a source belongs to a framework; the highest wins."""

    NO = 0
    SUFFIX = 1  # the name alone suggests it
    CONTENT = 2  # the bytes, or the class, say so


@dataclass(frozen=True)
class Option:
    """One `-O name=value` of a plugin, listed by `converter plugins show`."""

    name: str
    help: str
    default: str | bool | int = ""
    choices: tuple[str, ...] = ()

    def parse(self, text: str) -> str | bool | int:
        """Return the value that `text` stands for, of the default's type; raises UsageError where it stands for none."""
        if isinstance(self.default, bool):
            if text.lower() not in _BOOLEANS:
                raise UsageError(f"option {self.name} is true or false, not '{text}'", hint=f"-O {self.name}=true")
            return _BOOLEANS[text.lower()]
        if isinstance(self.default, int):
            if not re.fullmatch(r"-?[0-9]{1,18}", text):
                raise UsageError(f"option {self.name} is a whole number, not '{text}'", hint=f"-O {self.name}={self.default}")
            return int(text)
        is_unset = text == self.default == ""
        if self.choices and text not in self.choices and not is_unset:
            raise UsageError(f"option {self.name} cannot be '{text}'", hint=f"one of: {', '.join(self.choices)}")
        return text


_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


@dataclass(frozen=True)
class LoadRequest:
    """What a plugin needs to load a model.

    `source` is a file, a folder or a live object (a `module:attribute` was imported, a factory called).
    `columns` holds the user's table, an array [rows] for each column, where one was given.
    `options` has a value for every option that the framework declares.
    """

    source: Source
    model: str = ""
    model_args: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    axes: Mapping[str, Axis] = field(default_factory=dict)
    columns: Mapping[str, np.ndarray] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    trust: bool = False


@dataclass(frozen=True)
class ExportRequest:
    """Where an exporter writes its file (external data beside it), and the default domain's opset; None: the exporter's own choice.

    `refuted` has the size of each axis in the first case that the graph of the exporter before got wrong, if one did: a telling example.
    """

    path: Path
    opset: int | None = None
    refuted: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Exporter:
    """One named way from a loaded model to an ONNX file. It relies on no earlier run and on no earlier export.

    `write` may return a note for the user, a few words that the report shows beside the graph's size.
    """

    name: str
    write: Callable[[ExportRequest], str | None]


class SourceModel(abc.ABC):
    """One loaded model. Subclasses set the attributes and implement `run`.

    Values are dense NumPy arrays of ONNX's dtypes (see converter.dtypes); nested outputs are flattened to names.
    """

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    axes: Mapping[str, Axis]
    exporters: tuple[Exporter, ...]  # best first
    metadata: Mapping[str, str] = {}
    summary: str = ""  # one line for the user: architecture and size

    @abc.abstractmethod
    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the model's own answer, an array for each output."""

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random feeds in which each axis has the given size; by default drawn from the inputs' domains."""
        return {each.name: each.draw(rng, sizes) for each in self.inputs}

    def rounding(self, feeds: Mapping[str, np.ndarray]) -> dict[str, float]:  # noqa: ARG002 - by default nothing is known
        """Return how far the model's own answer is from what it would be in finer arithmetic: each output's largest error, {} where that is not known.

        The proof asks where a graph differs by little more than its tolerance: two sums of float32 differ by as much as either is wrong.
        """
        return {}

    @property
    def spec(self) -> ModelSpec:
        """The model as a plain value."""
        names = tuple(exporter.name for exporter in self.exporters)
        return ModelSpec(tuple(self.inputs), tuple(self.outputs), dict(self.axes), names, dict(self.metadata), self.summary)


class Framework(abc.ABC):
    """A framework that models come from. Its module imports no framework; everything here is known without one."""

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]]  # import names, probed without importing
    packages: ClassVar[tuple[str, ...]] = ()  # distributions whose versions go into the provenance
    types: ClassVar[tuple[str, ...]] = ()  # classes whose instances it converts: "sklearn.base.BaseEstimator"
    sources: ClassVar[Mapping[str, str]]  # pattern → what it is, as `converter plugins show` lists it
    exporters: ClassVar[Mapping[str, str]]  # name → one line, best first
    options: ClassVar[tuple[Option, ...]] = ()
    domains: ClassVar[tuple[str, ...]] = ()  # operator domains that its graphs may use beside "" and "ai.onnx.ml"

    @abc.abstractmethod
    def match(self, source: Source) -> Match:
        """Tell how surely a file or folder is this framework's, from its name and bytes; executes nothing."""

    def choices(self, source: Source) -> Mapping[str, Mapping[str, str]]:  # noqa: ARG002 - by default nothing is to be chosen
        """Return what a file or folder offers for an option: option → value → what it is. Executes nothing, imports no framework."""
        return {}

    @abc.abstractmethod
    def load(self, request: LoadRequest) -> SourceModel:
        """Load the model; the first call that may import the framework. Raises ConverterError with a hint."""
