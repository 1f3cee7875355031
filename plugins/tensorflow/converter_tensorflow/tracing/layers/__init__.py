"""Rules of layers that are more than the functions they call, a family a module; importing this registers them."""

from converter_tensorflow.tracing.layers import (
    bidirectional,
    cropping,
    hashing,
    inference,
    lookups,
    normalizations,
    recurrent,
    texts,
    time_distributed,
    up_sampling,
)

__all__ = ["bidirectional", "cropping", "hashing", "inference", "lookups", "normalizations", "recurrent", "texts", "time_distributed", "up_sampling"]
