"""The light half: which sources are CatBoost's, seen without importing it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from converter.plugin import Framework, LoadRequest, Match, Option, Source, hookimpl

if TYPE_CHECKING:
    from converter_catboost.model import CatBoostModel

SUFFIX = ".cbm"
BINARY_HEAD = b"CBM1"
_JSON_KEYS = (b'"ctr_data"', b'"features_info"', b'"model_info"', b'"oblivious_trees"', b'"scale_and_bias"')
_NO_MODELS = frozenset({"builtins", "__builtin__", "collections", "copyreg", "copy_reg", "joblib", "numpy", "scipy", "_codecs"})


class CatBoostFramework(Framework):
    """CatBoost."""

    name = "catboost"
    requires = ("catboost",)
    packages = ("catboost", "numpy")
    types = ("catboost.core.CatBoost",)
    sources: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "*.cbm": "a binary model, of save_model",
            "*.json": "a JSON model, of save_model(format='json')",
            "*.pkl, *.pickle, *.joblib": "a CatBoost, CatBoostClassifier, CatBoostRegressor or CatBoostRanker; other classes only with --trust",
            "module:attribute": "a fitted model, or a function that returns one",
            "a live object": "a CatBoost, CatBoostClassifier, CatBoostRegressor or CatBoostRanker",
        }
    )
    exporters: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"direct": "the trees written as they are, exact in float32", "catboost": "CatBoost's own save_model(format='onnx')"}
    )
    options = (
        Option("method", "what the graph answers", "predict", ("predict", "probability", "raw", "leaf")),
        Option("dtype", "the matrix and the sums: float64 answers to the last digits", "float32", ("float32", "float64")),
        Option("iteration_end", "only the first trees; 0 for all, which after training with a best model are the best", 0),
    )

    def match(self, source: Source) -> Match:
        """Tell how surely a file is CatBoost's: by a model's first bytes, or by the first class that a pickle names."""
        if source.head.startswith(BINARY_HEAD) or is_json(source.head):
            return Match.CONTENT
        packages = [name.partition(".")[0] for name in source.pickle_types]
        if next((each for each in packages if each not in _NO_MODELS), "") == "catboost":
            return Match.CONTENT
        return Match.SUFFIX if source.suffix == SUFFIX else Match.NO

    def load(self, request: LoadRequest) -> CatBoostModel:
        """Load the model; raises what `converter_catboost.loading.load_model` and `converter_catboost.model.load` raise."""
        from converter_catboost.model import load

        return load(request)


def is_json(head: bytes) -> bool:
    """Tell whether a file begins as a JSON model does."""
    return head.lstrip()[:1] == b"{" and head.lstrip()[1:].lstrip().startswith(_JSON_KEYS)


@hookimpl
def converter_frameworks() -> list[Framework]:
    """Name the one framework of this plugin."""
    return [CatBoostFramework()]
