"""TorchScript modules: read from a file, and the signature of their forward."""

from __future__ import annotations

import inspect
from inspect import Parameter
from pathlib import Path

import torch
from torch import nn

from converter.plugin import UnreadableSource


def read_script(path: Path) -> torch.jit.ScriptModule:
    """Return the module in a TorchScript file; raises UnreadableSource where torch cannot load it."""
    try:
        module: torch.jit.ScriptModule = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise UnreadableSource(
            f"{path.name} is a TorchScript file that torch {torch.__version__} cannot load: {str(error).strip().splitlines()[-1]}",
            hint="it may be damaged, or need a package that registers its operators",
        ) from error
    return module


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
