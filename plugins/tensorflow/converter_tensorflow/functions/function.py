"""What every exporter and the model itself work on: a Keras model or a signature as a plain function of tensors."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from converter.plugin import Input, Output


@dataclass(frozen=True)
class Declared:
    """What a function takes and gives, one line about it for the user, and metadata for the graph."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    summary: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TensorFunction(abc.ABC):
    """Takes the flat tensors of `declared.inputs`, in order, and returns those of `declared.outputs`."""

    declared: Declared

    @abc.abstractmethod
    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        """Return the flat answers."""

    def fits(self, shapes: Sequence[tuple[int, ...]]) -> bool:  # noqa: ARG002 - a signature cannot tell
        """Tell whether inputs of these shapes leave every tensor inside with elements, as far as that can be told without a call."""
        return True

    def probed(self) -> TensorFunction:
        """Return the function that is tried to find out which sizes and values it accepts."""
        return self

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random feeds in which each axis has the given size."""
        return {each.name: each.draw(rng, sizes) for each in self.declared.inputs}

    def taking(self, inputs: tuple[Input, ...]) -> Self:
        """Return the same function with its inputs declared otherwise."""
        return dataclasses.replace(self, declared=dataclasses.replace(self.declared, inputs=inputs))
