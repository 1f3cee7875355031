"""Expressions of the axes as nodes of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from converter_torch.generalising.expressions import Product, Term


class Arithmetic:
    """Nodes that compute from the shapes of a graph's inputs; they come before all of its own."""

    def __init__(self, graph: onnx.GraphProto, axes: Mapping[str, tuple[str, int]]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._graph = graph
        self._axes = axes  # axis → an input and the dim that has its size
        self._written: dict[Any, str] = {}

    def node(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add a node and return the name of its value."""
        name = f"generalised_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, value: Any, dtype: Any = np.int64) -> str:
        """Add a constant and return its name."""
        name = f"generalised_constant_{len(self._graph.initializer)}"
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def vector(self, elements: Sequence[int | Product]) -> str:
        """Return an int64 vector of numbers and expressions."""
        parts = [self.constant([each]) if isinstance(each, int) else self._product(each) for each in elements]
        return parts[0] if len(parts) == 1 else self.node("Concat", parts, axis=0)

    def scalar(self, vector: str) -> str:
        """Return the one element of a vector, without a dim."""
        return self.node("Squeeze", [vector, self.constant([0])])

    def _product(self, product: Product) -> str:
        if product not in self._written:
            name = self._term(product[0])
            for term in product[1:]:
                name = self.node("Mul", [name, self._term(term)])
            self._written[product] = name
        return self._written[product]

    def _term(self, term: Term) -> str:
        name = self._size(term.axis)
        if term.shift:
            name = self.node("Add", [name, self.constant([term.shift])])
        if term.divisor != 1:
            name = self.node("Div", [name, self.constant([term.divisor])])
        if term.factor != 1:
            name = self.node("Mul", [name, self.constant([term.factor])])
        return self.node("Add", [name, self.constant([term.offset])]) if term.offset else name

    def _size(self, axis: str) -> str:
        if axis not in self._written:
            name, dim = self._axes[axis]
            self._written[axis] = self.node("Shape", [name], start=dim, end=dim + 1)
        return self._written[axis]
