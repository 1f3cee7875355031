"""torch.export and torch.onnx, with what they cannot follow patched for the time of the export.

    Flat module ─ patched ─▶ torch.export ─▶ ExportedProgram ─▶ torch.onnx ─▶ file (and its .data beside it)

Every named axis is exported as a free one (`Dim.DYNAMIC`: named `Dim`s fail more often). An ExportedProgram takes the second half alone.
While it runs no other thread may run a torch model: the patches replace attributes of torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.export import Dim, ShapesCollection
from torch.fx.experimental import _config as shape_settings

from converter.plugin import ExportError
from converter_torch.exporters.patches import patched
from converter_torch.flat import evaluating, size_in_bytes
from converter_torch.quiet import quiet

if TYPE_CHECKING:
    from torch import nn
    from torch.export import ExportedProgram
    from torch.onnx import ONNXProgram

    from converter.plugin import ExportRequest
    from converter_torch.model import TorchModel

NAME = "dynamo"
OPSET = 20
EXTERNAL_DATA_FROM = 1_500_000_000  # bytes of weights; a file of 2 GiB is more than protobuf can read


def write_dynamo(model: TorchModel, request: ExportRequest) -> None:
    """Write the model's graph to `request.path`; raises ExportError where the opset cannot be had."""
    if model.program is None:
        write_module(model.flat, model, request)
        return
    with quiet(), torch.no_grad():
        graph = _translate(model.program, model, request)
    _save(graph, model.flat, request)


def write_module(module: nn.Module, model: TorchModel, request: ExportRequest) -> None:
    """Write the graph of a module that takes the model's inputs and returns its outputs; raises as `write_dynamo`."""
    with quiet(), evaluating(module), patched(module) as prepared:
        graph = _translate(_capture(prepared, model), model, request)
    _save(graph, module, request)


def _capture(module: nn.Module, model: TorchModel) -> ExportedProgram:
    example = model.example()
    shapes = ShapesCollection()  # type: ignore[no-untyped-call]
    for each, tensor in zip(model.inputs, example, strict=True):
        if free := {place: Dim.DYNAMIC for place, dim in enumerate(each.dims) if isinstance(dim, str)}:
            shapes[tensor] = free
    dynamic = shapes.dynamic_shapes(module, example)  # type: ignore[no-untyped-call]
    # Sizes of 1 and 0 are sizes like others; what a size must be becomes a check at run time and no longer fixes it.
    with shape_settings.patch(backed_size_oblivious=True):  # type: ignore[attr-defined]
        return torch.export.export(module, example, dynamic_shapes=dynamic, strict=False, prefer_deferred_runtime_asserts_over_guards=True)


def _save(graph: ONNXProgram, module: nn.Module, request: ExportRequest) -> None:
    graph.save(request.path, external_data=size_in_bytes(module) >= EXTERNAL_DATA_FROM)


def _translate(program: ExportedProgram, model: TorchModel, request: ExportRequest) -> ONNXProgram:
    opset = request.opset or OPSET
    graph = torch.onnx.export(
        program,
        dynamo=True,
        input_names=[each.name for each in model.inputs],
        output_names=[each.name for each in model.outputs],
        opset_version=opset,
        verbose=False,
    )
    written = None if graph is None else graph.model.opset_imports.get("")
    if graph is None or written != opset:
        raise ExportError("torch", NAME, f"the graph came out in opset {written}, not {opset}", hint=f"leave --opset out, or take {OPSET}")
    return graph
