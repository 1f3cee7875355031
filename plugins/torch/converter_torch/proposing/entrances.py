"""What the layers of a module take: the layouts that its inputs may have.

Conv2d(3, …)          float [batch, 3, height, width]
Embedding(30522, …)   int64 [batch, length] of 0..30521
LSTM(8, …)            float [length, batch, 8], or [batch, length, 8] with batch_first
Linear(16, …)         float [batch, 16], [batch, length, 16]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.instancenorm import _InstanceNorm

from converter.plugin import Dim, Domain, Input
from converter_torch.tensors import dtype_name

BATCH, LENGTH = "batch", "length"
SPACES = ((LENGTH,), ("height", "width"), ("depth", "height", "width"))
LARGEST = 1024  # pixels of a side
MOST = 12  # layouts that are worth a try


@dataclass(frozen=True)
class Layout:
    """The dtype and the dims of an input, and the highest value of integers."""

    dtype: str
    dims: tuple[Dim, ...]
    high: int | None = None
    low: int = 0

    def named(self, name: str) -> Input:
        """Return the input of this layout."""
        return Input(name, self.dtype, self.dims, Domain() if self.high is None else Domain(self.low, self.high))


def layouts(module: nn.Module) -> list[Layout]:
    """Return what the layers of a module take, those that were made first before others, each layout once."""
    dtype = next((dtype_name(each.dtype) for each in module.parameters() if each.is_floating_point()), "float32")
    found = dict.fromkeys(Layout(dtype, dims, high) if high is None else Layout("int64", dims, high) for dims, high in _all(module))
    return list(found)[:MOST]


def _all(module: nn.Module) -> Iterator[tuple[tuple[Dim, ...], int | None]]:
    inside: set[int] = set()  # parts of a layer that is known as a whole
    for layer in module.modules():
        if id(layer) in inside:
            continue
        if isinstance(layer, nn.MultiheadAttention):
            inside.update(map(id, layer.modules()))
        yield from _of(layer)


def _of(layer: nn.Module) -> Iterator[tuple[tuple[Dim, ...], int | None]]:
    match layer:
        case nn.Embedding() | nn.EmbeddingBag():
            yield (BATCH, LENGTH), layer.num_embeddings - 1
            yield (BATCH,), layer.num_embeddings - 1
        case _ConvNd():
            yield from _spatial(layer.in_channels, SPACES[len(layer.kernel_size) - 1])
        case nn.RNNBase():
            yield ((BATCH, LENGTH) if layer.batch_first else (LENGTH, BATCH)) + (layer.input_size,), None
        case nn.RNNCellBase():
            yield (BATCH, layer.input_size), None
        case nn.MultiheadAttention():
            yield ((BATCH, LENGTH) if layer.batch_first else (LENGTH, BATCH)) + (layer.embed_dim,), None
        case nn.Linear():
            yield from _features((layer.in_features,))
        case nn.Bilinear():
            yield (BATCH, layer.in1_features), None
            yield (BATCH, layer.in2_features), None
        case nn.LayerNorm():
            yield from _features(tuple(layer.normalized_shape))
        case _BatchNorm() | _InstanceNorm():
            yield from _normalised(layer)
        case nn.GroupNorm():
            yield from _spatial(layer.num_channels, SPACES[1])
            yield from _spatial(layer.num_channels, SPACES[0])


def _features(shape: tuple[int, ...]) -> Iterator[tuple[tuple[Dim, ...], None]]:
    yield (BATCH, *shape), None
    yield (BATCH, LENGTH, *shape), None
    yield (LENGTH, BATCH, *shape), None


def _spatial(channels: int, space: tuple[str, ...]) -> Iterator[tuple[tuple[Dim, ...], None]]:
    yield (BATCH, channels, *space), None
    if channels == 1:
        yield (BATCH, *space), None  # a forward that adds the channel itself


def _normalised(layer: nn.Module) -> Iterator[tuple[tuple[Dim, ...], None]]:
    channels = int(layer.num_features)  # type: ignore[arg-type]
    dims = next((int(char) for char in type(layer).__name__ if char.isdigit()), 1)
    if isinstance(layer, nn.BatchNorm1d):
        yield (BATCH, channels), None
    yield from _spatial(channels, SPACES[min(dims, len(SPACES)) - 1])


def usual_sizes(module: nn.Module) -> list[int]:
    """Return the image sizes that a module says it was made for."""
    held = (vars(part).get(name) for part in module.modules() if not isinstance(part, _RECURRENT) for name in _SIZE_NAMES)
    found = (value[-1] if isinstance(value, tuple | list) and value else value for value in held)
    return list(dict.fromkeys(size for size in found if type(size) is int and 1 < size <= LARGEST))


_RECURRENT = (nn.RNNBase, nn.RNNCellBase)  # which call their features so
_SIZE_NAMES = ("image_size", "img_size", "input_size", "input_resolution")
