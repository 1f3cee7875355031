"""torch.onnx's older exporter, on a TorchScript module, in a process of its own: it can bring its process down.

TorchScript module ─ script.pt ─▶ child process ─▶ file
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from converter_torch.exporters.children import run_child
from converter_torch.exporters.failures import explained
from converter_torch.exporters.older_process import EXAMPLE, SCRIPT
from converter_torch.exporters.patches.attention import plain_attention
from converter_torch.signature.flat import evaluating

if TYPE_CHECKING:
    from converter.plugin import ExportRequest
    from converter_torch.model import TorchModel
    from converter_torch.signature.flat import Flat

OPSET = 20
_PROCESS = "converter_torch.exporters.older_process"


@dataclass(frozen=True)
class Scripted:
    """What the child exports: a module, the names of its inputs in order, and a tensor for each."""

    module: torch.jit.ScriptModule
    inputs: tuple[str, ...]
    example: tuple[torch.Tensor, ...]


def traced(flat: Flat, model: TorchModel, exporter: str) -> Scripted:
    """Trace a module that takes the model's inputs; TorchScript modules inside it keep their control flow."""
    example = model.example()
    with evaluating(flat), plain_attention(flat), explained(exporter):
        module = torch.jit.trace(flat, example, check_trace=False, strict=False)  # type: ignore[no-untyped-call]
    return Scripted(module, tuple(each.name for each in model.inputs), example)


def packages_of(module: nn.Module) -> list[str]:
    """Return the packages that a module's parts come from: with their import come the operators that TorchScript only names, and what writes them."""
    roots = {type(part).__module__.partition(".")[0] for part in module.modules()}
    return sorted(roots & set(sys.modules) - {"torch", "builtins", "__main__", "__torch__", __package__.partition(".")[0]})


def export_older(scripted: Scripted, model: TorchModel, request: ExportRequest, exporter: str) -> None:
    """Write the graph to `request.path`; raises ExportError where the exporting process fails or dies."""
    free = {each.name: {place: str(dim) for place, dim in enumerate(each.dims) if isinstance(dim, str)} for each in model.inputs}
    job = {
        "path": str(request.path.absolute()),
        "opset": request.opset or OPSET,
        "inputs": list(scripted.inputs),
        "outputs": [each.name for each in model.outputs],
        "axes": {name: dims for name, dims in free.items() if dims},
        "packages": packages_of(model.flat.module),
        "folders": sys.path,
    }
    with tempfile.TemporaryDirectory(dir=request.path.parent) as name:  # where a killed run leaves nothing
        folder = Path(name)
        torch.jit.save(scripted.module, folder / SCRIPT)
        torch.save(list(scripted.example), folder / EXAMPLE)
        run_child(_PROCESS, folder, job, exporter)
