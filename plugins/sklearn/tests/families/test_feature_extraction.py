"""Texts at their edges: hostile documents give scikit-learn's counts, and what no graph can follow is refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from converter.plugin import ExportError

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
PIECES = [
    *(
        "ÉCOLE",
        "naïve",
        "Straße",
        "İstanbul",
        "aİb",
        "ΑΣ",
        "Ωmega",
        "日本語",
        "foo_bar",
        "x",
        "ｆｕｌｌ",
        "Ⅷ",
        "a\u0301b",
        "٣٤",
        "hello",
        "World",
        "l'été",
        "№5",
    ),
    *("Ǆ", "ﬁn", "don't", "𝔘𝔫", "😀", "\u0307", "ß", "ẞ", "i̇", "UPPER", "the", "and", "of", "e\u0301", "Å", "ΌΣΟΣ", "ǅ", "\u200b", "co\u00adop"),
]
SPACES = [" ", "\n", ", ", "-", "\u00a0", ". ", "\t", "\r\n", "\u2003", "\u3000", "\x1c", "\x85", "  ", "\u2028", "/"]


def hostile(count: int, seed: int, longest: int = 30) -> list[str]:
    """Random documents of strange words and strange spaces; every 20th is empty or only spaces."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        length = 0 if number % 20 == 0 else int(rng.integers(1, longest))
        found.append("".join(PIECES[rng.integers(len(PIECES))] + SPACES[rng.integers(len(SPACES))] for _ in range(length)) or " " * (number % 3))
    return found


SETTINGS: dict[str, Any] = {
    "words": CountVectorizer(),
    "pairs of words": CountVectorizer(ngram_range=(1, 2)),
    "without stop words": CountVectorizer(ngram_range=(1, 3), stop_words="english"),
    "cases kept": CountVectorizer(lowercase=False),
    "single letters": CountVectorizer(token_pattern=r"(?u)\b\w+\b"),
    "characters": CountVectorizer(analyzer="char", ngram_range=(1, 3)),
    "characters of words": CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
    "seen or not": CountVectorizer(binary=True),
    "weighted": TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)),
    "shares": TfidfVectorizer(norm="l1", use_idf=False),
    "hashed": HashingVectorizer(n_features=256),
    "hashed without signs": HashingVectorizer(n_features=100, alternate_sign=False, norm=None),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_hostile_documents_give_the_same_numbers(name: str, load_model: Load, run_graph: Run) -> None:
    model = load_model(SETTINGS[name].fit(hostile(300, 0)))
    (given,) = model.inputs
    for texts in (hostile(500, 1), [""], ["", "  "], hostile(1, 2), hostile(3, 3, longest=900)):
        feeds = {given.name: np.array(texts, object)}
        got, want = run_graph(model, feeds)["transformed"], model.run(feeds)["transformed"]
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7)


def test_texts_that_decide_something(load_model: Load, run_graph: Run) -> None:
    texts = hostile(300, 4)
    model = load_model(
        make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, ["yes" if "hello" in text.lower() else "no" for text in texts])
    )
    feeds = {model.inputs[0].name: np.array(hostile(500, 5), object)}
    got, want = run_graph(model, feeds), model.run(feeds)
    assert got["label"].tolist() == want["label"].tolist()
    np.testing.assert_allclose(got["probabilities"], want["probabilities"], atol=1e-6)


@pytest.mark.parametrize(
    "vectorizer",
    [
        CountVectorizer(tokenizer=str.split, token_pattern=None),
        CountVectorizer(preprocessor=str.title),
        CountVectorizer(analyzer=str.split),
        CountVectorizer(token_pattern=r"(?u)\b\w+(?=!)|\b\w+\b"),
    ],
    ids=["tokenizer", "preprocessor", "analyzer", "look ahead"],
)
def test_what_no_graph_follows_is_refused(vectorizer: Any, load_model: Load, run_graph: Run) -> None:
    model = load_model(vectorizer.fit(["one two", "two three"]))
    feeds = {model.inputs[0].name: np.array(["one two three"], object)}
    with pytest.raises(ExportError, match="CountVectorizer cannot be written: "):
        run_graph(model, feeds)
