"""What is measured of the torch plugin: rows by part.

case.py                    what a case is
judging.py, apart.py       what becomes of it, and in a process of its own
page.py                    the page of the documentation
modules.py, batches.py     PyTorch's own module tests, and the batch of each
hugging/                   architectures of transformers, in tiny random configurations
classics/                  architectures that are written in a few lines
recurrent.py               every setting of the recurrent layers
absent.py                  what has nothing to convert
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from torch_cases import classics, hugging, modules, recurrent
from torch_cases.case import Rows

PARTS: Mapping[str, Rows] = MappingProxyType(
    {"modules": modules.ROWS, "transformers": hugging.ROWS, "classics": classics.ROWS, "recurrent": recurrent.ROWS}
)
