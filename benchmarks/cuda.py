"""Latency of the CRNN on CUDA: `session.run` with copies from and to the host, Session with NumPy and with torch tensors on the device, bound.

Run it as python benchmarks/cuda.py [--rounds 100]. Where no CUDA device starts it says why and ends.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

import converter
from converter.runtime.devices import why_not_cuda
from timing import measure, row

CHECKPOINT = Path(__file__).resolve().parents[1] / "examples" / "crnn" / "crnn.pth"
SIZES = [(1, 100), (8, 100), (64, 100)]  # batch, width


def contenders(graph: Path, images: np.ndarray) -> dict[str, Callable[[], Any]]:
    """The calls to compare on the same images."""
    import torch

    plain = onnxruntime.InferenceSession(graph, providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
    session = converter.Session(graph, device="cuda")
    calls: dict[str, Callable[[], Any]] = {"session.run": lambda: plain.run(None, {"images": images}), "Session": lambda: session(images=images)}
    if torch.cuda.is_available():
        tensor = torch.from_numpy(images).cuda()
        bound = session.bind(images=tensor)
        calls |= {"Session, on device": lambda: session(images=tensor), "bound": bound.run}
    return calls


def main() -> None:
    """Print a line for each size, and below it the ratios to session.run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    if reason := why_not_cuda(0):
        print(f"no CUDA device starts here: {reason}")
        return
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "crnn.onnx"
        assert converter.convert(CHECKPOINT, graph, device="cuda").agrees
        for number, (batch, width) in enumerate(SIZES):
            images = np.random.default_rng(0).normal(size=(batch, 3, 32, width)).astype(np.float32)
            times = measure(contenders(graph, images), rounds)
            if number == 0:
                print(row("ms", list(times)))
            print(row(f"batch {batch}, width {width}", [f"{seconds * 1e3:.3f}" for seconds in times.values()]))
            print(row("", [f"{seconds / times['session.run']:.2f}" for seconds in times.values()]))


if __name__ == "__main__":
    main()
