"""One case: what went into the source model and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converter.worker import arrays


@dataclass(frozen=True)
class Case:
    """A recorded case; its arrays are mapped from disk when asked for.

    `sizes` gives the length of each axis; `origin` says where the feeds come from: "seed 3" or the name of the user's file.
    """

    name: str
    origin: str
    sizes: Mapping[str, int]
    folder: Path

    @property
    def feeds(self) -> dict[str, np.ndarray]:
        """The inputs, by name."""
        return arrays.read(self.folder / "inputs")

    @property
    def answers(self) -> dict[str, np.ndarray]:
        """The source model's outputs, by name."""
        return arrays.read(self.folder / "outputs")

    @property
    def rounding(self) -> dict[str, float] | None:
        """How far the answers are from exact ones, as far as the model knows, by the name of the output; None where that was not asked."""
        place = self.folder / "rounding"
        return {name: float(error) for name, error in arrays.read(place).items()} if arrays.are_at(place) else None

    @property
    def title(self) -> str:
        """How messages call it: the sizes of its axes."""
        sizes = ", ".join(f"{axis} {size}" for axis, size in self.sizes.items())
        return f"{self.name} ({sizes})" if sizes else self.name
