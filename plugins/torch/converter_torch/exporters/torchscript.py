"""torch.jit.trace here, torch.onnx's older exporter in a process of its own: it can bring its process down.

    Flat module ─ trace ─▶ script.pt ─ child process ─▶ file

A TorchScript module is traced from outside only: its own control flow stays. A frozen one cannot be traced even so, and goes as it is.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch

from converter.plugin import ExportError
from converter_torch.exporters.patches.attention import plain_attention
from converter_torch.exporters.torchscript_process import ERROR, EXAMPLE, JOB, SCRIPT
from converter_torch.flat import evaluating
from converter_torch.quiet import quiet
from converter_torch.scripts import is_frozen, signature_of

if TYPE_CHECKING:
    from converter.plugin import ExportRequest
    from converter_torch.model import TorchModel

NAME = "torchscript"
OPSET = 20
_HINT = "--debug shows what it told"
_PROCESS = "converter_torch.exporters.torchscript_process"


@dataclass(frozen=True)
class _Script:
    """What the child exports: a module, the names of its inputs in order, and a tensor for each."""

    module: torch.jit.ScriptModule
    inputs: tuple[str, ...]
    example: tuple[torch.Tensor, ...]


def write_torchscript(model: TorchModel, request: ExportRequest) -> None:
    """Write the model's graph to `request.path`; raises ExportError where the exporting process fails or dies."""
    with tempfile.TemporaryDirectory() as name, quiet():
        folder = Path(name)
        script = _as_it_is(model) if is_frozen(model.flat.module) else _traced(model)
        torch.jit.save(script.module, folder / SCRIPT)
        torch.save(list(script.example), folder / EXAMPLE)
        (folder / JOB).write_text(json.dumps(_job(script.inputs, model, request)), "utf-8")
        _export(folder)


def _traced(model: TorchModel) -> _Script:
    example = model.example()
    with evaluating(model.flat), plain_attention(model.flat):
        module = torch.jit.trace(model.flat, example, check_trace=False, strict=False)  # type: ignore[no-untyped-call]
    return _Script(module, tuple(each.name for each in model.inputs), example)


def _as_it_is(model: TorchModel) -> _Script:
    module = cast("torch.jit.ScriptModule", model.flat.module)
    binding, parameters = model.flat.binding, list(signature_of(module).parameters)
    inputs, _ = binding.arguments([each.name for each in model.inputs])
    example, _ = binding.arguments(model.example())
    if len(inputs) != len(parameters):
        raise ExportError("torch", NAME, f"a frozen TorchScript module wants every input: {', '.join(parameters)}", hint="give each one an --input")
    return _Script(module, inputs, example)


def _job(inputs: Sequence[str], model: TorchModel, request: ExportRequest) -> dict[str, object]:
    free = {each.name: {place: str(dim) for place, dim in enumerate(each.dims) if isinstance(dim, str)} for each in model.inputs}
    return {
        "path": str(request.path.absolute()),
        "opset": request.opset or OPSET,
        "inputs": list(inputs),
        "outputs": [each.name for each in model.outputs],
        "axes": {name: dims for name, dims in free.items() if dims},
    }


def _export(folder: Path) -> None:
    command = [sys.executable, "-P", "-m", _PROCESS, str(folder)]
    log = folder / "log"
    with log.open("wb") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)  # noqa: S603 - our own module
    told = log.read_text("utf-8", "replace").strip()
    if done.returncode < 0:
        raise ExportError("torch", NAME, f"the exporting process died of {_signal_name(-done.returncode)}", hint=_HINT, details=told)
    if done.returncode:
        error = folder / ERROR
        message = error.read_text("utf-8") if error.exists() else f"the exporting process ended with code {done.returncode}"
        raise ExportError("torch", NAME, message, hint=_HINT, details=told)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
