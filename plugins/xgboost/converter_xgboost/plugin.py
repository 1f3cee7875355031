"""The light half: which sources are XGBoost's, seen without importing it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from converter.plugin import Framework, LoadRequest, Match, Option, Source, UsageError, hookimpl

if TYPE_CHECKING:
    from converter_xgboost.model import XGBoostModel

SUFFIXES = frozenset({".ubj", ".model"})  # a .json may be anything
JSON_HEAD = re.compile(rb'\s*\{\s*"learner"\s*:\s*\{\s*"(attributes|feature_names|gradient_booster)"')
UBJ_HEAD = re.compile(rb"\{(L\0{7}|l\0{3}|I\0|[iU])\x07learner\{")
BINARY_HEAD = re.compile(rb"(binf)?[\s\S]{136}[\s\S]\0{7}(reg|binary|multi|count|survival|rank):[a-z]+")  # parameters, then the objective's name
_NO_MODELS = frozenset({"builtins", "__builtin__", "collections", "copyreg", "copy_reg", "joblib", "numpy", "scipy", "_codecs"})


class _Method(Option):
    """What the graph answers; contributions are refused with the reason."""

    def parse(self, text: str) -> str | bool | int:
        """Return the method; raises UsageError where there is none such."""
        if text.startswith("contrib"):
            reason = "each weighs every path through a tree by the training rows that took it, which ONNX has no operator for"
            hint = "Booster.predict(pred_contribs=True) computes them; -O method=leaf converts the paths' ends"
            raise UsageError(f"feature contributions cannot be converted: {reason}", hint=hint)
        return super().parse(text)


class XGBoost(Framework):
    """XGBoost."""

    name = "xgboost"
    requires = ("xgboost", "sklearn")
    packages = ("xgboost", "xgboost-cpu", "onnxmltools", "numpy")
    types = ("xgboost.core.Booster", "xgboost.sklearn.XGBModel")
    sources: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "*.json, *.ubj, *.model": "a model in JSON or UBJSON, of save_model",
            "*.pkl, *.pickle, *.joblib": "a Booster, XGBClassifier, XGBRegressor, XGBRanker or XGBRF…; other classes only with --trust",
            "module:attribute": "a fitted model, or a function that returns one",
            "a live object": "a Booster, XGBClassifier, XGBRegressor, XGBRanker or XGBRF…",
        }
    )
    exporters: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "direct": "the trees as they are, written by this plugin",
            "onnxmltools": "the library onnxmltools where it is installed, for the methods predict and probability",
        }
    )
    options: ClassVar[tuple[Option, ...]] = (
        _Method("method", "what the graph answers", "predict", ("predict", "probability", "raw", "leaf")),
        Option("dtype", "of the input, the sums and the scores; comparisons are float32, as XGBoost's", "float32", ("float32", "float64")),
        Option("iteration_begin", "the first iteration whose trees count", 0),
        Option("iteration_end", "the iteration before which the last trees count; 0: the best, or the last", 0),
        Option("missing", "of a Booster: a number that stands for a missing value, as NaN does; a wrapper knows its own", "nan"),
    )

    def match(self, source: Source) -> Match:
        """Tell how surely a file is XGBoost's: by a document's beginning, or by the first class that a pickle names."""
        if any(head.match(source.head) for head in (JSON_HEAD, UBJ_HEAD, BINARY_HEAD)):
            return Match.CONTENT
        packages = [name.partition(".")[0] for name in source.pickle_types]
        if next((each for each in packages if each not in _NO_MODELS), "") == "xgboost":
            return Match.CONTENT
        return Match.SUFFIX if source.suffix in SUFFIXES else Match.NO

    def load(self, request: LoadRequest) -> XGBoostModel:
        """Load the model; raises what `converter_xgboost.loading.load_model` and `converter_xgboost.model.load` raise."""
        from converter_xgboost.model import load

        return load(request)


@hookimpl
def converter_frameworks() -> list[Framework]:
    """Name the one framework of this plugin."""
    return [XGBoost()]
