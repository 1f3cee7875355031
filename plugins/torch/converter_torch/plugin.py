"""The light half: which sources are torch's, seen without importing torch."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from converter.plugin import Framework, LoadRequest, Match, Option, Source, hookimpl
from converter_torch import kinds

if TYPE_CHECKING:
    from converter_torch.model import TorchModel


class Torch(Framework):
    """PyTorch."""

    name = "torch"
    requires = ("torch", "onnxscript", "safetensors")
    packages = ("torch", "onnxscript")
    types = ("torch.nn.modules.module.Module", "torch.export.exported_program.ExportedProgram")
    sources: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "*.pth, *.pt, *.ckpt, *.bin": "a checkpoint of torch.save: weights (of an architecture that is recognised, or of --model), or with --trust a whole module",
            "*.safetensors": "weights, as above",
            "*.pt2": "an exported program, of torch.export.save",
            "*.torchscript, *.pt": "a TorchScript module, of torch.jit.save",
            "module:attribute": "a module, its class or a factory",
            "a live object": "nn.Module, ScriptModule, ExportedProgram",
        }
    )
    exporters: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "dynamo": "torch.export with recurrent layers as ONNX's own operators; every named axis stays free",
            "widened": "for bfloat16 modules: the same, computed in float32 between casts, for want of bfloat16 kernels",
            "torchscript": "torch.jit.trace and the older exporter, in a process of its own",
        }
    )
    options = (
        Option("batch_first", "recognised CRNNs: give [batch, steps, classes] in place of [steps, batch, classes]", default=False),
        Option("softmax", "recognised CRNNs: give probabilities in place of logits", default=False),
        Option("charset", "recognised CRNNs: the characters of the classes, in order, the blank (class 0) left out"),
        Option("leaky_relu", "recognised crnn.pytorch CRNNs: the activations are LeakyReLU(0.2), which a checkpoint does not tell", default=False),
    )

    def match(self, source: Source) -> Match:
        """Tell how surely a file is torch's, from its name and first bytes."""
        return kinds.match(source)

    def load(self, request: LoadRequest) -> TorchModel:
        """Load the model; raises what `converter_torch.loading.load` raises."""
        from converter_torch.loading import load

        return load(request)


@hookimpl
def converter_frameworks() -> list[Framework]:
    """Name the one framework of this plugin."""
    return [Torch()]
