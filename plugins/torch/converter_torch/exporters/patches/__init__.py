"""What torch does that an export cannot follow, done otherwise for the time of one export.

A patch is a context manager: it takes the module that is to be exported and gives the one to export in its place; on leaving it,
torch and the module are as they were. They replace attributes of torch itself: while one is active, no other thread may run a model.
A patch notes where its stand-in did what torch's own would not have done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from converter_torch.exporters.patches.attention import plain_attention
from converter_torch.exporters.patches.ctc import ctc_by_scan
from converter_torch.exporters.patches.diagonals import diagonals_as_views
from converter_torch.exporters.patches.dispatch import fresh_dispatch
from converter_torch.exporters.patches.divisors import own_divisors
from converter_torch.exporters.patches.einsum import plain_einsum
from converter_torch.exporters.patches.encodings import one_hot_of_free_classes
from converter_torch.exporters.patches.entropies import written_out_entropies
from converter_torch.exporters.patches.factories import free_factories
from converter_torch.exporters.patches.fourier import mirrored_inverse
from converter_torch.exporters.patches.grids import free_grids
from converter_torch.exporters.patches.margins import margins_of_one
from converter_torch.exporters.patches.masks import unread_masks
from converter_torch.exporters.patches.notes import Notes
from converter_torch.exporters.patches.numbers import symbolic_numbers
from converter_torch.exporters.patches.paddings import same_padding
from converter_torch.exporters.patches.parametrizations import computed_weights
from converter_torch.exporters.patches.pooling import free_pooling
from converter_torch.exporters.patches.ranks import attention_of_four_dims
from converter_torch.exporters.patches.recurrence import recurrent_operators
from converter_torch.exporters.patches.replacing import Holders
from converter_torch.exporters.patches.scalars import constant_scalars
from converter_torch.exporters.patches.transposed import free_transposed_convolutions
from converter_torch.exporters.patches.unseen import zeros_for_unseen

if TYPE_CHECKING:
    from torch import nn

Patch = Callable[["nn.Module", Notes], AbstractContextManager["nn.Module"]]

PATCHES: tuple[Patch, ...] = (
    fresh_dispatch,
    plain_attention,
    plain_einsum,
    zeros_for_unseen,
    attention_of_four_dims,
    unread_masks,
    symbolic_numbers,
    free_factories,
    free_pooling,
    own_divisors,
    free_grids,
    same_padding,
    free_transposed_convolutions,
    one_hot_of_free_classes,
    mirrored_inverse,
    ctc_by_scan,
    margins_of_one,
    written_out_entropies,
    diagonals_as_views,
    computed_weights,
    recurrent_operators,
    constant_scalars,
)


@contextlib.contextmanager
def patched(module: nn.Module) -> Iterator[tuple[nn.Module, Notes]]:
    """Apply every patch; gives the module to export, and the notes that the patches make while it is exported."""
    notes = Notes()
    with Holders().shared(), contextlib.ExitStack() as stack:
        for patch in PATCHES:
            module = stack.enter_context(patch(module, notes))
        yield module, notes
