"""Text from the scores of a recogniser trained with CTC: the alphabet travels in the graph's metadata.

The metadata key is `ctc`; its value is the JSON of a `CtcAlphabet`.
Greedy decoding as in Graves et al. 2006, "Connectionist temporal classification": best class per step, repeats merged, blanks dropped.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

METADATA_KEY = "ctc"


@dataclass(frozen=True)
class CtcAlphabet:
    """Which output holds the scores, and which character each class stands for."""

    output: str
    charset: str  # the characters of the classes, in order, the blank left out
    blank: int = 0
    batch_first: bool = False  # scores are [batch, steps, classes], else [steps, batch, classes]

    def decode(self, scores: np.ndarray) -> list[str]:
        """Return the text of each row of `scores`, [steps, batch, classes] (or [batch, steps, classes] where `batch_first`)."""
        best = np.asarray(scores).argmax(-1)
        return [self._collapse(steps) for steps in (best if self.batch_first else best.T)]

    def _collapse(self, steps: np.ndarray) -> str:
        starts = np.concatenate([[True], steps[1:] != steps[:-1]]) if len(steps) else np.zeros(0, bool)
        kept = [int(step) for step in steps[starts] if step != self.blank]
        return "".join(self.charset[step - (step > self.blank)] for step in kept)

    def to_json(self) -> str:
        """Return the metadata value."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @staticmethod
    def from_metadata(metadata: Mapping[str, str]) -> CtcAlphabet | None:
        """Return the alphabet that a graph's metadata holds, None where it holds none."""
        return CtcAlphabet(**json.loads(metadata[METADATA_KEY])) if METADATA_KEY in metadata else None
