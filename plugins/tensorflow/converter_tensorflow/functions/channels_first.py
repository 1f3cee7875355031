"""Images channels first at the border of a function that has them last."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import keras
import numpy as np

from converter.plugin import Input, LoadRequest, UsageError
from converter_tensorflow.functions.function import TensorFunction

_RANKS = (4, 5)  # batches of images and of volumes
_T = TypeVar("_T")


@dataclass(frozen=True)
class ChannelsFirst(TensorFunction):
    """Takes and gives images channels first; `inner` has them last. A traced image is turned without a node."""

    inner: TensorFunction

    @staticmethod
    def of(inner: TensorFunction) -> ChannelsFirst:
        """Return the function with its image inputs turned; raises UsageError where it has none."""
        declared = inner.declared
        if not any(len(each.dims) in _RANKS for each in declared.inputs):
            shown = ", ".join(f"{each.name} [{', '.join(map(str, each.dims))}]" for each in declared.inputs)
            raise UsageError(f"layout=nchw is for images, and no input has four or five axes: {shown}", hint="leave -O layout out")
        turned = tuple(dataclasses.replace(each, dims=tuple(_first(each.dims))) for each in declared.inputs)
        return ChannelsFirst(dataclasses.replace(declared, inputs=turned), inner)

    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        """Return the flat answers, images among them channels first."""
        return [_turned(each, _first) for each in self.inner([_turned(each, _last) for each in tensors])]

    def fits(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        """Tell whether inputs of these shapes leave every tensor inside with elements."""
        return self.inner.fits([tuple(_last(shape)) for shape in shapes])

    def taking(self, inputs: tuple[Input, ...]) -> Self:
        """Return the same function with its inputs declared otherwise."""
        return dataclasses.replace(super().taking(inputs), inner=self.inner.taking(_with_channels_last(inputs)))

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random feeds in which each axis has the given size."""
        return {name: array.transpose(_first(range(array.ndim))) for name, array in self.inner.sample(rng, sizes).items()}

    def probed(self) -> TensorFunction:
        """Return the function that is tried to find out which sizes and values it accepts."""
        return dataclasses.replace(self, inner=self.inner.probed())


def with_channels_last(request: LoadRequest) -> LoadRequest:
    """Return a request whose inputs are told as the model takes them, of one that tells them channels first."""
    return dataclasses.replace(request, inputs=_with_channels_last(request.inputs))


def _with_channels_last(inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    return tuple(dataclasses.replace(each, dims=tuple(_last(each.dims))) for each in inputs)


def _turned(tensor: Any, order: Any) -> Any:
    rank = len(tensor.shape)
    return keras.ops.transpose(tensor, order(range(rank))) if rank in _RANKS else tensor


def _first(axes: Sequence[_T]) -> list[_T]:
    """Axes channels first, of those that are channels last."""
    return [axes[0], axes[-1], *axes[1:-1]] if len(axes) in _RANKS else list(axes)


def _last(axes: Sequence[_T]) -> list[_T]:
    """Axes channels last, of those that are channels first."""
    return [axes[0], *axes[2:], axes[1]] if len(axes) in _RANKS else list(axes)
