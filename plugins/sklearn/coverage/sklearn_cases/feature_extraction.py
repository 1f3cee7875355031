"""Texts, and what becomes of them."""

from sklearn import feature_extraction
from sklearn.feature_extraction import text
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline

from sklearn_cases.case import cases

_WORDS = (
    {"ngram_range": (1, 2)},
    {"stop_words": "english", "ngram_range": (1, 3)},
    {"lowercase": False, "binary": True},
    {"strip_accents": "unicode"},
    {"token_pattern": r"\b[a-zA-Z]{3,}\b", "ngram_range": (2, 2)},
    {"token_pattern": r"\w+(?:['-]\w+)*|[!?]"},
    {"analyzer": "char", "ngram_range": (1, 3)},
    {"analyzer": "char_wb", "ngram_range": (2, 5)},
)
_LOGISTIC = ("model", LogisticRegression(max_iter=1000))

CASES = (
    *cases(text.CountVectorizer, *_WORDS, {"max_features": 50, "min_df": 2}, {"vocabulary": ["data", "set", "ΟΔΟΣ", "of"]}, table="documents"),
    *cases(text.TfidfVectorizer, *_WORDS, {"norm": "l1", "sublinear_tf": True}, {"norm": None, "use_idf": False}, table="documents"),
    *cases(text.HashingVectorizer, *_WORDS, {"norm": None, "alternate_sign": False}, {"norm": "l1"}, table="documents", n_features=256),
    *cases(text.TfidfTransformer, {"norm": "l1", "sublinear_tf": True}, {"smooth_idf": False, "norm": None}, {"use_idf": False}, table="counts"),
    *cases(feature_extraction.FeatureHasher, {"alternate_sign": False}, table="words in columns", n_features=64, input_type="string"),
    *cases(
        Pipeline,
        {"steps": [("counts", text.CountVectorizer()), ("weights", text.TfidfTransformer()), ("model", MultinomialNB())]},
        {"steps": [("both", FeatureUnion([("words", text.TfidfVectorizer()), ("letters", text.CountVectorizer(analyzer="char_wb"))])), _LOGISTIC]},
        steps=[("weights", text.TfidfVectorizer(stop_words="english", ngram_range=(1, 2))), _LOGISTIC],
        table="documents",
    ),
)
