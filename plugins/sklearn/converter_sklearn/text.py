"""Texts for a model that begins with a vectorizer: words that it knows and words that it does not."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

from converter.plugin import Domain
from converter_sklearn.columns import Column

TEXTS = 200
MOST_WORDS = 12  # in one text
UNKNOWN = ("zyzzyva", "Kryptonite", "naïve", "42", "x", "don't", "—")


def is_text(part: Any) -> bool:
    """Tell whether a part takes a list of texts."""
    return isinstance(part, CountVectorizer | HashingVectorizer)


def text_column(vectorizer: Any) -> Column:
    """Return the column `text`, whose values are made of the vectorizer's own words and of others."""
    rng = np.random.default_rng(0)
    known = sorted(map(str, getattr(vectorizer, "vocabulary_", {}))) or list(UNKNOWN)
    texts = [""]
    for _ in range(TEXTS):
        words = [str(word) for word in rng.choice(known, rng.integers(MOST_WORDS))] + [str(word) for word in rng.choice(UNKNOWN, rng.integers(3))]
        texts.append(" ".join(word.capitalize() if rng.random() < 0.2 else word for word in words))
    return Column("text", "string", Domain(values=tuple(texts)))
