"""What a model takes and gives: axes, inputs, outputs. Plain values that cross the worker border as JSON."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from converter import dtypes

Dim = int | str
"""A length, or the name of an axis, or a sum of axes and numbers: `"past + length"`."""


@dataclass(frozen=True)
class Axis:
    """A free dimension, shared by every input that names it: sizes low, low + step, … up to high.

    `usual` is the size that the model was made for, tried as well; 0 where none is known.
    """

    low: int = 1
    high: int = 64
    step: int = 1
    usual: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high or self.step < 1:
            raise ValueError(f"an axis wants 0 <= low <= high and step >= 1, not {self.low}..{self.high} by {self.step}")

    def nearest(self, size: int) -> int:
        """Return the largest size of the axis that is not above `size`, or the smallest size."""
        inside = min(max(size, self.low), self.high)
        return inside - (inside - self.low) % self.step


@dataclass(frozen=True)
class Domain:
    """The values that an input may hold: `values` if closed, else low to high (both included), NaN among them where `nan`."""

    low: float | None = None
    high: float | None = None
    values: tuple[Any, ...] = ()
    nan: bool = False


@dataclass(frozen=True)
class Input:
    """A declared input. `columns` names the table columns that a matrix input [batch, columns] is made of."""

    name: str
    dtype: str
    dims: tuple[Dim, ...]
    domain: Domain = Domain()
    columns: tuple[str, ...] = ()

    def draw(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> np.ndarray:
        """Return a random array of the domain, its dims filled in from `sizes`.

        Without a domain: floats are standard normal, integers 0 to 9, strings one of 50.
        """
        shape = tuple(evaluate(dim, sizes) for dim in self.dims)
        domain = self.domain
        if domain.values:
            chosen = rng.integers(len(domain.values), size=shape)
            return np.array(domain.values, dtypes.numpy_dtype(self.dtype))[chosen]
        if self.dtype == dtypes.STRING:
            return np.array([f"s{n}" for n in rng.integers(50, size=int(np.prod(shape)))], object).reshape(shape)
        if self.dtype == "bool":
            return rng.integers(2, size=shape).astype(bool)
        if not dtypes.is_float(self.dtype):
            low = int(domain.low or 0)
            high = int(domain.high) if domain.high is not None else low + 9
            return rng.integers(low, high, size=shape, endpoint=True).astype(dtypes.numpy_dtype(self.dtype))
        return self._draw_floats(rng, shape).astype(dtypes.numpy_dtype(self.dtype))

    def _draw_floats(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        domain = self.domain
        if domain.low is None and domain.high is None:
            values = rng.standard_normal(shape)
        else:
            low = domain.low if domain.low is not None else (domain.high or 0) - 1
            values = rng.uniform(low, domain.high if domain.high is not None else low + 1, shape)
        if domain.nan:
            values = np.where(rng.random(shape) < 0.1, np.nan, values)
        return np.asarray(values)


@dataclass(frozen=True)
class Output:
    """A declared output. `label_of` names the output whose best score this one's label stands for.

    `step` is the distance of the values that it can have where those are quantised: 1 for the integers themselves, their scale for the floats
    that they stand for. A value that lies between two of them may come out as either.
    """

    name: str
    dtype: str = ""
    label_of: str = ""
    step: float = 0.0


@dataclass(frozen=True)
class ModelSpec:
    """Everything about a loaded model that the host needs: no framework behind it."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    axes: Mapping[str, Axis]
    exporters: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the spec as JSON values."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(document: Mapping[str, Any]) -> ModelSpec:
        """Return the spec that `to_json` gave."""
        return ModelSpec(
            inputs=tuple(input_from_json(each) for each in document["inputs"]),
            outputs=tuple(Output(**each) for each in document["outputs"]),
            axes={name: Axis(**each) for name, each in document["axes"].items()},
            exporters=tuple(document["exporters"]),
            metadata=dict(document["metadata"]),
            summary=document["summary"],
        )


def input_from_json(document: Mapping[str, Any]) -> Input:
    """Return the Input that `dataclasses.asdict` and JSON made of one."""
    domain = {**document["domain"], "values": tuple(document["domain"]["values"])}
    return Input(document["name"], document["dtype"], tuple(document["dims"]), Domain(**domain), tuple(document["columns"]))


def evaluate(dim: Dim, sizes: Mapping[str, int]) -> int:
    """Return the length of a dim where the axes have these sizes; raises KeyError for an axis without a size."""
    if isinstance(dim, int):
        return dim
    return sum(int(term) if term.isdigit() else sizes[term] for term in terms(dim))


def terms(dim: str) -> list[str]:
    """Return the summands of a dim, axis names and numbers."""
    return [term for term in re.split(r"\s*\+\s*", dim.strip()) if term]


def axis_names(inputs: tuple[Input, ...]) -> list[str]:
    """Return the axes that the inputs name, in order of appearance."""
    dims = (dim for each in inputs for dim in each.dims if isinstance(dim, str))
    return list(dict.fromkeys(term for dim in dims for term in terms(dim) if not term.isdigit()))
