"""Toys that break one promise each; the conformance kit must say which."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from converter.plugin import Framework, LoadRequest, Match, Option, Source, SourceModel, hookimpl
from converter_toy import Toy, ToyModel


class Silent(Toy):
    """Says nothing of its sources."""

    name = "silent"
    sources: ClassVar[Mapping[str, str]] = {"*.toy": ""}


class Blind(Toy):
    """Does not know its own."""

    name = "blind"

    def match(self, source: Source) -> Match:
        return Match.NO if source.suffix == ".toy" else super().match(source)


class Greedy(Toy):
    """Claims whatever it sees."""

    name = "greedy"

    def match(self, source: Source) -> Match:
        del source
        return Match.SUFFIX


class Trusting(Toy):
    """Loads pickles to look at them."""

    name = "trusting"

    def match(self, source: Source) -> Match:
        if source.suffix == ".toy" and source.path is not None:
            with contextlib.suppress(Exception):
                pickle.loads(source.path.read_bytes())
        return super().match(source)


class Needy(Toy):
    """Its module imports what it requires."""

    name = "needy"
    requires = ("converter_toy",)


class Misplaced(Toy):
    """No entry point leads to it."""

    name = "misplaced"


class Contrary(Toy):
    """Refuses its own default."""

    name = "contrary"
    options = (Option("flavour", "changes nothing", "plain", ("sweet", "salted")),)

    def load(self, request: LoadRequest) -> SourceModel:
        del request
        return ToyModel(np.ones((3, 2)), np.ones(2))


class Odd(ToyModel):
    """A model that strays as its class says."""

    strays = ""

    def __init__(self) -> None:
        super().__init__(np.ones((3, 2)), np.ones(2))
        if self.strays == "metadata":
            self.metadata = {"weight": self.weight}  # type: ignore[dict-item]
        if self.strays == "axes":
            self.axes = {**self.axes, "depth": self.axes["batch"]}

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        return super().sample(rng, {**sizes, "width": 7} if self.strays == "sample" else sizes)

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        answers = super().run(feeds)
        if self.strays == "outputs":
            answers["more"] = answers["y"]
        if self.strays == "random":
            answers["y"] = answers["y"] + np.random.default_rng().random()
        return answers


def _of(label: str, exporters: str = "right") -> type[Toy]:
    """A toy whose models stray."""

    class Stray(Odd):
        strays = label

    def load(self: Toy, request: LoadRequest) -> SourceModel:
        del self, request
        model = Stray()
        model.exporters = ToyModel(model.weight, model.bias, exporters).exporters
        return model

    return type(label.capitalize(), (Toy,), {"name": label, "load": load, "__module__": __name__})


Metadata, Axes, Sample, Outputs, Random = (_of(label) for label in ("metadata", "axes", "sample", "outputs", "random"))
Rude, Biased = _of("rude", "raise,right"), _of("biased", "biased")
Secretive = _of("secretive")
Secretive.exporters = {"other": "another exporter"}

BROKEN: tuple[type[Toy], ...] = (
    Silent,
    Blind,
    Greedy,
    Trusting,
    Needy,
    Contrary,
    Metadata,
    Axes,
    Sample,
    Outputs,
    Random,
    Rude,
    Biased,
    Secretive,
)


@hookimpl
def converter_frameworks() -> list[Framework]:
    return [kind() for kind in BROKEN]
