"""Architectures of transformers by their kinds, in tiny random configurations.

tiny.py                                        how one is made
texts.py, causal.py, images.py, sounds.py      of one kind
pairs.py                                       of images and texts together
cached.py                                      language models with their cache, from folders
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from torch_cases.case import Case, Rows
from torch_cases.hugging import cached, causal, images, pairs, sounds, texts

_CASES = [case for group in (texts, causal, cached, images, sounds, pairs) for case in group.CASES]


def _cases(row: str) -> list[Case]:
    return [case for case in _CASES if case.row == row]


ROWS: Rows = MappingProxyType({case.row: partial(_cases, case.row) for case in _CASES})
