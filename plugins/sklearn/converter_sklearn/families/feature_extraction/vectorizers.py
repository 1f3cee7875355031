"""Vectorizers of texts: the counts of terms, and what they weigh."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from sklearn.feature_extraction.text import CountVectorizer

from converter.writing import Value
from converter_sklearn.expressed import Expressed
from converter_sklearn.families.feature_extraction.analyzers import Analyzer, Codes, Stream, analyzer_of
from converter_sklearn.families.feature_extraction.counting import Vocabulary
from converter_sklearn.families.feature_extraction.expressions import NotTranslated
from converter_sklearn.families.feature_extraction.sparse import Sparse, summed
from converter_sklearn.families.feature_extraction.tokens import tokens_of
from converter_sklearn.families.feature_extraction.weighting import weighed

_OVERRIDDEN = (
    *("_char_ngrams", "_char_wb_ngrams", "_count_vocab", "_get_hasher", "_white_spaces", "_word_ngrams", "build_analyzer"),
    *("build_preprocessor", "build_tokenizer", "decode", "get_stop_words", "transform"),
)
"""The steps of a vectorizer that are written as scikit-learn's own."""


class Vectorizer(Expressed):
    """A vectorizer of texts; the only column it reads is [batch] or [batch, 1]."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return which setting no graph can follow."""
        return next((fault for fault in _faults(estimator) if fault), "")

    def transform(self) -> Value:
        """Write the numbers of all columns, [batch, columns]."""
        (block,) = self.blocks
        return self.answered(Value(self.document, block.value, block.dtype).flat()).written()

    def answered(self, texts: Value) -> Sparse:
        """Return the numbers of texts [batch], [batch, columns]."""
        raise NotImplementedError

    def stream(self, texts: Value, codes: Codes) -> Stream:
        """Return the symbols of texts."""
        return self.analyzer.stream(self.analyzer.pieces(texts), codes)

    @property
    def width(self) -> int:
        """The number of columns."""
        raise NotImplementedError

    @cached_property
    def analyzer(self) -> Analyzer:
        """What cuts a text into symbols."""
        return analyzer_of(self.estimator)


class Counts(Vectorizer):
    """A CountVectorizer."""

    @property
    def width(self) -> int:
        """The number of terms."""
        return len(self.estimator.vocabulary_)

    def answered(self, texts: Value) -> Sparse:
        """Return the counts of the terms, or 1 for those that are there."""
        vocabulary = Vocabulary(self.estimator.vocabulary_, self.analyzer)
        found = vocabulary.found(self.stream(texts, vocabulary.codes))
        counts = summed(found, texts.rows(), self.width, self.compute)
        return counts.with_values(counts.values.sign()) if self.estimator.binary else counts


class Weights(Counts):
    """A TfidfVectorizer."""

    def answered(self, texts: Value) -> Sparse:
        """Return the weights of the terms."""
        return weighed(super().answered(texts), self.estimator._tfidf)


def _faults(vectorizer: Any) -> Iterator[str]:
    """Yield what no graph can follow, "" where something can."""
    yield from (_changed(vectorizer, name) for name in _OVERRIDDEN)
    yield "" if vectorizer.input == "content" else f"input={vectorizer.input!r} reads files"
    for name in ("analyzer", "preprocessor", "strip_accents", *(["tokenizer"] if vectorizer.analyzer == "word" else [])):
        yield f"its {name} is a function of Python's" if callable(getattr(vectorizer, name)) else ""
    if vectorizer.analyzer == "word":
        yield _fault_of_pattern(vectorizer)
    terms = getattr(vectorizer, "vocabulary_", ())
    yield "" if all(isinstance(term, str) for term in terms) else "terms of its vocabulary are no texts"


def _changed(vectorizer: Any, name: str) -> str:
    """Return how a step differs from scikit-learn's own."""
    own = next(kind for kind in type(vectorizer).__mro__ if kind.__module__ == CountVectorizer.__module__)
    is_own = name not in vars(vectorizer) and getattr(type(vectorizer), name, None) is getattr(own, name, None)
    return "" if is_own else f"it has a {name} of its own"


def _fault_of_pattern(vectorizer: Any) -> str:
    try:
        tokens = tokens_of(vectorizer.token_pattern)
    except NotTranslated as error:
        return f"its token_pattern {vectorizer.token_pattern!r} has no equal in RE2: {error}"
    is_unclear = tokens.holds_space and vectorizer.ngram_range[1] > 1 and isinstance(vectorizer, CountVectorizer)
    return "n-grams of tokens that may hold spaces cannot be told from others" if is_unclear else ""
