"""torch.onnx.export(dynamo=True) and nothing else: no patch, its own fallback to a strict capture.

Nothing that an earlier export left behind may decide: a worker brings a fresh process, and for a live object the caches are cleared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from converter_torch.exporters.capturing import free_dims
from converter_torch.exporters.failures import explained
from converter_torch.exporters.patches.dispatch import fresh_dispatch
from converter_torch.exporters.translating import OPSET, of_opset, save
from converter_torch.quiet import quiet
from converter_torch.signature.flat import evaluating

if TYPE_CHECKING:
    from converter.plugin import ExportRequest
    from converter_torch.model import TorchModel

NAME = "dynamo"


def write_dynamo(model: TorchModel, request: ExportRequest) -> None:
    """Write the model's graph to `request.path`; raises ExportError where torch cannot, or the opset cannot be had."""
    example = model.example()
    with quiet(), evaluating(model.flat), fresh_dispatch(model.flat), explained(NAME):
        try:
            graph = torch.onnx.export(
                model.flat,
                example,
                dynamo=True,
                dynamic_shapes=free_dims(model.flat, model.inputs, example),
                input_names=[each.name for each in model.inputs],
                output_names=[each.name for each in model.outputs],
                opset_version=request.opset or OPSET,
                custom_translation_table=model.translations,  # type: ignore[arg-type]
                verbose=False,
            )
        finally:
            torch._dynamo.reset()
    save(of_opset(graph, request, NAME), model.flat, request)
