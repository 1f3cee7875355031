"""Where the feeds of a benchmark come from: the graph's own declaration, or the model that it was made of; the model is a contender too."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from converter.benching.calls import Contender
from converter.benching.report import Opponent
from converter.benching.sizes import Sizes, batch_axis, with_batch
from converter.cases.plan import PlannedCase
from converter.checking import names_in_graph, spec_of
from converter.loading import Loader
from converter.runtime import Session
from converter.specs import Axis, Input, ModelSpec, axis_names
from converter.worker import arrays

SEED = 0
SOURCE = "source"


class GraphOrigin:
    """Feeds that the graph's declared inputs, or those that the user described, allow."""

    packages: tuple[str, ...] = ()
    opponent: Opponent | None = None

    def __init__(self, session: Session, inputs: tuple[Input, ...], axes: Mapping[str, Axis]) -> None:
        declared = _with_named_batch(session, spec_of(session, axes))
        self.spec = dataclasses.replace(declared, inputs=inputs, axes=axes) if inputs else declared

    def feeds(self, sizes: Sizes, data: PlannedCase | None) -> dict[str, np.ndarray]:
        """Return the user's data brought to these sizes, else random values."""
        rng = np.random.default_rng(SEED)
        return resized(self.spec, data, sizes) if data is not None else {each.name: each.draw(rng, sizes) for each in self.spec.inputs}

    def contenders(self) -> list[Contender]:
        """Return none: a graph alone has nothing beside it."""
        return []


class SourceOrigin:
    """Feeds from the source model's own domain, and the model itself, where it was loaded: in its worker, or in this process if it is a live object."""

    def __init__(self, loader: Loader, session: Session, folder: Path) -> None:
        self._loader, self._model, self._folder, self._recorded = loader, loader.model(), folder, 0
        self.spec = loader.spec
        self.packages = loader.framework.packages
        self._names = names_in_graph(self.spec, session)

    def feeds(self, sizes: Sizes, data: PlannedCase | None) -> dict[str, np.ndarray]:
        """Return feeds by the graph's names, once the model has answered them; raises as `Service.record`."""
        self._recorded += 1
        given = None
        if data is not None:
            given = self._case / "given"
            arrays.write(resized(self.spec, data, sizes), given)
        self._model.record(self._case, SEED, sizes, given)
        return {self._names[name]: np.array(feed) for name, feed in arrays.read(self._case / "inputs").items()}

    def contenders(self) -> list[Contender]:
        """Return the model, on the feeds made last."""
        return [Contender(SOURCE, partial(self._model.time, self._case))]

    @property
    def opponent(self) -> Opponent:
        """The model, as the report names it."""
        return Opponent(self._loader.source, self._loader.framework.name, self.spec.summary, self._model.thread_pools())

    @property
    def _case(self) -> Path:
        return self._folder / f"feeds_{self._recorded}"


Origin = GraphOrigin | SourceOrigin


def resized(spec: ModelSpec, data: PlannedCase, sizes: Sizes) -> dict[str, np.ndarray]:
    """Return the user's feeds with their items repeated or cut off to the batch among the sizes."""
    batch, feeds = batch_axis(spec), dict(data.feeds or {})
    return with_batch(spec.inputs, feeds, batch, sizes[batch]) if batch is not None else feeds


def _with_named_batch(session: Session, spec: ModelSpec) -> ModelSpec:
    """Take the nameless first dims of all inputs for one axis, the batch."""
    first = [port.dims[0] for port in session.inputs if port.dims]
    if not first or any(dim is not None for dim in first) or "batch" in spec.axes:
        return spec
    inputs = tuple(dataclasses.replace(each, dims=("batch", *each.dims[1:])) if each.dims else each for each in spec.inputs)
    return dataclasses.replace(spec, inputs=inputs, axes={name: spec.axes.get(name, Axis()) for name in axis_names(inputs)})
