"""torch.export: from a module to an ExportedProgram whose named axes are free.

Every named axis is exported as a free one (`Dim.DYNAMIC`: named `Dim`s fail more often).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.export import Dim, ShapesCollection
from torch.fx.experimental import _config as shape_settings

if TYPE_CHECKING:
    from torch import nn
    from torch.export import ExportedProgram

    from converter.plugin import Input


def capture(module: nn.Module, inputs: Sequence[Input], example: tuple[torch.Tensor, ...]) -> ExportedProgram:
    """Return the program of a module that takes a tensor for each input."""
    dynamic = free_dims(module, inputs, example)
    # Sizes of 1 and 0 are sizes like others; what a size must be becomes a check at run time and no longer fixes it.
    with shape_settings.patch(backed_size_oblivious=True):  # type: ignore[attr-defined]
        return torch.export.export(module, example, dynamic_shapes=dynamic, strict=False, prefer_deferred_runtime_asserts_over_guards=True)


def capture_fixed(module: nn.Module, example: tuple[torch.Tensor, ...]) -> ExportedProgram:
    """Return the program of a module at the sizes of the example."""
    return torch.export.export(module, example, strict=False)


def free_dims(module: nn.Module, inputs: Sequence[Input], example: tuple[torch.Tensor, ...]) -> Any:
    """Return what torch.export takes as `dynamic_shapes`: every named axis free."""
    shapes = ShapesCollection()  # type: ignore[no-untyped-call]
    for each, tensor in zip(inputs, example, strict=True):
        if free := {place: Dim.DYNAMIC for place, dim in enumerate(each.dims) if isinstance(dim, str)}:
            shapes[tensor] = free
    return shapes.dynamic_shapes(module, example)  # type: ignore[no-untyped-call]
