"""Feeds as a tokenizer gives them: masks of padded rows, positions that count what is not padding, boxes with their corners in order.

Every row of a mask has a 1 at least. Texts that are read whole are padded on the right, those that go on are padded on the left; the first row is not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from converter.plugin import Domain, Input


def padded(rng: np.random.Generator, rows: int, length: int, *, left: bool, least: int = 1) -> np.ndarray:
    """Return a mask [rows, length] of ones, `least` of them in each row, and of zeros where the rows are padded: the first row is not, the others are at random."""
    kept = (
        np.array([length, *rng.integers(least, length, size=max(0, rows - 1), endpoint=True)][:rows], np.int64)
        if length
        else np.zeros(rows, np.int64)
    )
    places = np.arange(length)
    return np.asarray(places >= (length - kept)[:, None] if left else places < kept[:, None], np.int64)


def positions(mask: np.ndarray, length: int) -> np.ndarray:
    """Return the positions of the last `length` places of a mask: how many ones are before each; 0 for padding."""
    counted = np.maximum(np.cumsum(mask, axis=-1) - 1, 0)
    return np.asarray(counted[..., counted.shape[-1] - length :], np.int64)


def made_valid(feeds: Mapping[str, np.ndarray], inputs: tuple[Input, ...], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return feeds that were drawn value by value with masks, positions and boxes as they occur; an input whose values the user narrowed stays."""
    made = dict(feeds)
    for each in inputs:
        feed = made[each.name]
        if each.name.endswith("attention_mask") and feed.ndim >= 2 and each.domain in {MASK, Domain()}:
            made[each.name] = _mask_like(rng, feed)
        elif each.name == "bbox":
            corners = np.sort(feed.reshape(*feed.shape[:-1], 2, 2), axis=-2)
            made[each.name] = corners.reshape(feed.shape)
    return made


def _mask_like(rng: np.random.Generator, feed: np.ndarray) -> np.ndarray:
    *leading, length = feed.shape
    return padded(rng, int(np.prod(leading)), length, left=False).reshape(feed.shape).astype(feed.dtype)


MASK = Domain(0, 1)
