"""torch.onnx: from an ExportedProgram to a graph, and the graph to its file (and its .data beside it)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from converter.plugin import ExportError
from converter_torch.exporters import arithmetic, diagonals, grouped, sorting
from converter_torch.exporters.failures import explained
from converter_torch.exporters.naming import make_names_unique
from converter_torch.exporters.rewriting import right_rewrites
from converter_torch.exporters.torchlib import kept_torchlib
from converter_torch.signature.flat import size_in_bytes

if TYPE_CHECKING:
    from torch import nn
    from torch.export import ExportedProgram
    from torch.onnx import ONNXProgram

    from converter.plugin import ExportRequest
    from converter_torch.exporters.translations import Table
    from converter_torch.model import TorchModel

OPSET = 20
_OWN = (arithmetic, diagonals, grouped, sorting)  # modules with translations that torch.onnx lacks or has wrong
EXTERNAL_DATA_FROM = 1_500_000_000  # bytes of weights; a file of 2 GiB is more than protobuf can read


def translate(program: ExportedProgram, model: TorchModel, request: ExportRequest, exporter: str) -> ONNXProgram:
    """Return the program's graph, with the model's names.

    Raises ExportError where the opset cannot be had, and where an operator has no translation.
    """
    with explained(exporter, program), kept_torchlib(), right_rewrites():
        graph = torch.onnx.export(
            program,
            dynamo=True,
            input_names=[each.name for each in model.inputs],
            output_names=[each.name for each in model.outputs],
            opset_version=request.opset or OPSET,
            custom_translation_table={**_own_translations(), **(model.translations or {})},
            verbose=False,
        )
    graph = of_opset(graph, request, exporter)
    make_names_unique(graph.model)
    return graph


def _own_translations() -> Table:
    return {operator: function for each in _OWN for operator, function in each.translations().items()}


def of_opset(graph: ONNXProgram | None, request: ExportRequest, exporter: str) -> ONNXProgram:
    """Return the graph; raises ExportError where it came out in another opset than the wanted one."""
    wanted = request.opset or OPSET
    written = None if graph is None else graph.model.opset_imports.get("")
    if graph is None or written != wanted:
        raise ExportError("torch", exporter, f"the graph came out in opset {written}, not {wanted}", hint=f"leave --opset out, or take {OPSET}")
    return graph


def save(graph: ONNXProgram, module: nn.Module, request: ExportRequest) -> None:
    """Write the graph to `request.path`, large weights beside it."""
    graph.save(request.path, external_data=size_in_bytes(module) >= EXTERNAL_DATA_FROM)
