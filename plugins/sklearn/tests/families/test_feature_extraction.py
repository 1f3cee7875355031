from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.image import PatchExtractor
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import LinearSVC

from converter.plugin import ExportError, ExportRequest
from converter_sklearn.estimators import writer_of
from converter_sklearn.families.feature_extraction.code_points import BREAKS, cased_and_ignorable, every, whitespace
from converter_sklearn.families.feature_extraction.expressions import NotTranslated, parsed
from converter_sklearn.families.feature_extraction.longest import is_longest
from converter_sklearn.families.feature_extraction.tokens import tokens_of
from converter_sklearn.text import LETTERS, is_text, text_column

Run = Callable[..., dict[str, np.ndarray]]
Load = Callable[..., Any]

WORDS = "the The cat sat dog's don't well-known http://a.b/c?d=e ας σ Σ\u0301Α ΑΣʰ ΑʰΣ 1Σ ΣΣΣ ΑΣ:Β ΑΣ\u00adΒ ſ µ \u0345 ᾼ Ა Ꭰ ꟊ"
PIECES = (*LETTERS, *WORDS.split())


def hostile(count: int, seed: int) -> list[str]:
    """Texts of letters that are lower-cased, decomposed or cut up in unusual ways, with all white space between them; a long one, empty ones."""
    rng = random.Random(seed)
    texts = ["", "   ", whitespace(), "İ", "Σ", "ΑΣ", "."]
    while len(texts) < count - 1:
        words = (rng.choice(PIECES) + rng.choice((*whitespace(), "", ",", "  ", *" " * 9)) for _ in range(rng.randrange(25)))
        text = "".join(words) + chr(rng.choice((rng.randint(1, 0xD7FF), rng.randint(0xE000, 0x10FFFF))))
        texts.append(text.upper() if rng.random() < 0.1 else text)
    return [*texts, " ".join(texts[:150])]


