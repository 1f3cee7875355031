"""Targets as numbers: the table of such an estimator is a target, [batch] or [batch, 1]."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer, LabelEncoder

from converter.writing import Value
from converter_sklearn.estimators import Block
from converter_sklearn.expressed import Expressed
from converter_sklearn.families.preprocessing.categories import Cells, cells_of


class Target(Expressed):
    """What has read a target whose classes it holds."""

    @cached_property
    def cells(self) -> Cells:
        """The target, [batch, 1], beside the classes."""
        block = self.blocks[0]
        column = Value(self.document, block.value, block.dtype).reshaped(-1, 1)
        return next(cells_of(self.document, [Block(column.name, column.dtype, 1)], [self.estimator.classes_], 1))


class Places(Target):
    """A LabelEncoder: the place of a class among all; -1 for what is none, where scikit-learn raises."""

    estimator: LabelEncoder

    def transform(self) -> Value:
        """Write the places, [batch]."""
        return self.cells.looked_up([np.arange(len(self.estimator.classes_))], [-1], "int64").flat()


class Binarized(Target):
    """A LabelBinarizer."""

    estimator: LabelBinarizer

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Refuse answers of several labels."""
        return "its target has several labels a row" if estimator.y_type_.startswith("multilabel") else ""

    def transform(self) -> Value:
        """Write a column for each class; of two classes one for the second."""
        positive, negative = int(self.estimator.pos_label), int(self.estimator.neg_label)
        if len(self.estimator.classes_) == 1:
            return self.cells.value.cast("int64") * 0 + negative
        is_it = self.cells.one_hot([np.arange(len(self.estimator.classes_))[-1 if len(self.estimator.classes_) == 2 else 0 :]])
        return is_it.where(is_it.constant(positive, "int64"), negative)


class Sets(Expressed):
    """A MultiLabelBinarizer."""

    @classmethod
    def fault(cls, estimator: Any) -> str:  # noqa: ARG003 - none of them can be written
        """Refuse it."""
        return "it takes sets of labels, which are no table"
