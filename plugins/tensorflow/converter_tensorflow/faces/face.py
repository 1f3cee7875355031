"""How a Keras model meets the world: what it takes, what it gives, and how flat tensors become the arguments of its call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from converter.plugin import Input, Output


@dataclass(frozen=True)
class Face:
    """`structure` is the list of arguments, nested as the model takes them, with one leaf for each input."""

    structure: list[Any]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
