"""Tensors to try a function with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from converter.plugin import Domain, Input
from converter_tensorflow.tensors import to_tensor


def example_tensors(inputs: Sequence[Input], sizes: Mapping[str, int], integers: Mapping[str, int] | None = None) -> list[Any]:
    """Return a seeded tensor for each input; an integer input of unknown range is filled with the value in `integers`, else with 0.

    Any table has a row 0, where random numbers may lie outside it.
    """
    rng = np.random.default_rng(0)
    values = {name: (integers or {}).get(name, 0) for name in of_unknown_range(inputs)}
    filled = [replace(each, domain=Domain(values[each.name], values[each.name])) if each.name in values else each for each in inputs]
    return [to_tensor(each.draw(rng, sizes), each.dtype) for each in filled]


def of_unknown_range(inputs: Sequence[Input]) -> list[str]:
    """Return the names of the integer inputs whose values nobody limited."""
    return [each.name for each in inputs if each.dtype.startswith(("int", "uint")) and each.domain == Domain()]
