"""Keys and values of earlier tokens, between the tensors of a graph and the cache objects of transformers.

    past_key_values.0.key, past_key_values.0.value, … ─▶ DynamicCache ─ forward ─▶ present.0.key, present.0.value, …

Each tensor is [batch, heads, past, width]. Every layer keeps all tokens, also where attention looks back through a window only: the mask has the
window. So one graph does for prompts (a past of 0 tokens) and for what follows, and the window may be passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from converter.plugin import Dim, Input, UsageError
from converter_torch.huggingface.inputs import parameters

PAST = "past_key_values"
PRESENT = "present"
_ARGUMENTS = ("cache", PAST)  # what the forward calls it: newer releases of transformers, older ones
_GROWING = ("DynamicLayer", "DynamicSlidingWindowLayer")
_DIMS = 4
_WITHOUT = "-O task={task} converts it without a cache"


@dataclass(frozen=True)
class Layer:
    """How many heads a layer has keys for, and how wide its keys and values are."""

    heads: int
    key: int
    value: int


def argument(module: Any) -> str:
    """Return what a forward calls its cache; "" where it takes none."""
    return next((name for name in _ARGUMENTS if name in parameters(module)), "")


def check_growing(module: Any, config: Any, task: str) -> None:
    """Raise UsageError, with the reason, where a model keeps something else than keys and values of every token."""
    from transformers.cache_utils import DynamicCache

    name, hint = type(module).__name__, _WITHOUT.format(task=task)
    if not argument(module):
        raise UsageError(f"{name} keeps no keys and values: its state is of another kind", hint=hint)
    kinds = [type(layer).__name__ for layer in DynamicCache(config=config).layers]
    if strange := sorted({kind for kind in kinds if kind not in _GROWING}):
        raise UsageError(f"{name} keeps more than keys and values of tokens: {', '.join(strange)}", hint=hint)


def layers_of(cache: Any, module: Any, task: str) -> tuple[Layer, ...]:
    """Return the layers of a cache that a forward has filled; raises UsageError where it has not."""
    filled = [layer for layer in cache.layers if layer.keys is not None]
    if not filled or len(filled) != len(cache.layers) or any(layer.keys.ndim != _DIMS for layer in filled):
        raise UsageError(f"{type(module).__name__} fills no cache of keys and values [batch, heads, tokens, width]", hint=_WITHOUT.format(task=task))
    return tuple(Layer(layer.keys.shape[1], layer.keys.shape[3], layer.values.shape[3]) for layer in filled)


def inputs(layers: Sequence[Layer], dtype: str, length: Dim, part: str = "") -> tuple[Input, ...]:
    """Return the inputs of a cache, each `length` tokens long; `part` is for caches of two parts."""
    return tuple(
        Input(f"{PAST}.{place}.{part}{name}", dtype, ("batch", layer.heads, length, width))
        for place, layer in enumerate(layers)
        for name, width in (("key", layer.key), ("value", layer.value))
    )


def outputs(cache: Any, part: str = "") -> dict[str, torch.Tensor]:
    """Return the tensors of a cache by the names of outputs."""
    tensors = ((place, layer) for place, layer in enumerate(cache.layers))
    return {f"{PRESENT}.{place}.{part}{name}": getattr(layer, f"{name}s") for place, layer in tensors for name in ("key", "value")}


def empty(layers: Sequence[Layer], batch: int, dtype: torch.dtype, device: torch.device) -> list[torch.Tensor]:
    """Return the tensors of a past without tokens."""
    widths = ((layer, width) for layer in layers for width in (layer.key, layer.value))
    return [torch.zeros(batch, layer.heads, 0, width, dtype=dtype, device=device) for layer, width in widths]


def cache_of(tensors: Iterable[torch.Tensor]) -> Any:
    """Return a cache that holds these keys and values, in turns, and grows."""
    from transformers.cache_utils import DynamicCache

    every = list(tensors)
    cache = DynamicCache()
    cache.layers = [_layer(keys, values) for keys, values in zip(every[::2], every[1::2], strict=True)]
    return cache


def _layer(keys: torch.Tensor, values: torch.Tensor) -> Any:
    from transformers.cache_utils import DynamicLayer

    class Growing(DynamicLayer):  # type: ignore[misc]
        """A layer whose length is that of its keys, also where that is 0, without asking for their values."""

        def get_seq_length(self, *_: Any) -> Any:
            return self.keys.shape[-2]

    layer = Growing()
    layer.keys, layer.values = keys, values
    layer.dtype, layer.device, layer.is_initialized = keys.dtype, keys.device, True
    return layer
