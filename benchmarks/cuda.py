"""Latency of the full CRNN and of one small node on CUDA, milliseconds: torch eager and as a CUDA graph, `session.run`, a binding made on every call, and Session.

Run it as python benchmarks/cuda.py [--rounds 30] [--json FILE] [--tf32] [--checkpoint FILE]. Where no CUDA device starts it says why, and ends.
Every contender is timed until its answer is there: on the host for NumPy, after torch.cuda.synchronize() for what stays on the device.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx.parser
import onnxruntime

import converter
from converter.runtime.opening.devices import why_not_cuda
from machine import machine
from timing import measure, row

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parent / "examples" / "crnn"
sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != HERE]  # else `import cuda` of NVIDIA's own package finds this file
BATCHES, WIDTH = (1, 8, 64), 100
CALLS = 10  # in a row in each round
SMALL = '<ir_version: 10, opset_import: ["" : 20]> g (float[n, m] x) => (float[n, m] y) { y = Relu(x) }'

Call = Callable[[], Any]


@dataclass(frozen=True)
class Bench:
    """What the contenders share: a graph of one input and one output, what computes the same in torch, and the lengths of the input."""

    graph: Path
    module: Callable[[Any], Any]
    shape: tuple[int, ...]
    axes: dict[str, int]
    tf32: bool

    def contenders(self) -> dict[str, Callable[[], Call]]:
        """How each contender is made ready; `torch eager` comes first, and its answer is what the others are held against."""
        import torch

        array = np.random.default_rng(0).normal(size=self.shape).astype(np.float32)
        tensor = torch.from_numpy(array).cuda()
        with torch.inference_mode():
            made = tuple(self.module(tensor).shape)
        raw = self._raw()
        given, answered = raw.get_inputs()[0].name, raw.get_outputs()[0].name

        def eager() -> Call:
            def call() -> Any:
                with torch.inference_mode():
                    return self.module(tensor)

            return _awaited(call)

        def torch_graph() -> Call:
            stream = torch.cuda.Stream()
            with torch.inference_mode(), torch.cuda.stream(stream):
                for _ in range(3):
                    self.module(tensor)
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.inference_mode(), torch.cuda.graph(graph):
                scores = self.module(tensor)

            def call() -> Any:
                graph.replay()
                return scores

            return _awaited(call)

        def plain() -> Call:
            session = self._raw()
            return lambda: session.run(None, {given: array})[0]

        def bound_every_call() -> Call:
            session = self._raw()

            def call() -> Any:
                binding = session.io_binding()
                binding.bind_input(given, "cuda", 0, np.float32, tuple(tensor.shape), tensor.data_ptr())
                scores = torch.empty(made, dtype=torch.float32, device="cuda")
                binding.bind_output(answered, "cuda", 0, np.float32, tuple(scores.shape), scores.data_ptr())
                session.run_with_iobinding(binding)
                return scores

            return _awaited(call)

        def from_numpy() -> Call:
            session = self._session()
            return lambda: session({given: array})[0]

        def on_device() -> Call:
            session = self._session()
            return _awaited(lambda: session({given: tensor})[0])

        def bound() -> Call:
            loop = self._session().bind({given: tensor})
            return _awaited(lambda: loop.run()[0])

        def captured() -> Call:
            loop = self._session(sizes=self.axes, cuda_graph=True).bind({given: tensor})
            return _awaited(lambda: loop.run()[0])

        return {
            "torch eager": eager,
            "torch graph": torch_graph,
            "session.run": plain,
            "bind each call": bound_every_call,
            "Session, NumPy": from_numpy,
            "Session, torch": on_device,
            "bound": bound,
            "captured": captured,
        }

    def _raw(self) -> Any:
        options = {"use_tf32": str(int(self.tf32))}
        return onnxruntime.InferenceSession(self.graph, providers=[("CUDAExecutionProvider", options), "CPUExecutionProvider"])

    def _session(self, **options: Any) -> Any:
        return converter.Session(self.graph, device="cuda", tf32=self.tf32, **options)


@dataclass
class Figures:
    """What was measured in one row."""

    milliseconds: dict[str, float] = field(default_factory=dict)
    deviation: dict[str, float] = field(default_factory=dict)
    """The largest absolute deviation from torch eager."""
    failures: dict[str, str] = field(default_factory=dict)


class Guarded:
    """A contender whose failure costs its own figure and not the table."""

    def __init__(self, call: Call) -> None:
        self._call, self.reason = call, ""

    def __call__(self) -> Any:
        """What the contender gives; None after its first failure."""
        if self.reason:
            return None
        try:
            return self._call()
        except Exception as error:  # noqa: BLE001 - whatever fails, the others go on
            self.reason = f"{type(error).__name__}: {error}"
            return None


def compare(makers: dict[str, Callable[[], Call]], rounds: int) -> Figures:
    """Make every contender ready, look at its answer, and time those that gave one in turns."""
    figures, ready = Figures(), dict[str, Guarded]()
    expected = None
    for name, make in makers.items():
        maker = Guarded(make)
        call = Guarded(made) if (made := maker()) is not None else maker
        if (answer := call() if call is not maker else None) is None:
            figures.failures[name] = call.reason
            continue
        scores = answer if isinstance(answer, np.ndarray) else answer.cpu().numpy()
        expected = scores if expected is None else expected
        figures.deviation[name] = float(np.abs(scores - expected).max())
        ready[name] = call
    for name, seconds in measure(ready, rounds, CALLS).items():
        if ready[name].reason:
            figures.failures[name] = ready[name].reason
        else:
            figures.milliseconds[name] = seconds * 1e3
    return figures


def report(benches: dict[str, Bench], rounds: int, *, tf32: bool) -> dict[str, Any]:
    """Print the table as it grows, and return it."""
    about = {**machine(), "tf32": tf32, "rounds": rounds, "width": WIDTH}
    print(f"{about['card']}, driver {about['driver']}, {about['date']}; {', '.join(f'{name} {found}' for name, found in about['versions'].items())}")
    print(
        f"milliseconds of one call, median of {rounds} rounds of {CALLS} calls; TF32 is {'on' if tf32 else 'off'} for every contender; below: ratios to session.run"
    )
    rows = {}
    for number, (title, bench) in enumerate(benches.items()):
        makers = bench.contenders()
        if not number:
            print(row("", list(makers)))
        figures = compare(makers, rounds)
        times, base = figures.milliseconds, figures.milliseconds.get("session.run")
        print(row(title, [f"{times[name]:.3f}" if name in times else "failed" for name in makers]))
        if base:
            print(row("", [f"{times[name] / base:.2f}" if name in times else "" for name in makers]))
        print(row("  deviation from torch", [f"{figures.deviation[name]:.0e}" if name in figures.deviation else "" for name in makers]))
        for name, reason in figures.failures.items():
            print(f"  {name} failed: {reason}")
        rows[title] = figures.__dict__
    return {**about, "rows": rows}


def main() -> None:
    """Convert the network, time it, and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--tf32", action="store_true", help="let every contender round to TF32")
    parser.add_argument("--checkpoint", type=Path, help="a CRNN; without one, the full network with random weights")
    arguments = parser.parse_args()
    if reason := why_not_cuda(0):
        print(f"no CUDA device starts here: {reason}")
        return
    import torch

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = arguments.tf32
    sys.path.insert(0, str(EXAMPLE))
    from model import Crnn  # the example's own module

    with tempfile.TemporaryDirectory() as folder:
        checkpoint, graph = arguments.checkpoint or Path(folder) / "crnn.pth", Path(folder) / "crnn.onnx"
        if arguments.checkpoint is None:
            torch.manual_seed(0)
            torch.save({"model": Crnn().state_dict()}, checkpoint)
        assert converter.convert(checkpoint, graph, device="cuda").agrees
        small = Path(folder) / "small.onnx"
        onnx.save(onnx.parser.parse_model(SMALL), small)
        crnn = Crnn.load(checkpoint).cuda()
        benches = {
            f"CRNN, batch {batch}": Bench(graph, crnn, (batch, 3, 32, WIDTH), {"batch": batch, "width": WIDTH}, arguments.tf32) for batch in BATCHES
        }
        benches["Relu [64, 64]"] = Bench(small, torch.relu, (64, 64), {"n": 64, "m": 64}, arguments.tf32)
        figures = report(benches, arguments.rounds, tf32=arguments.tf32)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


def _awaited(call: Call) -> Call:
    """The call, and the end of what it has queued on the device."""
    import torch

    def awaited() -> Any:
        answer = call()
        torch.cuda.synchronize()
        return answer

    return awaited


if __name__ == "__main__":
    main()
