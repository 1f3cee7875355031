"""A part of an estimator that has no Writer, as the library skl2onnx writes it, inside a document."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import onnx
from onnx import TensorProto, helper

from converter.plugin import ExportError
from converter.writing import Value, inlined
from converter_sklearn.estimators import Writer, fault_of, joined, writer_of
from converter_sklearn.exporters.skl2onnx import TYPES, converted
from converter_sklearn.parts import usual_methods

HINT = "give it a rule, ten lines and an entry point: docs/how-to/convert-an-estimator-of-your-own.md; or leave that step out"


class Library(Writer):
    """What the library gives of an estimator of numbers, or of texts: labels and probabilities, predictions, or transformed columns."""

    @cached_property
    def values(self) -> dict[str, Value]:
        """The values of its methods."""
        dtype = self._read_in()
        width = sum(block.width for block in self.blocks) or None
        try:
            graph = converted(self.estimator, [("columns", TYPES[dtype]([None, width]))], self.document.opset).graph
        except Exception as error:  # a library fails in its own ways
            raise self._unwritten(str(error).removeprefix("sklearn, exporter skl2onnx: ")) from error
        names = inlined(self.document, graph, {"columns": joined(self.document, self.blocks, dtype)})
        found = [Value(self.document, names[each.name], _dtype_of(each.type.tensor_type)) for each in graph.output]
        return dict(zip(usual_methods(self.estimator), found, strict=False))

    def predict(self) -> Value:
        """Write what the estimator predicts: the library gives single numbers as columns."""
        found = self._given("predict")
        alone = np.ndim(self.estimator.predict(np.zeros((1, sum(block.width for block in self.blocks))))) == 1
        return found.flat() if alone else found

    def predict_proba(self) -> Value:
        """Write the probabilities of the classes."""
        return self._given("predict_proba")

    def transform(self) -> Value:
        """Write the transformed columns."""
        return self._given("transform")

    def _given(self, method: str) -> Value:
        if method not in self.values:
            raise self._unwritten(f"the library gives no {method} of it")
        return self.values[method]

    def _read_in(self) -> str:
        dtypes = {block.dtype for block in self.blocks}
        if "string" not in dtypes:
            return self.compute
        if len(dtypes) > 1:
            raise self._unwritten("the library takes no texts and numbers together")
        if writer_of(self.estimator) is not None:
            raise self._unwritten("the library's own way with texts depends on the machine's locale")
        return "string"

    def _unwritten(self, why: str) -> ExportError:
        name = type(self.estimator).__name__
        return ExportError("sklearn", "direct", f"{name} cannot be written: {fault_of(self.estimator)}; skl2onnx: {why}", hint=HINT)


def _dtype_of(tensor: onnx.TypeProto.Tensor) -> str:
    is_text = tensor.elem_type == TensorProto.STRING
    return "string" if is_text else helper.tensor_dtype_to_np_dtype(tensor.elem_type).name
