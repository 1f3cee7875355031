"""Texts for a model that begins with vectorizers: words that it knows and words that it does not, and what letters and white space do to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline

from converter.plugin import Domain
from converter_sklearn.columns import Column

TEXTS = 200
STRANGE = 100  # more texts, in which the strange is between the words
MOST_WORDS = 12  # in one text
LONGEST = 500  # words, in one text
UNKNOWN = ("zyzzyva", "Kryptonite", "naïve", "42", "x", "don't", "—")
LETTERS = (
    *("İstanbul", "ΟΔΟΣ", "ΑΣ'Α", "ΑΣ1ΑΣ", "Σ", "σας", "I\u0307", "STRASSE", "ẞ", "Ǆ", "ﬁn", "ｆｕｌｌ", "Ⅷ", "½", "e\u0301", "É", "\u0301", "Ĳ"),
    *(
        "𝔘𝔫𝔦",
        "𐐀",
        "😀",
        "👩\u200d👧",
        "日本語",
        "한국어",
        "ไทย",
        "मराठी",
        "العربية",
        "٣٤",
        "_",
        "__init__",
        "a_b",
        "e.g.",
        "3.14",
        "well-known",
        "@",
        "#",
    ),
    *("\x01", "\x1b", "\x7f", "\xad", "\u200b", "\ufeff", "\ufffd", "\U0010ffff"),
)
SPACES = (" ", "  ", "\t", "\n\n", "\x1c", "\x1d\x1e", "\x1f", "\x85", "\xa0", "\u1680", "\u2003", "\u2028", "\u3000", "", ", ", "'")


def is_text(part: Any) -> bool:
    """Tell whether a part takes a list of texts."""
    return any(True for _ in _vectorizers(part))


def text_column(part: Any) -> Column:
    """Return the column `text`, whose values are made of the words that the vectorizers of a part know, and of others; some are strange or empty."""
    rng = np.random.default_rng(0)
    terms = sorted({str(term) for each in _vectorizers(part) for term in getattr(each, "vocabulary_", {})})
    known = np.array(terms or UNKNOWN, object)
    texts = ["", " \n"]
    for _ in range(TEXTS):
        words = [str(word) for word in rng.choice(known, rng.integers(MOST_WORDS))] + [str(word) for word in rng.choice(UNKNOWN, rng.integers(3))]
        texts.append(" ".join(word.capitalize() if rng.random() < 0.2 else word for word in words))
    texts += [_strange(rng, known, int(rng.integers(1, MOST_WORDS))) for _ in range(STRANGE)]
    return Column("text", "string", Domain(values=(*texts, _strange(rng, known, LONGEST))))


def _strange(rng: np.random.Generator, known: np.ndarray, count: int) -> str:
    words = np.where(rng.random(count) < 0.5, rng.choice(LETTERS, count), rng.choice(known, count))
    changed = (str(word).upper() if rng.random() < 0.2 else str(word) for word in words)
    return "".join(f"{word}{rng.choice(SPACES)}" for word in changed)


def _vectorizers(part: Any) -> Iterator[Any]:
    """Yield the vectorizers that see the texts as they come."""
    if isinstance(part, CountVectorizer | HashingVectorizer):
        yield part
    elif isinstance(part, Pipeline):
        steps = [step for _, step in part.steps if step is not None and step != "passthrough"]
        yield from _vectorizers(steps[0]) if steps else ()
    elif isinstance(part, FeatureUnion):
        for _, each in part.transformer_list:
            yield from _vectorizers(each)
