"""Latency of a Session beside ONNX Runtime's own calls and optimum's: small graphs, on which the call itself shows, large ones, and the CRNN.

    python benchmarks/runtime.py [--rounds 300] [--threads 1] [--memory]

All columns of a row run in turns, round after round, so that what the machine does meanwhile hits them alike; a figure is the median of the rounds.

    session.run   onnxruntime.InferenceSession.run with NumPy arrays: the yardstick
    floor         one private call on buffers that were bound once: nothing can be faster from Python
    called        session(…) with NumPy arrays, every check included
    bound         session.bind(…).run()
    torch run     session.run with tensors converted by hand: .numpy() and from_numpy
    torch called  session(…) with torch tensors
    optimum       ORTModelForCustomTasks with torch tensors, where optimum is installed and runs the graph

With --memory it makes a million calls instead, and prints what the process has grown by.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import psutil
from onnx import TensorProto, helper, numpy_helper

import converter
from converter.runtime import Session
from converter.runtime import ort_private as ort
from timing import measure, row

CHECKPOINT = Path(__file__).resolve().parents[1] / "examples" / "crnn" / "crnn.pth"
HAS_TORCH, HAS_OPTIMUM = (importlib.util.find_spec(name) is not None for name in ("torch", "optimum"))


def matmul() -> bytes:
    """One MatMul, [batch, 16] to [batch, 4]."""
    weight = numpy_helper.from_array(np.random.default_rng(0).normal(size=(16, 4)).astype(np.float32), "w")
    return _bytes([helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": ["batch", 16]}, weight)


def tabular() -> bytes:
    """Eleven columns [batch, 1], concatenated and multiplied: what a table's pipeline looks like."""
    weight = numpy_helper.from_array(np.random.default_rng(0).normal(size=(11, 3)).astype(np.float32), "w")
    names = [f"column{number}" for number in range(11)]
    nodes = [helper.make_node("Concat", names, ["row"], axis=1), helper.make_node("MatMul", ["row", "w"], ["y"])]
    return _bytes(nodes, {name: ["batch", 1] for name in names}, weight)


def relu() -> bytes:
    """One Relu over whatever it is given."""
    return _bytes([helper.make_node("Relu", ["x"], ["y"])], {"x": ["n"]})


def crnn() -> bytes:
    """The text recogniser of examples/crnn, [batch, 3, 32, width] to [width // 4 + 1, batch, 37]."""
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "crnn.onnx"
        assert converter.convert(CHECKPOINT, graph).agrees
        return graph.read_bytes()


def _bytes(nodes: list[onnx.NodeProto], inputs: dict[str, list[Any]], *weights: onnx.TensorProto) -> bytes:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in inputs.items()]
    graph = helper.make_graph(nodes, "g", values, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], list(weights))
    model: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString()
    return model


ROWS: dict[str, tuple[Callable[[], bytes], tuple[int, ...], int]] = {  # graph, shape of its inputs, calls in one round
    "MatMul 16 to 4, batch 1": (matmul, (1, 16), 50),
    "11 columns, batch 1": (tabular, (1, 1), 50),
    "Relu of 600 kB": (relu, (150_000,), 50),
    "MatMul 16 to 4, batch 10 000": (matmul, (10_000, 16), 50),
} | ({"CRNN, batch 1, width 100": (crnn, (1, 3, 32, 100), 1), "CRNN, batch 8, width 100": (crnn, (8, 3, 32, 100), 1)} if HAS_TORCH else {})


def contenders(model: bytes, shape: tuple[int, ...], threads: int) -> dict[str, Callable[[], Any]]:
    """The calls to compare, each on its own session and the same values."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    plain = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    ours = Session(model, device="cpu", threads=threads)
    rng = np.random.default_rng(1)
    feeds = {port.name: rng.normal(size=shape).astype(np.float32) for port in ours.inputs}
    calls = {
        "session.run": lambda: plain.run(None, feeds),
        "floor": _floor(plain, feeds),
        "called": lambda: ours(**feeds),
        "bound": ours.bind(**feeds).run,
    }
    return calls | (_torch_calls(plain, ours, feeds) if HAS_TORCH else {}) | (_optimum_calls(model, feeds, options) if HAS_OPTIMUM else {})


def _floor(session: Any, feeds: dict[str, np.ndarray]) -> Callable[[], Any]:
    raw = ort.inner(session)
    binding, cpu = ort.Binding(raw), ort.device("cpu", 0)
    for name, array in feeds.items():
        binding.bind_input(name, cpu, TensorProto.FLOAT, array.shape, array.ctypes.data)
    for output in session.get_outputs():
        binding.bind_output(output.name, cpu)
    return lambda: raw.run_with_iobinding(binding, ort.OPTIONS)


def _torch_calls(plain: Any, ours: Session, feeds: dict[str, np.ndarray]) -> dict[str, Callable[[], Any]]:
    import torch

    tensors = {name: torch.from_numpy(array.copy()) for name, array in feeds.items()}
    return {
        "torch run": lambda: [torch.from_numpy(array) for array in plain.run(None, {name: tensor.numpy() for name, tensor in tensors.items()})],
        "torch called": lambda: ours(**tensors),
    }


def _optimum_calls(model: bytes, feeds: dict[str, np.ndarray], options: Any) -> dict[str, Callable[[], Any]]:
    import torch
    from optimum.onnxruntime import ORTModelForCustomTasks
    from transformers import BertConfig

    tensors = {name: torch.from_numpy(array.copy()) for name, array in feeds.items()}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.onnx").write_bytes(model)
        BertConfig().save_pretrained(folder)  # optimum wants the name of some architecture
        theirs = ORTModelForCustomTasks.from_pretrained(folder, session_options=options, provider="CPUExecutionProvider")
    try:
        theirs(**tensors)
    except Exception as error:  # noqa: BLE001 - a peer that fails is a result
        print(f"optimum fails: {type(error).__name__}: {str(error).splitlines()[0]}")
        return {}
    return {"optimum": lambda: theirs(**tensors)}


def grow(calls: int) -> None:
    """Print what a million calls leave behind: small, large, and of many shapes, called and bound."""
    rng = np.random.default_rng(0)
    session = Session(matmul(), device="cpu", threads=1)
    shapes = [rng.normal(size=(int(batch), 16)).astype(np.float32) for batch in rng.integers(1, 300, 64)]
    bound = session.bind(shapes[0])
    resident = psutil.Process().memory_info
    for number in range(calls + 1):
        session(shapes[number % 64])
        bound.run()
        if number == calls // 10:
            before = resident().rss
    print(f"{calls:,} calls of 64 shapes and as many bound runs: {(resident().rss - before) / 1e6:+.1f} MB after the first tenth of them")


def main() -> None:
    """Print one row of microseconds a graph, and below it the ratios to session.run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", action="store_true", help="make a million calls and print what the process has grown by")
    arguments = parser.parse_args()
    if arguments.memory:
        return grow(1_000_000)
    versions = f"onnxruntime {onnxruntime.__version__}, numpy {np.__version__}, threads {arguments.threads}"
    print(f"{versions}, µs for one call, median of {arguments.rounds} rounds\n")
    for number, (title, (make, shape, calls)) in enumerate(ROWS.items()):
        times = measure(contenders(make(), shape, arguments.threads), arguments.rounds, calls)
        if number == 0:
            print(row("", list(times)))
        print(row(title, [f"{seconds * 1e6:.2f}" for seconds in times.values()]))
        print(row("", [f"{seconds / times['session.run']:.2f}" for seconds in times.values()]))
    return None


if __name__ == "__main__":
    main()
