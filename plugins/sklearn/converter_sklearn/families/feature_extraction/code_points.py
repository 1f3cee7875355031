"""Sets of code points, as masks [code points], and what Python's `str` knows of each."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import numpy as np

COUNT = 0x110000
BREAKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f "  # white space that stays as it is whatever is done to a text before tokens are looked for
SIGMA = "Σ"  # the one letter whose lower case depends on the letters around it
DOTTED_I = "İ"  # the one letter whose lower case is two
_FIRST_SURROGATE, _SURROGATES = 0xD800, 0x800


@cache
def every() -> str:
    """Return all code points in order, but for the surrogates, which no text in UTF-8 holds."""
    return "".join(map(chr, np.delete(np.arange(COUNT), slice(_FIRST_SURROGATE, _FIRST_SURROGATE + _SURROGATES)).tolist()))


def found_by(pattern: re.Pattern[str]) -> np.ndarray:
    """Return which code points are in the runs of characters that a pattern matches."""
    mask = np.zeros(len(every()), bool)
    for found in pattern.finditer(every()):
        mask[found.start() : found.end()] = True
    return _with_surrogates(mask)


def of(characters: str) -> np.ndarray:
    """Return the set of some characters."""
    mask = np.zeros(COUNT, bool)
    mask[[ord(each) for each in characters]] = True
    return mask


def characters_of(mask: np.ndarray) -> list[str]:
    """Return the characters of a set."""
    return [chr(each) for each in np.flatnonzero(mask).tolist()]


def written(mask: np.ndarray) -> str:
    """Return a set as a class of RE2."""
    if not mask.any():
        return r"[^\x{0}-\x{10ffff}]"
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).reshape(-1, 2)
    return "[" + "".join(rf"\x{{{first:x}}}" + (rf"-\x{{{stop - 1:x}}}" if stop - first > 1 else "") for first, stop in edges.tolist()) + "]"


@cache
def whitespace() -> str:
    r"""Return the characters that `\s` matches and `str.split` cuts at."""
    return "".join(each for each in every() if each.isspace())


@cache
def cased_and_ignorable() -> tuple[np.ndarray, np.ndarray]:
    """Return the cased letters that are not case-ignorable, and what is case-ignorable, as `str.lower` treats them beside a capital sigma."""
    plain = every().replace(DOTTED_I, "I")
    before, between = (_small_sigmas(f"{after} ", plain) for after in ("", "A"))
    cased, either = _with_surrogates(before), _with_surrogates(between)
    cased[ord(DOTTED_I)] = either[ord(DOTTED_I)] = True
    return cased, either & ~cased


def _small_sigmas(after: str, letters: str) -> np.ndarray:
    """Return for which letters a capital sigma before the letter and what comes after it has the usual small form."""
    text = "".join(f"A{SIGMA}{each}{after}" for each in letters).lower()
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).reshape(len(letters), -1)
    return np.asarray(points[:, 1] == ord("σ"))


@cache
def without_accents(*, ascii_only: bool) -> dict[str, str]:
    """Return what becomes of each character that `strip_accents_unicode`, or `strip_accents_ascii`, changes; both treat each one by itself."""
    decomposed = ((each, unicodedata.normalize("NFKD", each)) for each in every())
    stripped = (
        (each, "".join(part for part in parts if (part.isascii() if ascii_only else not unicodedata.combining(part)))) for each, parts in decomposed
    )
    return {each: left for each, left in stripped if left != each}


def _with_surrogates(mask: np.ndarray) -> np.ndarray:
    return np.insert(mask, _FIRST_SURROGATE, np.zeros(_SURROGATES, bool))
