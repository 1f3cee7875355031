"""ONNX's own backend tests on CUDA: every case that the raw session runs there, through Session, from main memory and from the device.

ONNX Runtime ends the process on some of them, so they run in processes of their own, forked before CUDA starts; one that ends costs its case alone.
Run as `python backend_suite.py`: prints one JSON of how many cases were compared, the faults of Session, and on which cases the process ended.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import warnings
from collections import deque
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from onnx.backend.test.loader import load_model_tests

from converter.errors import ConverterError
from converter.runtime import Session

sys.path.append(str(Path(__file__).resolve().parents[1] / "runtime"))
import test_backend_suite as suite

PROVIDERS = [("CUDAExecutionProvider", {"use_tf32": "0"}), ("CPUExecutionProvider", {})]
WORKERS = 4
THEIRS, OURS = "theirs", "ours"

FORK = multiprocessing.get_context("fork")


class Running(NamedTuple):
    """A process and the cases that are left to it, the one at work first."""

    process: Any
    left: deque[int]
    stage: list[str]
    """Whose run is at work."""


def main() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the suite computes its own expectations, overflows included
        cases = [case for kind in suite.KINDS for test in load_model_tests(kind=kind) for case in suite.read(test, run=lambda *_: None)]
    cases = [case for case in cases if not case.is_random and all(isinstance(value, np.ndarray) for value in (*case.feeds.values(), *case.expected))]
    compared, faults, ended = 0, list[str](), list[str]()
    running = dict(start(cases, deque(range(at, len(cases), WORKERS))) for at in range(WORKERS))
    while running:
        for connection in wait(list(running)):
            assert isinstance(connection, Connection)
            process, left, stage = running[connection]
            try:
                message = connection.recv()
            except EOFError:
                process.join()
                del running[connection]
                if left:
                    name = cases[left.popleft()].name
                    (ended if stage == [THEIRS] else faults).append(f"{name}: the process ended")
                    running |= dict([start(cases, left)] if left else [])
                continue
            if isinstance(message, str):
                stage[:] = [message]
                continue
            left.popleft()
            if message is not None:
                compared, faults = compared + 1, faults + message
    print(json.dumps({"compared": compared, "faults": faults, "ended": ended}))


def start(cases: list[suite.Case], left: deque[int]) -> tuple[Connection, Running]:
    """Start a process on these cases."""
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=work, args=(cases, list(left), sender))
    process.start()
    sender.close()
    return receiver, Running(process, left, [THEIRS])


def work(cases: list[suite.Case], numbers: list[int], sender: Connection) -> None:
    """Send for each case whose run begins, and then its faults, or None where the raw session cannot run it."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    for number in numbers:
        case = cases[number]
        sender.send(THEIRS)
        try:
            expected = onnxruntime.InferenceSession(case.model, options, providers=PROVIDERS).run(None, case.feeds)
        except Exception:  # noqa: BLE001 - ONNX Runtime's own classes have no common base
            expected = None
            check_device()
        if expected is not None:
            sender.send(OURS)
            found = faults_of(case, expected)
            check_device()
        sender.send(None if expected is None else found)


def check_device() -> None:
    """End the process where the device is of no more use to it."""
    try:
        torch.cuda.synchronize()
    except RuntimeError:
        os._exit(1)


def faults_of(case: suite.Case, expected: list[Any]) -> list[str]:
    """How Session differs from the raw session."""
    try:
        session = Session(case.model, device="cuda")
        answers = [list(session(case.feeds)) for _ in range(2)]
        if all(port.is_native and port.is_bindable for port in (*session.inputs, *session.outputs)):
            tensors = {name: torch.from_numpy(np.array(value, order="C")).to("cuda") for name, value in case.feeds.items()}
            answers += [[value.cpu().numpy() for value in session(tensors)] for _ in range(3) if tensors]
    except ConverterError as error:
        return [f"{case.name}: {error.message}"]
    return [f"{case.name}: other outputs" for answer in answers for ours, theirs in zip(answer, expected, strict=True) if differs(ours, theirs)]


def differs(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return bool(ours.tolist() != theirs.tolist()) if theirs.dtype == object else suite.is_far(ours, theirs)


if __name__ == "__main__":
    main()
