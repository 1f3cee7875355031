"""What the leaves of symmetric trees say, as tables in the graph: a leaf's place among its tree's leaves is a row, or a column, of one.

Places are int32, [batch, trees] where rows stay rows, [trees, batch] where they became columns; what is found has the rows first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from converter.writing import Document

FEW = 4  # targets, up to which a table for each is quicker than one of all

Array = np.ndarray[Any, Any]


class Tables(ABC):
    """What some trees of one depth say."""

    def __init__(self, document: Document, trees: int, leaves: int) -> None:
        self.document = document
        self.trees = trees
        self.firsts = (np.arange(trees) * leaves).astype(np.int32)  # of each tree's leaves, where those of all trees lie one after the other

    @abstractmethod
    def of_rows(self, places: str) -> str:
        """Return what the leaves at places [batch, trees] say, [batch, …]."""

    @abstractmethod
    def of_columns(self, places: str) -> str:
        """Return what the leaves at places [trees, batch] say, [batch, …]."""

    def sizes(self, *numbers: int) -> str:
        """Return a constant of whole numbers, int64."""
        return self.document.constant(np.array(numbers, np.int64))


class Numbers(Tables):
    """A number of each tree's leaf, [batch, trees]."""

    def __init__(self, document: Document, says: Array) -> None:
        """Write the numbers [trees, leaves]."""
        super().__init__(document, *says.shape)
        self.table = document.constant(says)
        self.line = document.node("Reshape", self.table, self.sizes(1, -1))

    def of_rows(self, places: str) -> str:
        """Pick from all trees' leaves in one line: a pick from each tree's costs more than it brings where rows are few."""
        along = self.document.node("Add", places, self.document.constant(self.firsts))
        found = self.document.node("GatherElements", self.line, self.document.node("Reshape", along, self.sizes(1, -1)), axis=1)
        return self.document.node("Reshape", found, self.sizes(-1, self.trees))

    def of_columns(self, places: str) -> str:
        """Pick tree by tree, and turn what is found."""
        return self.document.node("Transpose", self.by_trees(places), perm=[1, 0])

    def by_trees(self, places: str) -> str:
        """Return what the leaves at places [trees, batch] say, [trees, batch]."""
        return self.document.node("GatherElements", self.table, places, axis=1)


class Sums(Tables):
    """The sum over the trees for each of few targets, [batch, targets]: a table each, whose numbers are picked one by one."""

    def __init__(self, document: Document, says: Array) -> None:
        """Write the weights [trees, leaves, targets]."""
        super().__init__(document, *says.shape[:2])
        self.each = [Numbers(document, np.ascontiguousarray(table)) for table in np.moveaxis(says, -1, 0)]

    def of_rows(self, places: str) -> str:
        """Add up along the rows."""
        return self._beside([self._sum(each.of_rows(places), 1) for each in self.each], 1)

    def of_columns(self, places: str) -> str:
        """Add up along the columns, and turn the sums."""
        return self.document.node("Transpose", self._beside([self._sum(each.by_trees(places), 0) for each in self.each], 0), perm=[1, 0])

    def _sum(self, found: str, axis: int) -> str:
        return self.document.node("ReduceSum", found, self.sizes(axis), keepdims=1)

    def _beside(self, sums: list[str], axis: int) -> str:
        return self.document.node("Concat", *sums, axis=axis) if len(sums) > 1 else sums[0]


class VectorSums(Tables):
    """The sums for many targets, [batch, targets]: what a leaf adds to all of them is picked at once."""

    def __init__(self, document: Document, says: Array) -> None:
        """Write the weights [trees, leaves, targets]."""
        super().__init__(document, *says.shape[:2])
        self.table = document.constant(says.reshape(-1, says.shape[2]))

    def of_rows(self, places: str) -> str:
        """Pick vectors [batch, trees, targets] and add them up."""
        return self._summed(places, self.firsts, 1)

    def of_columns(self, places: str) -> str:
        """Pick vectors [trees, batch, targets] and add them up."""
        return self._summed(places, self.firsts[:, None], 0)

    def _summed(self, places: str, firsts: Array, axis: int) -> str:
        along = self.document.node("Add", places, self.document.constant(firsts))
        return self.document.node("ReduceSum", self.document.node("Gather", self.table, along, axis=0), self.sizes(axis), keepdims=0)
