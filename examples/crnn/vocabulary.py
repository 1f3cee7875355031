"""Texts to render: words built of syllables, random strings, numbers; and which words are kept for evaluation.

A text is what the image shows ("TuongAn"); its truth is in lower case ("tuongan"), since the alphabet has 36 characters.
In random strings no reader can tell a capital I from l, a capital O from 0, or, in some faces, l from 1 and o from 0. So they have no capital I
and O, and no i, l and o where letters and digits are mixed, as serial numbers avoid them. Words and numbers have them all: the neighbours tell.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
LONGEST = 10
ONSETS = "b c d f g h j k l m n p r s t v w x y z br bl ch cl cr dr fl fr gh gl gr kh kn nh ng ph pl pr qu sc sh sk sl sm sn sp st str sw th tr tw wh".split()  # noqa: SIM905 - read more easily so
NUCLEI = "a e i o u a e i o u y ai au ay ea ee ei eo ew ia ie io oa oe oi oo ou ow oy ua ue ui uo uy".split()  # noqa: SIM905 - read more easily so
CODAS = "b ck ct d f g ff ft l ld lf lk ll lt m mp n nc nd ng nk nt p pt r rd rk rm rn rs rt s sh sk ss st t th ts tt x y z".split()  # noqa: SIM905 - read more easily so


def is_held_out(word: str) -> bool:
    """Whether a word (lower case) is kept for evaluation and never trained on; about one in twenty, none shorter than three."""
    return len(word) > 2 and zlib.crc32(word.encode()) % 20 == 0


def draw_text(rng: np.random.Generator, *, held_out: bool = False) -> str:
    """Return a text of 1 to 10 characters whose word is held out or not."""
    while True:
        text = _KINDS[rng.choice(len(_KINDS), p=_SHARES)](rng)
        if 0 < len(text) <= LONGEST and is_held_out(text.lower()) == held_out:
            return text


def _word(rng: np.random.Generator) -> str:
    word = _syllables(rng, rng.choice((1, 2, 3, 4), p=(0.2, 0.45, 0.3, 0.05)))
    case = rng.choice(5, p=(0.4, 0.2, 0.25, 0.1, 0.05))
    if case == 0:
        return word
    if case == 1:
        return word.capitalize()
    if case == 2:
        return word.upper()
    return word.capitalize() + (_syllables(rng, 1).capitalize() if case == 3 else str(rng.integers(1000)))


def _syllables(rng: np.random.Generator, count: int) -> str:
    return "".join(_syllable(rng) for _ in range(count))


def _syllable(rng: np.random.Generator) -> str:
    onset = rng.choice(ONSETS) if rng.random() < 0.85 else ""
    coda = rng.choice(CODAS) if rng.random() < 0.5 else ""
    return f"{onset}{rng.choice(NUCLEI)}{coda}"


def _letters(rng: np.random.Generator) -> str:
    return _random(rng, LETTERS)


def _capitals(rng: np.random.Generator) -> str:
    return _random(rng, _CAPITALS)


def _code(rng: np.random.Generator) -> str:
    letters = (_CLEAR, _CLEAR.upper(), _CLEAR + _CLEAR.upper())[rng.choice(3, p=(0.4, 0.4, 0.2))]
    return _random(rng, letters + DIGITS)


def _number(rng: np.random.Generator) -> str:
    return _random(rng, DIGITS)


def _random(rng: np.random.Generator, alphabet: str) -> str:
    return "".join(rng.choice(list(alphabet), rng.integers(1, 9)))


_CAPITALS = "".join(letter for letter in LETTERS.upper() if letter not in "IO")
_CLEAR = "".join(letter for letter in LETTERS if letter not in "ilo")
_KINDS: tuple[Callable[[np.random.Generator], str], ...] = (_word, _letters, _capitals, _code, _number)
_SHARES = (0.7, 0.06, 0.05, 0.09, 0.1)
