"""N-grams, or features, by their hashes (Weinberger et al. 2009)."""

from __future__ import annotations

from typing import Any

from converter.writing import Value
from converter_sklearn.estimators import joined as side_by_side_in
from converter_sklearn.expressed import Expressed
from converter_sklearn.families.feature_extraction.spans import kept, numbers, span
from converter_sklearn.families.feature_extraction.sparse import Found, Sparse, summed
from converter_sklearn.families.feature_extraction.strings import hashed, joined
from converter_sklearn.families.feature_extraction.vectorizers import Vectorizer


class Hashes(Vectorizer):
    """A HashingVectorizer."""

    @property
    def width(self) -> int:
        """The number of columns that hashes fall into."""
        return int(self.estimator.n_features)

    def answered(self, texts: Value) -> Sparse:
        """Return the sums of the n-grams of each column, or 1 where there are any."""
        found = [_of_hashes(grams, rows, weights, self.estimator) for grams, rows, weights in self._grams(texts)]
        sums = summed(found, texts.rows(), self.width, self.compute)
        return (sums.with_values(sums.values * 0 + 1) if self.estimator.binary else sums).scaled(self.estimator.norm)

    def _grams(self, texts: Value) -> list[tuple[Value, Value, Value]]:
        """Return the n-grams of texts, for each length: the n-grams, the places of their texts, and how often they count, [n-grams] each."""
        stream = self.stream(texts, self.analyzer.codes(()))
        grams = symbols = stream.symbols()
        found = []
        for length in range(1, self.analyzer.high + 1):
            if length > 1:
                start = span(grams, 0, -1)
                grams = joined(joined(start, self.analyzer.separator) if self.analyzer.separator else start, span(symbols, length - 1))
            if (weights := self.analyzer.weights(stream, length)) is not None:
                counts = weights != 0
                found.append((kept(grams, counts), kept(stream.first(stream.rows, length), counts), kept(weights, counts)))
        return found


class Features(Expressed):
    """A FeatureHasher whose samples are rows of texts, all of one length."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return why only texts can be hashed."""
        return (
            "" if estimator.input_type == "string" else f"input_type={estimator.input_type!r} takes dictionaries or pairs, and a graph takes tensors"
        )

    def transform(self) -> Value:
        """Write the sums of the features of each column, [batch, columns]."""
        texts = Value(self.document, side_by_side_in(self.document, self.blocks, "string"), "string")
        height = texts.rows()
        rows = numbers(height).wide().node("Expand", texts.node("Shape", dtype="int64")).flat()
        ones = rows.constant([1]).node("Expand", rows.node("Shape"))
        return summed([_of_hashes(texts.flat(), rows, ones, self.estimator)], height, int(self.estimator.n_features), self.compute).written()


def _of_hashes(texts: Value, rows: Value, weights: Value, hasher: Any) -> Found:
    """Return the columns of texts by the sizes of their hashes, and their weights by the signs of these, if that is asked."""
    hashes = hashed(texts)
    signed = (hashes >= 0).where(weights, -weights) if hasher.alternate_sign else weights
    return Found(rows, abs(hashes).node("Mod", hasher.n_features), signed)
