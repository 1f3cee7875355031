"""Classic architectures, each written in a few lines, small, with every axis free that makes sense.

images.py          convolutional ones, and transformers of images
sequences.py       recurrent, convolutional and attending ones over sequences
sets.py            graphs, points, mixtures and flows
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from torch_cases.case import Case, Rows
from torch_cases.classics import images, sequences, sets


def _alone(case: Case) -> list[Case]:
    return [case]


ROWS: Rows = MappingProxyType({case.row: partial(_alone, case) for group in (images, sequences, sets) for case in group.CASES})
"""The rows of this part."""
