"""torch.jit.trace, and torch.onnx's older exporter in a process of its own. Loops and branches on values come out as the example took them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter_torch.exporters.older import export_older, traced
from converter_torch.quiet import quiet

if TYPE_CHECKING:
    from converter.plugin import ExportRequest
    from converter_torch.model import TorchModel

NAME = "trace"


def write_trace(model: TorchModel, request: ExportRequest) -> None:
    """Write the model's graph to `request.path`; raises ExportError where the exporting process fails or dies."""
    with quiet():
        export_older(traced(model.flat, model, NAME), model, request, NAME)
