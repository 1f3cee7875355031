"""What convolutions and pools share: where the channels are, how windows move, and what is added at the edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.operands import traced
from converter_tensorflow.tracing.traced import Shape, Traced


@dataclass(frozen=True)
class Image:
    """A batch with spatial axes and channels: channels first, as ONNX wants it, whatever its own order."""

    value: Value
    batch: int | None
    spatial: Shape
    channels: int | None
    is_first: bool  # its own order

    @staticmethod
    def of(x: Any, data_format: str | None) -> Image:
        """Return the batch of a tensor in Keras's data format."""
        found = traced(x)
        if keras.config.image_data_format() == "channels_first" if data_format is None else data_format == "channels_first":
            return Image(found.value, found.shape[0], found.shape[2:], found.shape[1], is_first=True)
        return Image(found.first, found.shape[0], found.shape[1:-1], found.shape[-1], is_first=False)

    def becomes(self, value: Value, spatial: Sequence[int | None], channels: int | None) -> Traced:
        """Return another batch in the order of this one; its value is channels first."""
        if self.is_first:
            return Traced(value, (self.batch, channels, *spatial))
        return Traced(value, (self.batch, *spatial, channels), first=True)


@dataclass(frozen=True)
class Windows:
    """The lengths, steps and dilations of a window along each spatial axis."""

    lengths: tuple[int, ...]
    steps: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: str  # valid, same or causal

    @staticmethod
    def of(rank: int, lengths: Any, steps: Any, dilations: Any, padding: str) -> Windows:
        """Return the windows of `rank` spatial axes; one number is for all of them."""
        return Windows(_each(lengths, rank), _each(steps, rank), _each(dilations, rank), padding.lower())

    def reach(self, axis: int) -> int:
        """How many elements a window spans."""
        return (self.lengths[axis] - 1) * self.dilations[axis] + 1

    def moved_over(self, spatial: Shape) -> Shape:
        """Return how many windows there are."""
        return tuple(None if dim is None else self._count(axis, dim) for axis, dim in enumerate(spatial))

    def _count(self, axis: int, dim: int) -> int:
        if self.padding == "valid":
            return max((dim - self.reach(axis)) // self.steps[axis] + 1, 0)
        return -(-dim // self.steps[axis])

    def attributes(self, spatial: Shape) -> dict[str, Any]:
        """Return the attributes of ONNX's operators: explicit pads where the sizes say them."""
        edges = self._edges(spatial)
        if edges is None:
            return {"strides": self.steps, "auto_pad": "SAME_UPPER"}
        return {"strides": self.steps, "pads": [before for before, _ in edges] + [after for _, after in edges]}

    def _edges(self, spatial: Shape) -> list[tuple[int, int]] | None:
        if self.padding == "valid":
            return [(0, 0)] * len(spatial)
        if self.padding == "causal":
            return [(self.reach(axis) - 1, 0) for axis in range(len(spatial))]
        edges = []
        for axis, dim in enumerate(spatial):
            if dim is None and self.steps[axis] > 1:
                return None
            whole = (
                self.reach(axis) - 1
                if dim is None or self.steps[axis] == 1
                else max((self._count(axis, dim) - 1) * self.steps[axis] + self.reach(axis) - dim, 0)
            )
            edges.append((whole // 2, whole - whole // 2))
        return edges


def _each(numbers: Any, rank: int) -> tuple[int, ...]:
    return tuple(int(each) for each in np.broadcast_to(numbers, (rank,)))
