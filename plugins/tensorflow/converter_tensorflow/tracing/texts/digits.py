"""Whole numbers as the bytes of their decimal texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.sizes import ints

MOST = 20  # bytes of the longest: -9223372036854775808
WIDTH = 24  # whole words of 8
_ZERO, _MINUS = ord("0"), ord("-")


@dataclass(frozen=True)
class Bytes:
    """Texts of ASCII characters: their bytes, int64 [n, 24], 0 behind the end, and their lengths, int64 [n]."""

    values: Value
    lengths: Value

    def fetched(self, start: Value | int, count: int) -> Value:
        """Return `count` bytes from a place on, one for all or int64 [n], as a little-endian number, int64 [n]."""
        places = ((ints(start) if isinstance(start, int) else start.wide(1)) + np.arange(count)).clip(0, WIDTH - 1)
        operator = "Gather" if isinstance(start, int) else "GatherElements"
        found = self.values.node(operator, places, axis=1)
        number = found.column(0)
        for place in range(1, count):  # one by one: ONNX Runtime's sum of int64 is that of doubles
            number = number + found.column(place) * (1 << (8 * place))
        return number


def decimal(numbers: Value) -> Bytes:
    """Return the decimal texts of int64 [n]."""
    powers = np.array([10**place for place in range(MOST - 1)], np.int64)
    cut = numbers.wide(1) / powers  # towards 0
    digits = abs(cut - cut / 10 * 10)
    negative = (numbers < 0).cast("int64")
    count = (cut != 0).cast("int64").node("Slice", ints(1), ints(MOST - 1), ints(1)).sum(1, keep=False) + 1
    lengths = count + negative
    places = (lengths.wide(1) - 1) - np.arange(WIDTH)  # of the digit at each byte
    characters = digits.node("GatherElements", places.clip(0, MOST - 2), axis=1) + _ZERO
    first = (negative.wide(1) == 1) & (places.constant(np.arange(WIDTH)) == 0)
    return Bytes((places < 0).where(places * 0, first.where(places * 0 + _MINUS, characters)), lengths)
