"""Estimators in a row, and side by side."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sklearn.pipeline import FeatureUnion, Pipeline

from converter.writing import Value
from converter_sklearn.estimators import Block, Writer, Written, joined
from converter_sklearn.expressed import Delegating, Expressed


class Row(Delegating):
    """A Pipeline: each step transforms what the one before gives, the last one answers."""

    @cached_property
    def steps(self) -> list[Any]:
        """The steps that do something."""
        return [step for _, step in self.estimator.steps if step is not None and step != "passthrough"]

    @property
    def is_open(self) -> bool:
        """Whether nothing comes after the transformers."""
        return self.estimator.steps[-1][1] in (None, "passthrough")

    @cached_property
    def reached(self) -> list[Block]:
        """The columns that the last step reads."""
        blocks = list(self.blocks)
        for step in self.steps if self.is_open else self.steps[:-1]:
            blocks = self.transformed(step, blocks)
        return blocks

    @cached_property
    def inner(self) -> Writer:
        """The writer of the last step."""
        return self.part(self.steps[-1], self.reached)

    def write(self, method: str) -> Written:
        """Write a method of the last step; without one, the transformed columns."""
        return self.reached if self.is_open and method == "transform" else super().write(method)


class SideBySide(Expressed):
    """A FeatureUnion: what several transformers make of the same columns."""

    def transform(self) -> list[Block]:
        """Write the columns of all transformers."""
        weights = self.estimator.transformer_weights or {}
        blocks = [block for name, each in self.estimator.transformer_list for block in self._weighted(each, weights.get(name, 1.0))]
        if len(blocks) == 1 or all(block.width for block in blocks) or any(block.dtype == "string" for block in blocks):
            return blocks
        return [Block(joined(self.document, blocks, self.compute), self.compute)]  # whose width whoever reads it knows

    def _weighted(self, transformer: Any, weight: float) -> list[Block]:
        if transformer == "drop":
            return []
        blocks = list(self.blocks) if transformer == "passthrough" else self.transformed(transformer)
        if weight == 1:
            return blocks
        values = [Value(self.document, block.value, block.dtype).cast(self.compute) * weight for block in blocks]
        return [Block(value.name, value.dtype, block.width) for value, block in zip(values, blocks, strict=True)]


WRITERS: Mapping[type, type[Writer]] = {Pipeline: Row, FeatureUnion: SideBySide}
