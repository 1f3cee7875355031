"""What torch does that an export cannot follow, done otherwise for the time of one export.

A patch is a context manager: it takes the module that is to be exported and gives the one to export in its place; on leaving it,
torch and the module are as they were. They replace attributes of torch itself: while one is active, no other thread may run a model.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from converter_torch.exporters.patches.attention import plain_attention
from converter_torch.exporters.patches.dispatch import fresh_dispatch
from converter_torch.exporters.patches.recurrence import recurrent_operators

if TYPE_CHECKING:
    from torch import nn

Patch = Callable[["nn.Module"], AbstractContextManager["nn.Module"]]

PATCHES: tuple[Patch, ...] = (fresh_dispatch, plain_attention, recurrent_operators)


@contextlib.contextmanager
def patched(module: nn.Module) -> Iterator[nn.Module]:
    """Apply every patch; gives the module to export."""
    with contextlib.ExitStack() as stack:
        for patch in PATCHES:
            module = stack.enter_context(patch(module))
        yield module
