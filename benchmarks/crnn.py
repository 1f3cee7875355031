"""Latency of the CRNN: torch eager, `session.run`, Session called and bound; milliseconds: python benchmarks/crnn.py [--rounds 30] [--threads 1]."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

import converter
from timing import measure, row

CHECKPOINT = Path(__file__).resolve().parents[1] / "examples" / "crnn" / "crnn.pth"
SIZES = [(1, 100), (8, 100), (1, 400)]  # batch, width


def contenders(graph: Path, module: torch.nn.Module, images: np.ndarray, threads: int) -> dict[str, Callable[[], Any]]:
    """The calls to compare on the same images."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    plain = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    session = converter.Session(graph, device="cpu", threads=threads)
    bound = session.bind(images=images)
    tensor = torch.from_numpy(images)

    def eager() -> Any:
        with torch.inference_mode():
            return module(tensor)

    return {
        "torch eager": eager,
        "session.run": lambda: plain.run(None, {"images": images}),
        "Session": lambda: session(images=images),
        "Session, torch": lambda: session(images=tensor),
        "bound": bound.run,
    }


def main() -> None:
    """Print a line for each size, and below it the ratios to session.run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    sys.path.insert(0, str(CHECKPOINT.parent))
    from model import Crnn  # the example's own module

    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "crnn.onnx"
        assert converter.convert(CHECKPOINT, graph).agrees
        module = Crnn.load(CHECKPOINT).eval()
        for number, (batch, width) in enumerate(SIZES):
            images = np.random.default_rng(0).normal(size=(batch, 3, 32, width)).astype(np.float32)
            times = measure(contenders(graph, module, images, arguments.threads), arguments.rounds)
            if number == 0:
                print(row(f"ms, {arguments.threads} thread(s)", list(times)))
            print(row(f"batch {batch}, width {width}", [f"{seconds * 1e3:.3f}" for seconds in times.values()]))
            print(row("", [f"{seconds / times['session.run']:.2f}" for seconds in times.values()]))


if __name__ == "__main__":
    main()
