"""Key/value caches, known by what they have: transformers' classes, and the tuples of tuples that they were before.

    an object with `layers`, each with `keys` and `values`               DynamicCache and its kin
    an object with `self_attention_cache` and `cross_attention_cache`    EncoderDecoderCache
    an object with `to_legacy_cache`                                     what older releases had
    ((key, value), …) or ((key, value, key, value), …) under one of `NAMES`

Each becomes a tuple of tensors for each layer.
"""

from __future__ import annotations

from typing import Any

import torch

NAMES = ("past_key_values", "past_key_value", "present_key_values", "present", "presents", "past", "cache")
_OF_DECODER = ("key", "value")
_OF_BOTH = ("decoder.key", "decoder.value", "encoder.key", "encoder.value")


def is_cache(value: Any, name: str) -> bool:
    """Tell whether a value that a forward returns as `name` is a key/value cache."""
    if isinstance(value, tuple | list):
        return name.rpartition(".")[2] in NAMES and bool(value) and all(_is_layer(layer) for layer in value)
    return _has_both(value) or _has_layers(value) or hasattr(value, "to_legacy_cache")


def as_layers(value: Any) -> list[tuple[torch.Tensor, ...]]:
    """Return the tensors of each layer of a cache."""
    if isinstance(value, tuple | list):
        return [tuple(layer) for layer in value]
    if _has_both(value):
        own, crossed = as_layers(value.self_attention_cache), as_layers(value.cross_attention_cache)
        return [layer + other for layer, other in zip(own, crossed or [()] * len(own), strict=True)]
    if _has_layers(value):
        return [(layer.keys, layer.values) for layer in value.layers if layer.keys is not None]
    return [tuple(layer[:2]) for layer in value.to_legacy_cache()]


def names_of_layer(count: int) -> tuple[str, ...]:
    """Return what the tensors of a layer are called."""
    return _OF_DECODER if count == len(_OF_DECODER) else _OF_BOTH


def _has_both(value: Any) -> bool:
    return hasattr(value, "self_attention_cache") and hasattr(value, "cross_attention_cache")


def _has_layers(value: Any) -> bool:
    layers = getattr(value, "layers", None)
    return isinstance(layers, list | tuple) and all(
        hasattr(layer, "keys") and hasattr(layer, "values") and not isinstance(layer, dict) for layer in layers
    )


def _is_layer(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) in {2, 4} and all(isinstance(item, torch.Tensor) for item in value)
