"""Rules of the functions of Keras's backend, a family a module; importing this registers them."""

from converter_tensorflow.tracing.functions import (
    activations,
    arithmetic,
    attention,
    control,
    convolutions,
    images,
    indexing,
    making,
    normalizations,
    pooling,
    products,
    reductions,
    shaping,
    signals,
    sorting,
)

__all__ = [
    "activations",
    "arithmetic",
    "attention",
    "control",
    "convolutions",
    "images",
    "indexing",
    "making",
    "normalizations",
    "pooling",
    "products",
    "reductions",
    "shaping",
    "signals",
    "sorting",
]
