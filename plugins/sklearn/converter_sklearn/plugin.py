"""The light half: which sources are scikit-learn's, seen without importing it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from converter.plugin import Framework, LoadRequest, Match, Option, Source, hookimpl

if TYPE_CHECKING:
    from converter_sklearn.model import SklearnModel

METHODS = ("predict", "probability", "raw", "leaf", "transform", "decision_function", "score_samples", "predict_proba")
SUFFIXES = frozenset({".skops", ".pkl", ".pickle", ".joblib"})
_NO_ESTIMATORS = frozenset({"builtins", "__builtin__", "collections", "copyreg", "copy_reg", "joblib", "numpy", "scipy", "_codecs"})


class Sklearn(Framework):
    """scikit-learn."""

    name = "sklearn"
    requires = ("sklearn", "skl2onnx", "skops", "pandas")
    packages = ("scikit-learn", "skl2onnx", "numpy")
    types = ("sklearn.base.BaseEstimator",)
    domains = ("com.microsoft",)  # ONNX has no operator that finds the words of a text, or hashes it
    sources: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "*.skops": "an estimator or pipeline of skops.io.dump, which executes no code",
            "*.pkl, *.pickle, *.joblib": "one of pickle or joblib, compressed or not; other classes than scikit-learn's only with --trust",
            "module:attribute": "a fitted estimator, or a function that returns one",
            "a live object": "a fitted estimator or pipeline",
        }
    )
    exporters: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "direct": "every estimator by its own rule, arithmetic in double precision, trees from their nodes; what has no rule by skl2onnx, in its place",
            "skl2onnx": "the library skl2onnx alone, without its ZipMap",
        }
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option("method", "what the graph answers", "predict", METHODS),
        Option("compute", "the precision of all arithmetic but that of trees", "float64", ("float64", "float32")),
        Option("dtype", "of the inputs that are floats, the sums and the scores", "float32", ("float32", "float64")),
    )

    def match(self, source: Source) -> Match:
        """Tell how surely a file is scikit-learn's: by skops's schema, or by the first class that a pickle names."""
        if "schema.json" in source.zip_names:
            return Match.CONTENT
        packages = [name.partition(".")[0] for name in source.pickle_types]
        package = next((each for each in packages if each not in _NO_ESTIMATORS), "")
        if package == "sklearn":
            return Match.CONTENT
        return Match.SUFFIX if source.suffix in SUFFIXES else Match.NO

    def load(self, request: LoadRequest) -> SklearnModel:
        """Load the model; raises what `converter_sklearn.loading.load` and `converter_sklearn.columns` raise."""
        from converter_sklearn.model import load

        return load(request)


@hookimpl
def converter_frameworks() -> list[Framework]:
    """Name the one framework of this plugin."""
    return [Sklearn()]
