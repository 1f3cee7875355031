"""Transformers of some of the columns, and a regressor of a transformed target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor

from converter.writing import Value
from converter_sklearn.estimators import Block, Writer, picked
from converter_sklearn.expressed import Expressed


class Columns(Expressed):
    """A ColumnTransformer: each transformer reads some columns, and what they give lies side by side."""

    def transform(self) -> list[Block]:
        """Write the columns of all transformers."""
        return [block for name, transformer, _ in self.estimator.transformers_ for block in self._given(name, transformer)]

    def _given(self, name: str, transformer: Any) -> list[Block]:
        places = np.asarray(self.estimator._transformer_to_input_indices[name], int)
        if (isinstance(transformer, str) and transformer == "drop") or not len(places):
            return []
        read = picked(self.document, self.blocks, places)
        blocks = read if isinstance(transformer, str) else self.transformed(transformer, read)
        span = self.estimator.output_indices_[name]
        return [replace(blocks[0], width=span.stop - span.start)] if len(blocks) == 1 else blocks


class TransformedTarget(Expressed):
    """A regressor whose target was transformed: its prediction is transformed back."""

    def predict(self) -> Value:
        """Write the prediction."""
        found = self.asked(self.estimator.regressor_, "predict")
        is_single = np.ndim(self.estimator.regressor_.predict(np.zeros((1, self.estimator.n_features_in_)))) == 1
        back = self.asked(self.estimator.transformer_, "inverse_transform", found.wide() if is_single else found)
        return back.flat() if self.estimator._training_dim == 1 else back


WRITERS: Mapping[type, type[Writer]] = {ColumnTransformer: Columns, TransformedTargetRegressor: TransformedTarget}
