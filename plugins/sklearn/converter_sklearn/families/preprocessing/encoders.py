"""Categories as numbers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from converter.writing import Value, side_by_side
from converter_sklearn.expressed import Expressed
from converter_sklearn.families.preprocessing.categories import Cells, cells_of
from converter_sklearn.formulas.missing import is_missing, is_nan


class Encoder(Expressed):
    """An encoder of categories, column by column."""

    together: ClassVar[int] = 1024
    """How many categories some columns may have that are encoded together."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Refuse categories that a graph cannot tell from each other, or cannot hold."""
        for known in estimator.categories_:
            values = list(known)
            if any(isinstance(each, bytes) for each in values):
                return "its categories are bytes"
            texts = {each for each in values if isinstance(each, str)}
            if clash := [str(each) for each in values if is_missing(each) and str(each) in texts]:
                return f"it knows the text '{clash[0]}' and a missing value, which is that text in a graph"
        return ""

    def transform(self) -> Value:
        """Write the encoded columns."""
        cells = cells_of(self.document, self.blocks, self.estimator.categories_, self.together)
        return side_by_side([self._encoded(each) for each in cells])

    def _encoded(self, cells: Cells) -> Value:
        """Return some encoded columns."""
        raise NotImplementedError

    def _mapping(self, column: int) -> np.ndarray:
        """Return the group of each category of a column: rare ones are one group."""
        count = len(self.estimator.categories_[column])
        groups = self.estimator._default_to_infrequent_mappings[column] if self.estimator._infrequent_enabled else None
        return np.arange(count) if groups is None else np.append(groups, np.arange(len(groups), count))


class OneHot(Encoder):
    """A OneHotEncoder."""

    estimator: OneHotEncoder
    together = 128

    def _encoded(self, cells: Cells) -> Value:
        if not any(self._rare(column) for column in cells.columns):
            return cells.one_hot([self._kept(column) for column in cells.columns]).cast("float32")
        mappings = [self._mapping(column) for column in cells.columns]
        joins = self.estimator.handle_unknown in {"infrequent_if_exist", "warn"}
        unknown = [mapping.max() if joins and self._rare(column) else -1 for column, mapping in zip(cells.columns, mappings, strict=True)]
        groups = cells.looked_up(mappings, unknown, "int64")
        kept = [self._kept(column) for column in cells.columns]
        of_column = np.repeat(np.arange(len(kept)), [len(each) for each in kept])
        return (groups.columns(of_column) == np.concatenate(kept)).cast("float32")

    def _rare(self, column: int) -> bool:
        return bool(self.estimator._infrequent_enabled and self.estimator._infrequent_indices[column] is not None)

    def _kept(self, column: int) -> np.ndarray:
        """Return the groups that have a column each."""
        dropped = None if self.estimator._drop_idx_after_grouping is None else self.estimator._drop_idx_after_grouping[column]
        groups = np.unique(self._mapping(column))
        return groups if dropped is None else np.delete(groups, dropped)


class Ordinal(Encoder):
    """An OrdinalEncoder."""

    estimator: OrdinalEncoder

    def _encoded(self, cells: Cells) -> Value:
        unknown = self.estimator.unknown_value
        other = unknown if unknown is not None else np.nan if np.dtype(self.estimator.dtype).kind == "f" else -1
        return cells.looked_up([self._codes(column) for column in cells.columns], [other] * len(cells.columns), self.compute)

    def _codes(self, column: int) -> np.ndarray:
        """Return the code of each category."""
        codes = self._mapping(column).astype(np.float64)
        if len(codes) and is_nan(self.estimator.categories_[column][-1]):
            codes[-1] = self.estimator.encoded_missing_value
        return codes


class ByTarget(Encoder):
    """A TargetEncoder: what the target was on average where the category occurred, for each class where there are several."""

    estimator: TargetEncoder

    def _encoded(self, cells: Cells) -> Value:
        means = np.asarray(self.estimator.target_mean_, np.float64)
        found = cells.looked_up([self._means(column, means.size) for column in cells.columns], [means.ravel()] * len(cells.columns), self.compute)
        return found.reshaped(-1, len(cells.columns) * means.size)

    def _means(self, column: int, classes: int) -> np.ndarray:
        """Return the means of each category, [categories, classes]."""
        return np.stack(self.estimator.encodings_[column * classes : (column + 1) * classes], axis=1)
