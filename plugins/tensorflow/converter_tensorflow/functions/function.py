"""What every exporter and the model itself work on: a Keras model or a signature as a plain function of tensors."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from converter.plugin import Input, Output


@dataclass(frozen=True)
class Declared:
    """What a function takes and gives, and one line about it for the user."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    summary: str


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

    def taking(self, inputs: tuple[Input, ...]) -> Self:
        """Return the same function with its inputs declared otherwise."""
        return dataclasses.replace(self, declared=dataclasses.replace(self.declared, inputs=inputs))
