"""Latency of a Session beside ONNX Runtime's own calls, on graphs small enough that the call itself shows.

    python benchmarks/session.py [--rounds 300] [--threads 1]

All columns of a row run in turns, round after round, so that what the machine does meanwhile hits them alike; a figure is the median of the rounds.

    session.run   onnxruntime.InferenceSession.run with NumPy arrays: the yardstick
    floor         one private call on buffers that were bound once: nothing can be faster from Python
    called        session(…) with NumPy arrays, every check included
    bound         session.bind(…).run()
    torch run     session.run with tensors converted by hand: .numpy() and from_numpy
    torch called  session(…) with torch tensors
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from converter.runtime import Session
from converter.runtime import ort_private as ort
from timing import measure, row

CALLS = 50  # calls in one round


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


def _bytes(nodes: list[onnx.NodeProto], inputs: dict[str, list[Any]], *weights: onnx.TensorProto) -> bytes:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in inputs.items()]
    graph = helper.make_graph(nodes, "g", values, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], list(weights))
    model: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString()
    return model


ROWS: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "MatMul 16 to 4, batch 1": (matmul(), (1, 16)),
    "11 columns, batch 1": (tabular(), (1, 1)),
    "Relu of 600 kB": (relu(), (150_000,)),
    "MatMul 16 to 4, batch 10 000": (matmul(), (10_000, 16)),
}


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
    return calls | (_torch_calls(plain, ours, feeds) if importlib.util.find_spec("torch") else {})


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


def main() -> None:
    """Print one row of microseconds a graph, and below it the ratios to session.run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    print(
        f"onnxruntime {onnxruntime.__version__}, numpy {np.__version__}, threads {arguments.threads}, µs for one call, median of {arguments.rounds} rounds\n"
    )
    for number, (title, (model, shape)) in enumerate(ROWS.items()):
        times = measure(contenders(model, shape, arguments.threads), arguments.rounds, CALLS)
        if number == 0:
            print(row("", list(times)))
        print(row(title, [f"{seconds * 1e6:.2f}" for seconds in times.values()]))
        print(row("", [f"{seconds / times['session.run']:.2f}" for seconds in times.values()]))


if __name__ == "__main__":
    main()
