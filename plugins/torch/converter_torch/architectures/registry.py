"""Every architecture that is known: those of this package first, then those of other distributions."""

from __future__ import annotations

import importlib.metadata
import warnings
from typing import TYPE_CHECKING, cast

from converter_torch.architectures.crnn import Crnn
from converter_torch.architectures.crnn_pytorch import CrnnPytorch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converter_torch.architectures.architecture import Architecture, Evidence, Recognised

GROUP = "converter_torch.architectures"


def known() -> Iterator[Architecture]:
    """Give each architecture; one that cannot be imported is left out with a warning that names it."""
    yield Crnn()
    yield CrnnPytorch()
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            found = entry.load()
            yield cast("Architecture", found() if isinstance(found, type) else found)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's module raises concerns only itself
            warnings.warn(f"architecture {entry.name} ({entry.value}) cannot be used: {type(error).__name__}: {error}", RuntimeWarning, stacklevel=2)


def recognise(evidence: Evidence) -> tuple[Architecture, Recognised] | None:
    """Return the first architecture that recognises the checkpoint, with what it found; None where none does."""
    for architecture in known():
        recognised = architecture.recognise(evidence)
        if recognised is not None:
            return architecture, recognised
    return None