@pytest.mark.parametrize(
    "vectorizer",
    [
        CountVectorizer(ngram_range=(1, 3)),
        CountVectorizer(ngram_range=(1, 2), stop_words=["the", "cat"], binary=True),
        CountVectorizer(lowercase=False, token_pattern=r"\S+"),
        CountVectorizer(strip_accents="ascii", token_pattern=r"(?i)[a-zİσ]+", ngram_range=(2, 2)),
        CountVectorizer(token_pattern=r"\b[a-zA-Z]{2,5}\b", ngram_range=(1, 2)),
        CountVectorizer(token_pattern=r"\b\w+(?:[-']\w+)*\b|[!?]"),
        CountVectorizer(token_pattern="[^,]+"),
        CountVectorizer(token_pattern="[^ ]+", ngram_range=(1, 2)),
        CountVectorizer(analyzer="char", ngram_range=(1, 3)),
        CountVectorizer(analyzer="char_wb", ngram_range=(1, 2)),
        CountVectorizer(analyzer="char_wb", ngram_range=(5, 6)),
        TfidfVectorizer(strip_accents="unicode", sublinear_tf=True, norm="l1"),
        HashingVectorizer(n_features=64, ngram_range=(1, 2), stop_words="english"),
        HashingVectorizer(n_features=64, token_pattern=r"\b[a-z]{2,}\b", norm=None, alternate_sign=False),
        HashingVectorizer(n_features=64, analyzer="char", ngram_range=(1, 2), norm="l1"),
        HashingVectorizer(n_features=64, analyzer="char_wb", ngram_range=(1, 3), binary=True, norm=None),
        HashingVectorizer(n_features=64, analyzer="char_wb", ngram_range=(5, 6), norm=None),
    ],
    ids=repr,
)
def test_hostile_texts_count_as_they_do_in_python(vectorizer: Any, load_model: Load, tmp_path: Path) -> None:
    vectorizer.fit(hostile(150, seed=1))
    load_model(vectorizer).exporters[0].write(ExportRequest(tmp_path / "graph.onnx"))
    onnx.checker.check_model(tmp_path / "graph.onnx", full_check=True)
    session = onnxruntime.InferenceSession(tmp_path / "graph.onnx", providers=["CPUExecutionProvider"])
    texts = hostile(500, seed=2)
    assert vectorizer.transform(texts).sum()
    for some in (texts, [""], ["", " \n", ""], texts[-1:]):
        (got,) = session.run(None, {"text": np.array(some, object)})
        np.testing.assert_allclose(got, vectorizer.transform(some).toarray(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("settings", [{}, {"strip_accents": "unicode"}, {"analyzer": "char"}], ids=str)
def test_every_code_point_is_in_lower_case_and_a_letter_as_in_python(settings: dict[str, Any], load_model: Load, run_graph: Run) -> None:
    vectorizer = HashingVectorizer(n_features=1 << 12, norm=None, token_pattern=r"\w+", **settings)
    texts = ["x ".join(every()[start : start + 999]) for start in range(0, len(every()), 999)]
    (got,) = run_graph(load_model(vectorizer), {"text": np.array(texts, object)}).values()
    np.testing.assert_array_equal(got, vectorizer.transform(texts).toarray())


def test_what_is_cased_and_what_is_ignorable_is_learned_from_python() -> None:
    cased, ignorable = cased_and_ignorable()
    assert cased[[ord(each) for each in "aZΣİß𝔘"]].all()
    assert ignorable[[ord(each) for each in "'.:\u0301\u00adʰ\u200d"]].all()
    assert not (cased | ignorable)[[ord(each) for each in " 1_日,"]].any()
    assert not (cased & ignorable).any()
    assert not (cased | ignorable)[[ord(each) for each in BREAKS]].any()  # so that texts may be cut there


@pytest.mark.parametrize(
    ("vectorizer", "why"),
    [
        (CountVectorizer(tokenizer=str.split, token_pattern=None), "its tokenizer is a function"),
        (TfidfVectorizer(preprocessor=str.lower), "its preprocessor is a function"),
        (CountVectorizer(analyzer=str.split), "its analyzer is a function"),
        (HashingVectorizer(strip_accents=str.strip), "its strip_accents is a function"),
        (CountVectorizer(input="filename"), "input='filename' reads files"),
        (CountVectorizer(token_pattern=r"[A-Za-z0-9]+(?=\s+)"), "a lookaround, which RE2 does not have"),
        (CountVectorizer(token_pattern=r"(\w)\1"), "a group that is not all of the match"),
        (CountVectorizer(token_pattern=r"(?:(a)|b)+"), "a group that is not all of the match"),
        (CountVectorizer(token_pattern=r"\w+?"), "it prefers a match to a longer one"),
        (CountVectorizer(token_pattern=r"\b[a-z]+"), "a word boundary, which RE2 knows in ASCII alone"),
        (CountVectorizer(token_pattern=r"\d|\b\w\w+\b"), "a word boundary beside an alternative that matches letters"),
        (CountVectorizer(token_pattern=r"^\w+"), "an anchor, which RE2 does not have"),
        (CountVectorizer(token_pattern=r"\w{1,99}"), "it is too large for RE2"),
        (CountVectorizer(token_pattern="[^,]+", ngram_range=(1, 2)), "cannot be told from others"),
        (DictVectorizer(), "it takes dictionaries"),
        (FeatureHasher(), "input_type='dict' takes dictionaries"),
        (PatchExtractor(), "it takes images"),
    ],
    ids=repr,
)
def test_what_no_graph_can_follow_is_refused(vectorizer: Any, why: str) -> None:
    assert why in writer_of(vectorizer).fault(vectorizer)


def test_an_analyzer_that_a_subclass_overrides_is_refused() -> None:
    class Stemmed(CountVectorizer):
        def build_analyzer(self) -> Any:
            return lambda text: [word[:3] for word in text.split()]

    assert "it has a build_analyzer of its own" in writer_of(Stemmed()).fault(Stemmed())
    assert not writer_of(type("Mine", (TfidfVectorizer,), {})()).fault(TfidfVectorizer())


@pytest.mark.parametrize(
    ("pattern", "longest"),
    [
        ("ab|a", True),
        ("a|ab", False),
        ("a+b*", True),
        ("a+?", False),
        ("(?:ab?)(?:bc)?", False),
        (r"\w+'\w+|\w+", True),
        (r"\w[\w-]*\w", True),
        ("a{2,4}(?:b|c)", True),
        ("a?a??", False),
    ],
)
def test_where_the_first_match_is_the_longest(pattern: str, *, longest: bool) -> None:
    assert is_longest(parsed(pattern)) is longest


def test_whole_words_need_no_boundaries_and_others_are_looked_at_as_a_whole() -> None:
    words = tokens_of(r"\b\w\w+\b")
    assert words.check == ""
    assert words == tokens_of(r"(\w{2,})") == tokens_of(r"(?u)\b(\w{2,})\b")
    some = tokens_of(r"\b[a-z]+\b")
    assert (some.expression, some.check) == (tokens_of(r"\w+").expression, "(?:[\\x{61}-\\x{7a}]){1,}")
    with pytest.raises(NotTranslated, match="nothing at all"):
        tokens_of(r"\w*")


def test_below_opset_20_nothing_is_put_in_lower_case(load_model: Load, tmp_path: Path) -> None:
    texts = np.array(["A dog", "a cat", ""], object)
    direct = load_model(CountVectorizer().fit(texts)).exporters[0]
    with pytest.raises(ExportError, match="needs opset 20, and opset 17 was asked for"):
        direct.write(ExportRequest(tmp_path / "refused.onnx", opset=17))
    vectorizer = CountVectorizer(lowercase=False, ngram_range=(1, 2)).fit(texts)
    load_model(vectorizer).exporters[0].write(ExportRequest(tmp_path / "graph.onnx", opset=17))
    (got,) = onnxruntime.InferenceSession(tmp_path / "graph.onnx").run(None, {"text": texts})
    np.testing.assert_array_equal(got, vectorizer.transform(texts).toarray())


def test_signs_that_cancel_still_say_that_something_was_there(load_model: Load, run_graph: Run) -> None:
    texts = [" ".join(f"word{number}" for number in range(99)), "word1"]
    vectorizer = HashingVectorizer(n_features=3, binary=True, norm=None)
    (got,) = run_graph(load_model(vectorizer), {"text": np.array(texts, object)}).values()
    np.testing.assert_array_equal(got, vectorizer.transform(texts).toarray())
    assert got[0].tolist() == [1, 1, 1]


def test_terms_that_can_never_be_found_have_empty_columns(load_model: Load, run_graph: Run) -> None:
    words = CountVectorizer(vocabulary=["cat", "DOG", "a cat", "the", "\ud800", "sat  on", ""], stop_words=["the"], ngram_range=(1, 2))
    letters = CountVectorizer(vocabulary=["b c", "\ta", " a", "  ", " ", "c"], analyzer="char_wb", ngram_range=(1, 3))
    texts = ["the cat sat  on a cat", "DOG \ta b c"]
    for vectorizer in (words, letters, CountVectorizer(vocabulary=["a b"])):
        (got,) = run_graph(load_model(vectorizer.fit(texts)), {"text": np.array(texts, object)}).values()
        np.testing.assert_array_equal(got, vectorizer.transform(texts).toarray())


def test_a_term_that_no_text_had_may_be_infinitely_rare(load_model: Load, run_graph: Run) -> None:
    with np.errstate(divide="ignore"):
        vectorizer = TfidfVectorizer(vocabulary=["cat", "dog"], smooth_idf=False, norm=None).fit(["cat"])
        transformer = TfidfTransformer(smooth_idf=False, norm=None).fit([[1, 0], [2, 0]])
    (got,) = run_graph(load_model(vectorizer), {"text": np.array(["dog", "cat"], object)}).values()
    assert got.tolist() == [[0, np.inf], [1, 0]]
    (got,) = run_graph(load_model(transformer), {"features": np.array([[3, 0], [0, 1]], np.float32)}).values()
    assert got.tolist() == [[3, 0], [0, np.inf]]


@pytest.mark.parametrize("model", [LogisticRegression(), LinearSVC()], ids=repr)
@pytest.mark.parametrize("first", [[TfidfVectorizer()], [CountVectorizer(), TfidfTransformer(sublinear_tf=True)]], ids=["one", "two"])
def test_a_linear_model_reads_the_terms_that_are_there_and_no_matrix(model: Any, first: list[Any], load_model: Load, tmp_path: Path) -> None:
    texts = ["a cat sat", "dogs ran", "the dog ran", "cats and dogs", "", "nothing known"] * 3
    pipeline = make_pipeline(*first, model).fit(texts, [0, 1, 1, 0, 1, 0] * 3)
    path = tmp_path / "graph.onnx"
    loaded = load_model(pipeline)
    loaded.exporters[0].write(ExportRequest(path))
    nodes = onnx.load(path).graph.node
    assert all(node.attribute for node in nodes if node.op_type == "ScatterND")  # sums of each row, and no matrix
    assert not any(node.op_type == "MatMul" for node in nodes)
    feeds = {"text": np.array(texts, object)}
    got = onnxruntime.InferenceSession(path).run(None, feeds)
    for have, want in zip(got, loaded.run(feeds).values(), strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-6, atol=1e-7)


def test_a_column_of_texts_is_one_of_several(load_model: Load, run_graph: Run) -> None:
    table = pd.DataFrame({"text": ["a cat", "İki KEDİ", "the dog"], "size": [1.0, 2.0, 3.0]})
    parts = [("words", TfidfVectorizer(), "text"), ("letters", CountVectorizer(analyzer="char_wb"), "text"), ("rest", "passthrough", ["size"])]
    union = ColumnTransformer(parts).fit(table)
    feeds = {"text": table[["text"]].to_numpy(object), "size": table[["size"]].to_numpy(np.float32)}
    (got,) = run_graph(load_model(union), feeds).values()
    want = union.transform(table)
    np.testing.assert_allclose(got, want.toarray() if hasattr(want, "toarray") else want, rtol=1e-6)


def test_the_proof_draws_words_of_all_vectorizers_and_strange_ones() -> None:
    pipeline = make_pipeline(CountVectorizer(vocabulary=["cat"]).fit([]), TfidfTransformer())
    union = FeatureUnion([("nothing", "drop"), ("words", pipeline), ("letters", CountVectorizer(analyzer="char_wb", vocabulary=["q"]).fit([]))])
    assert is_text(union)
    assert not is_text(make_pipeline(FeatureUnion([("as it is", "passthrough")])))
    drawn = text_column(union).domain.values  # noqa: PD011 - no DataFrame
    assert {"", "cat", "q"} <= set(" ".join(drawn).split()) | {""}
    assert all(any(letter in text for text in drawn) for letter in ("İstanbul", "ΑΣ'Α", "\x85", "\U0010ffff"))
    assert drawn == text_column(union).domain.values  # noqa: PD011 - no DataFrame
    assert len(drawn[-1]) > 500
