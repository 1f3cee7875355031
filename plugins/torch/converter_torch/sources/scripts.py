"""TorchScript modules: read from a file, and the signature of their forward."""

from __future__ import annotations

import inspect
from inspect import Parameter
from pathlib import Path
from typing import Any

import torch
from torch import nn

from converter.plugin import UnreadableSource


def read_script(path: Path) -> torch.jit.ScriptModule:
    """Return the module in a TorchScript file, on the CPU with all that it makes; raises UnreadableSource where torch cannot load it."""
    try:
        module: torch.jit.ScriptModule = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise UnreadableSource(
            f"{path.name} is a TorchScript file that torch {torch.__version__} cannot load: {str(error).strip().splitlines()[-1]}",
            hint="it may be damaged, or need a package that registers its operators",
        ) from error
    _make_on_cpu(module)
    return module


def _make_on_cpu(module: torch.jit.ScriptModule) -> None:
    """Let the code make its tensors on the CPU: `map_location` moves weights, and not the devices that a trace on a GPU has written into the code."""
    inner: list[Any] = [each._c for each in module.modules() if hasattr(each, "_c")]
    for graph in (each._get_method(name).graph for each in inner for name in each._method_names()):
        named = [constant for constant in graph.findAllNodes("prim::Constant") if str(constant.output().type()) == "Device"]
        named += [next(device.inputs()).node() for device in graph.findAllNodes("aten::device")]  # torch.device("cuda", 0)
        for constant in named:
            if constant.kind() == "prim::Constant" and constant.s("value").startswith("cuda"):
                constant.s_("value", "cpu")


def signature_of(module: torch.jit.ScriptModule) -> inspect.Signature:
    """Return the signature of a TorchScript forward."""
    arguments = module.forward.schema.arguments[1:]  # type: ignore[attr-defined] # without self
    return inspect.Signature(
        [
            Parameter(
                each.name,
                Parameter.POSITIONAL_OR_KEYWORD,
                default=each.default_value if each.has_default_value() else Parameter.empty,
                annotation=each.type,
            )
            for each in arguments
        ]
    )


def is_frozen(module: nn.Module) -> bool:
    """Tell whether a module is a TorchScript module that was frozen: its mode is gone, its weights are constants of its code."""
    return isinstance(module, torch.jit.ScriptModule) and not hasattr(module, "training")
