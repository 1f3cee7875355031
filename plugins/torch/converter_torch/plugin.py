"""The light half: which sources are torch's, seen without importing torch."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from converter.plugin import Framework, LoadRequest, Match, Option, Source, hookimpl
from converter_torch.huggingface.folders import is_model_folder
from converter_torch.sources import kinds

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
            "*.index.json, a folder": "weights in several files, as above",
            "*.pt2": "an exported program, of torch.export.save",
            "*.torchscript, *.pt": "a TorchScript module, of torch.jit.save",
            "folder with config.json": "a model of Hugging Face's transformers, with its weights as .safetensors or .bin",
            "module:attribute": "a module, its class or a factory",
            "a live object": "nn.Module, ScriptModule, ExportedProgram",
        }
    )
    exporters: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "patched": "torch.export with recurrent layers as ONNX's own operators; every named axis stays free",
            "widened": "for bfloat16 modules: the same, computed in float32 between casts, for want of bfloat16 kernels",
            "resized": "patched, from a second example of other sizes",
            "dynamo": "torch.onnx.export(dynamo=True), nothing patched",
            "script": "torch.jit.script and the older exporter, in a process of its own: keeps loops over a free axis and branches on values",
            "trace": "torch.jit.trace and the older exporter, in a process of its own",
            "generalised": "the last resort: several static exports, laid over each other; what follows an axis becomes arithmetic on it",
            "program": "for exported programs: torch.onnx.export, nothing captured anew",
        }
    )
    domains = ("com.microsoft",)  # what a translation of the user's own may need, and ONNX Runtime has
    options = (
        Option("translation", "module:TABLE, with {torch.ops.mine.scaled.default: a function of onnxscript} for operators that have no translation"),
        Option("constants", 'a JSON object of values for parameters of forward that are no inputs: {"use_cache": false}'),
        Option("dtype", "convert the module to this dtype before the export", choices=("float16", "bfloat16", "float32", "float64")),
        Option("prefix", "with --model: take only the weights whose keys begin with this, without it: ema_model."),
        Option("task", "model folders: what for, as optimum names it: feature-extraction, text-generation, text-generation-with-past, …"),
        Option("part", "model folders of an encoder and a decoder: which graph", choices=("encoder", "decoder", "decoder-with-past", "whole")),
        Option("batch_first", "recognised CRNNs: give [batch, steps, classes] in place of [steps, batch, classes]", default=False),
        Option("softmax", "recognised CRNNs: give probabilities in place of logits", default=False),
        Option("charset", "recognised CRNNs: the characters of the classes, in order, the blank (class 0) left out"),
        Option("leaky_relu", "recognised crnn.pytorch CRNNs: the activations are LeakyReLU(0.2), which a checkpoint does not tell", default=False),
    )

    def match(self, source: Source) -> Match:
        """Tell how surely a file is torch's, from its name and first bytes."""
        return Match.CONTENT if is_model_folder(source) else kinds.match(source)

    def load(self, request: LoadRequest) -> TorchModel:
        """Load the model; raises what `converter_torch.loading.load` raises."""
        from converter_torch.exporters.translations import read_table
        from converter_torch.loading import load

        table = read_table(request)
        model = load(request)
        model.translations = table
        return model


@hookimpl
def converter_frameworks() -> list[Framework]:
    """Name the one framework of this plugin."""
    return [Torch()]
