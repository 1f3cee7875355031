"""A conversion in a process of its own: an exporter may crash it, hang, or leave torch changed for the next."""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import resource
import signal
import sys
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

from measuring.verdict import Verdict
from torch_cases.case import Case
from torch_cases.judging import OPSET, failed, judge

PATIENCE = 5  # so many times the limit may pass on the clock
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


def judge_apart(case: Case, column: str, limit: float) -> Verdict:
    """Return what becomes of a case in a column; a crash, and more than `limit` seconds of the CPU, are verdicts.

    One that waits for ever is ended after PATIENCE times as long. The process is forked, so what this one has imported need not be imported again.
    """
    receiving, sending = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_judge, args=(case, column, limit, sending), daemon=False)
    process.start()
    sending.close()
    verdict = _received(receiving, PATIENCE * limit)
    if verdict is None and process.is_alive():
        process.join(1)
    code = process.exitcode
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid or 0, signal.SIGKILL)  # what the exporter has started goes with it
    process.join()
    if verdict is not None:
        return verdict
    return failed(case, column, _ended(code, limit))


def _ended(code: int | None, limit: float) -> str:
    if code is None or code == -signal.SIGXCPU:
        return f"not done after {limit:.0f} s"
    return f"the process died of {signal.Signals(-code).name}" if code < 0 else f"the process ended with {code}"


def preload() -> None:
    """Import what a conversion imports, so that the processes forked from this one have it; nothing is exported, which would leave traces."""
    for name in _PRELOADED:
        importlib.import_module(name)
    from converter_torch.exporters.torchlib import read_torchlib

    read_torchlib(OPSET)
    gc.freeze()  # what is here by now need not be looked through in every process


def _received(receiving: Connection, limit: float) -> Verdict | None:
    if not receiving.poll(limit):
        return None
    try:
        verdict: Verdict = receiving.recv()
    except EOFError:
        return None
    return verdict


def _judge(case: Case, column: str, limit: float, sending: Connection) -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit + sum(os.times()[:2])), resource.RLIM_INFINITY))
    silence()
    from converter_torch.exporters.torchlib import kept_torchlib

    try:
        with kept_torchlib():  # for every exporter alike
            verdict = judge(case, column)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this case's verdict
        verdict = failed(case, column, f"{type(error).__name__}: {error}")
    sending.send(verdict)
    sending.close()


def silence() -> None:
    """Send what exporters and libraries print nowhere."""
    warnings.simplefilter("ignore")
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process lives
