"""Rendered words as arrays: drawn by several processes, each word from a seed of its own, so that their number changes nothing."""

from __future__ import annotations

import multiprocessing
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from converter.ctc import CtcAlphabet
from converter.images import ImagePreparation
from render import render
from vocabulary import draw_text

if TYPE_CHECKING:
    from fonts import Face

PREPARATION = ImagePreparation(input="images", height=32, width=100)
ALPHABET = CtcAlphabet(output="logits", charset="0123456789abcdefghijklmnopqrstuvwxyz")
CHUNK = 500  # words that a process renders at a time
TRAINING, FAMILIAR, UNFAMILIAR, EXAMPLES = range(4)  # streams of random numbers that never meet
PIXELS = replace(PREPARATION, mean=(0.0, 0.0, 0.0), std=(1 / 255, 1 / 255, 1 / 255))  # the same image before it is normalised


@dataclass(frozen=True)
class Words:
    """Prepared images as pixels, uint8 [words, 3, 32, 100], and what each says, in lower case."""

    pixels: np.ndarray
    truth: list[str]


@dataclass(frozen=True)
class Recipe:
    """Which words to render: the faces, the stream of random numbers, and whether the words are those held out of training."""

    faces: list[Face]
    seed: int
    stream: int
    held_out: bool

    def words(self, numbers: range) -> Words:
        """Return the words of these numbers; each family of faces is as likely as every other."""
        families = defaultdict(list)
        for face in self.faces:
            families[face.family].append(face)
        drawn = [self._word(number, list(families.values())) for number in numbers]
        return Words(np.stack([pixels for pixels, _ in drawn]), [word for _, word in drawn])

    def _word(self, number: int, families: list[list[Face]]) -> tuple[np.ndarray, str]:
        rng = np.random.default_rng((self.seed, self.stream, number))
        text = draw_text(rng, held_out=self.held_out)
        family = families[rng.integers(len(families))]
        image = render(text, family[rng.integers(len(family))], rng)
        return PIXELS(image).round().astype(np.uint8), text.lower()


def render_words(recipe: Recipe, count: int, processes: int = 1) -> Words:
    """Return `count` words, rendered by `processes` processes (1: by this one)."""
    ranges = [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    if processes == 1:
        parts = [recipe.words(numbers) for numbers in ranges]
    else:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
            parts = list(pool.map(Recipe.words, repeat(recipe), ranges))
    return Words(np.concatenate([part.pixels for part in parts]), [word for part in parts for word in part.truth])
