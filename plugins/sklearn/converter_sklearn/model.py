"""The heavy half: one fitted estimator with its inputs and outputs."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from converter.plugin import Axis, Exporter, ExportRequest, LoadRequest, MissingInputs, SourceModel, example_sizes, format_input
from converter_sklearn.answers import answers_of, ask, settled
from converter_sklearn.exporters.direct import write_direct
from converter_sklearn.layout import BATCH, WAYS, Layout, in_double, layout_of, names_of
from converter_sklearn.loading import Loaded, load_estimator, not_fitted, told_by_version
from converter_sklearn.sampling import rows_of

MOST_VALUES = 1 << 24  # in one answer


def load(request: LoadRequest) -> SklearnModel:
    """Load the estimator of a request; raises what `load_estimator`, `layout_of` and the model's first answer raise."""
    loaded = load_estimator(request.source, trust=request.trust)
    with told_by_version(request.source.name, loaded.made_by):
        layout = layout_of(loaded.estimator, request)
        return SklearnModel(loaded, in_double(layout) if request.options.get("dtype") == "float64" else layout, request)


class SklearnModel(SourceModel):
    """A fitted estimator. It answers once when it is made, which tells its outputs and the dtype that it computes in."""

    def __init__(self, loaded: Loaded, layout: Layout, request: LoadRequest) -> None:
        self.estimator = loaded.estimator
        self.made_by = loaded.made_by
        self.name = request.source.name
        self.layout = layout
        self.inputs = layout.inputs
        rows = rows_of(layout.splits)
        self.axes = {name: rows if axis == Axis() else axis for name, axis in (request.axes if request.inputs else {BATCH: rows}).items()}
        self.names = names_of(self.estimator)
        self.compute = str(request.options.get("compute", "float64"))
        self.exporters = (Exporter("direct", partial(write_direct, self)), Exporter("skl2onnx", partial(_write_skl2onnx, self)))
        self.answers = answers_of(self.estimator, self.name, str(request.options.get("method", "predict")))
        self.floats: type[np.floating] = np.float64
        first = self._first_answer()
        self.axes = _with_fewer_rows(self.axes, first)
        taken = {each.name for each in self.inputs}
        self.answers = tuple(settled(answer, taken, first[answer.output.name].ndim) for answer in self.answers)
        self.outputs = tuple(answer.output for answer in self.answers)
        named = {output.name: array for output, array in zip(self.outputs, first.values(), strict=True)}
        self.ranks = {name: array.ndim for name, array in named.items()}
        self.dtypes = {name: "string" if array.dtype == object else array.dtype.name for name, array in named.items()}
        self.metadata = _metadata(self.estimator)
        self.summary = self._summary()

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the estimator's own answer, that to one row with its axis, which SparsePCA drops.

        Raises UnreadableSource where another version's estimator fails.
        """
        with told_by_version(self.name, self.made_by):
            found = self._answer(feeds)
        return {name: array if array.ndim == self.ranks[name] else array[None] for name, array in found.items()}

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random rows: for trees most of them on one side of a split, else from the columns' domains."""
        return self.layout.sample(rng, sizes)

    def _answer(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        table = self.layout.table(feeds, self.floats)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ask(self.estimator, self.answers, table)

    def _first_answer(self) -> dict[str, np.ndarray]:
        """Answer in double, else in single precision: some estimators insist on the dtype that they were fitted in."""
        feeds = self.sample(np.random.default_rng(0), example_sizes(self.axes))
        try:
            return self._answer(feeds)
        except NotFittedError as error:
            raise not_fitted(self.name, error) from None
        except (ValueError, TypeError) as error:
            self.floats = np.float32
            try:
                return self._answer(feeds)
            except (ValueError, TypeError):
                shown = ", ".join(format_input(each, self.axes) for each in self.inputs)
                raise MissingInputs(f"{self.name} does not take {shown}: {error}", hint=f"are the columns others? {WAYS}") from error

    def _summary(self) -> str:
        steps = [step for _, step in self.estimator.steps] if isinstance(self.estimator, Pipeline) else [self.estimator]
        chain = " → ".join(step if isinstance(step, str) else type(step).__name__ for step in steps)
        columns = sum(map(len, self.layout.blocks))
        classes = getattr(self.estimator, "classes_", None)
        counted = f", {len(classes)} classes" if isinstance(classes, np.ndarray) else ""
        made_by = f", made by scikit-learn {self.made_by}" if self.made_by else ""
        return f"{chain}: {columns} column{'s' if columns != 1 else ''}{counted}{made_by}"


def _write_skl2onnx(model: SklearnModel, request: ExportRequest) -> None:
    from converter_sklearn.exporters.skl2onnx import write_skl2onnx  # slow to import, and rarely needed

    write_skl2onnx(model, request)


def _with_fewer_rows(axes: Mapping[str, Axis], answer: Mapping[str, np.ndarray]) -> dict[str, Axis]:
    """Return axes whose usual size makes no answer of many millions of values: the vector of a hashed text alone has a million."""
    widest = max(array.size // max(1, len(array)) for array in answer.values())
    return {name: replace(axis, usual=min(axis.usual, MOST_VALUES // max(1, widest))) for name, axis in axes.items()}


def _metadata(estimator: Any) -> dict[str, str]:
    classes = getattr(estimator, "classes_", None)
    if isinstance(classes, list):
        return {"classes": json.dumps([np.asarray(each).tolist() for each in classes], default=str)}
    return {"classes": json.dumps(classes.tolist(), default=str)} if isinstance(classes, np.ndarray) else {}
