"""Some of the columns, and estimators that read only these."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from sklearn.feature_selection import RFE, SelectorMixin

from converter_sklearn.estimators import Block, Writer, picked
from converter_sklearn.expressed import Delegating, Expressed


class Selected(Expressed):
    """A selector of columns."""

    def transform(self) -> list[Block]:
        """Write the columns that are selected, in the dtypes that they have."""
        return picked(self.document, self.blocks, np.flatnonzero(self.estimator.get_support()))


class Eliminated(Selected, Delegating):
    """RFE and RFECV: what the estimator answers that was fitted to the selected columns."""

    @cached_property
    def inner(self) -> Writer:
        """The writer of the estimator."""
        return self.part(self.estimator.estimator_, self.transform())


WRITERS: Mapping[type, type[Writer]] = {SelectorMixin: Selected, RFE: Eliminated}
