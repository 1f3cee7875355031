"""torch.jit.script, and torch.onnx's older exporter in a process of its own: what keeps loops over a free axis and branches on values.

The scripted module is traced from outside, which binds its inputs and flattens its outputs; its own control flow stays.
A frozen one cannot be traced even so, and goes as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

from converter.plugin import ExportError
from converter_torch.exporters.failures import explained
from converter_torch.exporters.older import Scripted, export_older, traced
from converter_torch.quiet import quiet
from converter_torch.signature.flat import Flat, evaluating
from converter_torch.sources.scripts import is_frozen, signature_of

if TYPE_CHECKING:
    from converter.plugin import ExportRequest
    from converter_torch.model import TorchModel

NAME = "script"


def write_script(model: TorchModel, request: ExportRequest) -> None:
    """Write the model's graph to `request.path`; raises ExportError where it cannot be scripted, or the exporting process fails or dies."""
    with quiet():
        scripted = _as_it_is(model) if is_frozen(model.flat.module) else traced(_scripted(model.flat), model, NAME)
        export_older(scripted, model, request, NAME)


def _scripted(flat: Flat) -> Flat:
    if isinstance(flat.module, torch.jit.ScriptModule):
        return flat
    with evaluating(flat), explained(NAME):
        return Flat(torch.jit.script(flat.module), flat.binding)


def _as_it_is(model: TorchModel) -> Scripted:
    module = cast("torch.jit.ScriptModule", model.flat.module)
    binding, parameters = model.flat.binding, list(signature_of(module).parameters)
    inputs, _ = binding.arguments([each.name for each in model.inputs])
    example, _ = binding.arguments(model.example())
    if len(inputs) != len(parameters):
        raise ExportError("torch", NAME, f"a frozen TorchScript module wants every input: {', '.join(parameters)}", hint="give each one an --input")
    return Scripted(module, inputs, example)
