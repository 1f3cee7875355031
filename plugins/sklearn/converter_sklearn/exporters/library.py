"""A part of an estimator that has no Writer, as the library skl2onnx writes it, inside a document."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from converter.plugin import ExportError
from converter_sklearn.estimators import Writer
from converter_sklearn.exporters.skl2onnx import converted
from converter_sklearn.exporters.steps import TYPES, added, steps_of, usual_methods


class Library(Writer):
    """An estimator of numbers, and what the library gives of it: labels and probabilities, predictions, or transformed columns."""

    @cached_property
    def values(self) -> dict[str, str]:
        """The names of the values of its methods."""
        if any(block.dtype == "string" for block in self.blocks):
            what = f"the {type(self.estimator).__name__} inside it reads texts"
            raise ExportError("sklearn", "direct", what, hint="encode them before, in a Pipeline around it")
        width = sum(block.width for block in self.blocks)
        methods = usual_methods(self.estimator)
        steps = steps_of(self.estimator, self.estimator, [(method, None) for method in methods], self.dtype)
        graph = converted(self.estimator, [("columns", TYPES[self.dtype]([None, width]))], self.document.opset, steps).graph
        names = added(self.document, graph, {"columns": self.matrix}, steps, self.dtype)
        return dict(zip(methods, (names[each.name] for each in graph.output), strict=False))

    def predict(self) -> str:
        """Write what the estimator predicts: the library gives single numbers as columns."""
        found = self.values["predict"]
        alone = np.ndim(self.estimator.predict(np.zeros((1, sum(block.width for block in self.blocks))))) == 1
        return self.document.node("Reshape", found, self.document.constant(np.array([-1], np.int64))) if alone else found

    def predict_proba(self) -> str:
        """Write the probabilities of the classes."""
        return self.values["predict_proba"]
