"""An ExportedProgram as it is: it was captured elsewhere, and torch.onnx translates it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from converter_torch.exporters.translating import save, translate
from converter_torch.quiet import quiet

if TYPE_CHECKING:
    from converter.plugin import ExportRequest
    from converter_torch.model import TorchModel

NAME = "program"


def write_program(model: TorchModel, request: ExportRequest) -> None:
    """Write the program's graph to `request.path`; raises ExportError where it cannot be translated, or the opset cannot be had."""
    assert model.program is not None
    with quiet(), torch.no_grad():
        graph = translate(model.program, model, request, NAME)
    save(graph, model.flat, request)
