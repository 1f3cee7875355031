"""The members of an ensemble that may be any estimators, and may see some of the columns only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from converter_sklearn.estimators import Block, Writer, picked
from converter_sklearn.parts import part, value_in
from converter_sklearn.trees.labels import as_labels
from converter_sklearn.trees.reading import Nodes, nodes_of
from converter_sklearn.trees.single import SingleWriter
from converter_sklearn.trees.splits import is_tree


class Members(Writer):
    """A writer of an ensemble: single trees are written as one, any other members each by its own writer."""

    precision: ClassVar[str] = ""
    """The dtype in which members that are no single trees are summed, `dtype` if none is named."""

    @cached_property
    def trees(self) -> Trees | None:
        """The members where all are single trees."""
        if not all(map(is_tree, self.estimator.estimators_)):
            return None
        return Trees(self.document, self.estimator, self.blocks, self.dtype, self.compute)

    @cached_property
    def parts(self) -> list[Writer]:
        """The members one by one."""
        chosen = getattr(self.estimator, "estimators_features_", None)
        blocks = [self.blocks if chosen is None else self._of(each) for each in chosen or [None] * len(self.estimator.estimators_)]
        pairs = zip(self.estimator.estimators_, blocks, strict=True)
        return [part(self.document, each, mine, self.precision or self.dtype, self.compute) for each, mine in pairs]

    def _of(self, columns: np.ndarray) -> Sequence[Block]:
        return picked(self.document, self.blocks, np.asarray(columns))

    def said(self, method: str) -> list[str]:
        """Return what each member answers, floats in `dtype`."""
        return [value_in(self.dtype, each, method) for each in self.parts]

    def added(self, values: Sequence[str]) -> str:
        """Return the sum of values of one shape."""
        return self.document.node("Sum", *values) if len(values) > 1 else values[0]

    def named(self, labels: str, classes: Any, yes: float, no: float) -> str:
        """Return for labels [batch] one number where a class is named and another where not, [batch, classes]."""
        known = as_labels(classes)
        kind = "strings" if known.dtype == object else "int64s"
        places = np.arange(len(known))
        told = {f"keys_{kind}": known.tolist(), "values_int64s": places.tolist(), "default_int64": -1}
        numbers = self.document.node("LabelEncoder", labels, domain="ai.onnx.ml", **told)
        column = self.document.node("Unsqueeze", numbers, self.document.constant(np.array([1], np.int64)))
        is_named = self.document.node("Equal", column, self.document.constant(places[None]))
        return self.document.node("Where", is_named, self.number(yes), self.number(no))


class Trees(SingleWriter):
    """Single trees, each over its own columns."""

    @cached_property
    def trees(self) -> list[Any]:
        """The trees, in their order."""
        return [each.tree_ for each in self.estimator.estimators_]

    @cached_property
    def nodes(self) -> Nodes:
        """The nodes of all trees."""
        return nodes_of(self.trees, getattr(self.estimator, "estimators_features_", None))

    def class_values(self, classes: np.ndarray) -> np.ndarray:
        """Return the probabilities that each node gives to each class, float64 [nodes, classes]; a member may have seen some of them only."""
        values = [np.zeros((tree.node_count, len(classes))) for tree in self.trees]
        for mine, each in zip(values, self.estimator.estimators_, strict=True):
            mine[:, np.searchsorted(classes, each.classes_)] = each.tree_.value[:, 0, : len(each.classes_)]
        return np.concatenate(values)
