"""What a process from which others are forked imports once for them all, and how they judge with it."""

from __future__ import annotations

import gc
import importlib

from converter_torch.exporters.torchlib import kept_torchlib, read_torchlib
from measuring.verdict import Verdict
from torch_cases.case import Case
from torch_cases.judging import OPSET, judge

_PRELOADED = (
    "converter_torch.loading",
    "networkx",
    "onnxruntime",
    "onnxscript.function_libs.torch_lib.ops",
    "onnxscript.optimizer",
    "torch._dynamo",
    "torch._functorch.aot_autograd",
    "torch.export._trace",
    "torch.onnx._internal.exporter._compat",
)


def preload() -> None:
    """Import what a conversion imports; nothing is exported, which would leave traces."""
    for name in _PRELOADED:
        importlib.import_module(name)
    read_torchlib(OPSET)
    gc.freeze()  # what is here by now need not be looked through in every process


def judge_forked(case: Case, column: str) -> Verdict:
    """Return what becomes of a case in a column, with the tables that `preload` read."""
    with kept_torchlib():  # for every exporter alike
        return judge(case, column)
