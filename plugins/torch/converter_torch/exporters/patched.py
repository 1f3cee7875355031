"""torch.export and torch.onnx, with what they cannot follow patched for the time of the export.

    Flat module ─ patched ─▶ torch.export ─▶ ExportedProgram ─▶ torch.onnx ─▶ file (and its .data beside it)

While it runs no other thread may run a torch model: the patches replace attributes of torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from converter_torch.exporters.capturing import capture
from converter_torch.exporters.failures import explained
from converter_torch.exporters.patches import patched
from converter_torch.exporters.translating import save, translate
from converter_torch.quiet import quiet
from converter_torch.signature.flat import evaluating

if TYPE_CHECKING:
    from torch import nn

    from converter.plugin import ExportRequest
    from converter_torch.model import TorchModel

NAME = "patched"


def write_patched(model: TorchModel, request: ExportRequest) -> str:
    """Write the model's graph to `request.path`; return which patches mattered.

    Raises ExportError where the model cannot be captured or translated, or the opset cannot be had.
    """
    return write_module(model.flat, model, request, NAME)


def write_module(module: nn.Module, model: TorchModel, request: ExportRequest, exporter: str, sizes: Mapping[str, int] | None = None) -> str:
    """Write the graph of a module that takes the model's inputs and returns its outputs, from an example of these sizes; as `write_patched`."""
    with quiet(), evaluating(module), patched(module) as (prepared, notes):
        with explained(exporter):
            program = capture(prepared, model.inputs, model.example(sizes))
        graph = translate(program, model, request, exporter)
    save(graph, module, request)
    return notes.line
