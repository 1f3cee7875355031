"""Texts, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping

from sklearn import feature_extraction
from sklearn.feature_extraction import image, text

from converter_sklearn.estimators import Writer
from converter_sklearn.families.feature_extraction.hashing import Features, Hashes
from converter_sklearn.families.feature_extraction.refused import OfDictionaries, OfImages
from converter_sklearn.families.feature_extraction.vectorizers import Counts, Weights
from converter_sklearn.families.feature_extraction.weighting import Rarity

WRITERS: Mapping[type, type[Writer]] = {
    feature_extraction.DictVectorizer: OfDictionaries,
    feature_extraction.FeatureHasher: Features,
    image.PatchExtractor: OfImages,
    text.CountVectorizer: Counts,
    text.HashingVectorizer: Hashes,
    text.TfidfTransformer: Rarity,
    text.TfidfVectorizer: Weights,
}
