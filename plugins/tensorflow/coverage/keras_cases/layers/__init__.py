"""Every layer of keras.layers with a computation, with default and other settings, each in a model of its own: one family a file."""

from __future__ import annotations

import itertools
from types import MappingProxyType

from keras_cases.case import Case, Rows
from keras_cases.layers import (
    activations,
    attention,
    audio,
    augmentation,
    categories,
    convolution,
    core,
    images,
    merging,
    normalization,
    pooling,
    recurrent,
    regularization,
    reshaping,
    texts,
    wrappers,
)

FAMILIES = (
    activations,
    attention,
    audio,
    augmentation,
    categories,
    convolution,
    core,
    images,
    merging,
    normalization,
    pooling,
    recurrent,
    regularization,
    reshaping,
    texts,
    wrappers,
)


def _rows() -> Rows:
    every: list[Case] = sorted((case for family in FAMILIES for case in family.CASES), key=lambda case: case.row)
    return MappingProxyType({row: tuple(group) for row, group in itertools.groupby(every, key=lambda case: case.row)})


ROWS: Rows = _rows()
"""The cases of each layer, by its name."""
