"""The light half: which sources are LightGBM's, seen without importing it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from converter.plugin import Framework, LoadRequest, Match, Option, Source, UsageError, hookimpl

if TYPE_CHECKING:
    from converter_lightgbm.model import LightGBMModel

SUFFIX = ".model"  # a .txt may be anything
TEXT_HEADS = (b"tree\n", b"tree\r\n")
_NO_MODELS = frozenset({"builtins", "__builtin__", "collections", "copyreg", "copy_reg", "joblib", "numpy", "scipy", "_codecs"})


class _Method(Option):
    """What the graph answers; contributions are refused with the reason."""

    def parse(self, text: str) -> str | bool | int:
        """Return the method; raises UsageError where there is none such."""
        if text.startswith("contrib"):
            reason = "each weighs every path through a tree by the training rows that took it, which ONNX has no operator for"
            raise UsageError(
                f"feature contributions cannot be converted: {reason}",
                hint="Booster.predict(pred_contrib=True) computes them; -O method=leaf converts the paths' ends",
            )
        return super().parse(text)


class LightGBM(Framework):
    """LightGBM."""

    name = "lightgbm"
    requires = ("lightgbm", "onnxmltools", "sklearn")
    packages = ("lightgbm", "onnxmltools", "numpy")
    types = ("lightgbm.basic.Booster", "lightgbm.sklearn.LGBMModel")
    sources: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "*.txt, *.model": "a text model, of Booster.save_model",
            "*.pkl, *.pickle, *.joblib": "a Booster, LGBMClassifier, LGBMRegressor or LGBMRanker; other classes only with --trust",
            "module:attribute": "a fitted model, or a function that returns one",
            "a live object": "a Booster, LGBMClassifier, LGBMRegressor or LGBMRanker",
        }
    )
    exporters: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "direct": "written from the model's text: the decisions are LightGBM's own, in float32 and in float64",
            "onnxmltools": "the library onnxmltools, given thresholds that are exact in float32; for the method predict",
        }
    )
    options: ClassVar[tuple[Option, ...]] = (
        _Method("method", "what the graph answers", "predict", ("predict", "probability", "raw", "leaf")),
        Option("dtype", "the matrix and the sums: float64 answers to the last digits", "float32", ("float32", "float64")),
        Option("num_iteration", "how many iterations answer; 0 for the best where training found one, else all; -1 for all", 0),
        Option("start_iteration", "the first iteration that answers", 0),
    )

    def match(self, source: Source) -> Match:
        """Tell how surely a file is LightGBM's: by a text model's first line, or by the first class that a pickle names."""
        if source.head.startswith(TEXT_HEADS):
            return Match.CONTENT
        packages = [name.partition(".")[0] for name in source.pickle_types]
        if next((each for each in packages if each not in _NO_MODELS), "") == "lightgbm":
            return Match.CONTENT
        return Match.SUFFIX if source.suffix == SUFFIX else Match.NO

    def load(self, request: LoadRequest) -> LightGBMModel:
        """Load the model; raises what `converter_lightgbm.loading.load_model` and `converter_lightgbm.model.load` raise."""
        from converter_lightgbm.model import load

        return load(request)


@hookimpl
def converter_frameworks() -> list[Framework]:
    """Name the one framework of this plugin."""
    return [LightGBM()]
