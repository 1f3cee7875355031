"""A bfloat16 module computed in float32, between casts at its inputs and outputs.

ONNX Runtime has next to no kernels for bfloat16 on the CPU. Every bfloat16 value is a float32 value as well, and what is computed between
them in float32 is nearer to the truth than the module's own answer. The weights take twice the space.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import nn

from converter_torch.exporters.patched import write_module

if TYPE_CHECKING:
    from converter.plugin import ExportRequest
    from converter_torch.model import TorchModel
    from converter_torch.signature.flat import Flat


NAME = "widened"


def write_widened(model: TorchModel, request: ExportRequest) -> str:
    """Write the model's graph to `request.path`; return which patches mattered. Raises as `write_patched`."""
    dtypes = [getattr(torch, output.dtype) for output in model.outputs]
    return write_module(Widened(model.flat, dtypes), model, request, NAME)


def is_bfloat16(module: nn.Module) -> bool:
    """Tell whether a module has weights or buffers in bfloat16."""
    return any(tensor.dtype == torch.bfloat16 for tensor in [*module.parameters(), *module.buffers()])


class Widened(nn.Module):
    """A copy of a module with float32 in place of bfloat16; its inputs and outputs keep their dtypes."""

    def __init__(self, flat: Flat, dtypes: list[torch.dtype]) -> None:
        super().__init__()
        self.flat = copy.deepcopy(flat)._apply(_widened)  # type: ignore[no-untyped-call]
        self._dtypes = dtypes

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return what the module returns."""
        outputs = self.flat(*map(_widened, tensors))
        return tuple(output.to(dtype) for output, dtype in zip(outputs, self._dtypes, strict=True))


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.dtype == torch.bfloat16 else tensor
