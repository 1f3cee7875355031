"""What a conversion takes: by stage, and beside the exporter alone: python benchmarks/conversion.py [--rounds 3].

The first table is `converter convert crnn.pth`. "export patched" is the stage that the exporter takes inside the run; everything else is ours:
the worker's start with its imports, loading, recording the cases, finishing, validating, publishing.
The second has whole processes: a script that does nothing but `torch.onnx.export(dynamo=True)` (conversion_bare.py), and the command.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from timing import row

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINT = ROOT / "examples" / "crnn" / "crnn.pth"
CONVERTER = str(Path(sys.executable).with_name("converter"))
BARE = Path(__file__).with_name("conversion_bare.py")
IMAGE = "x:float32[batch,3,height=16..64,width=16..64]"
MODELS = {
    "ResNet": ("torch_cases.classics.images:ResNet", IMAGE),
    "U-Net": ("torch_cases.classics.images:UNet", IMAGE),
    "DenseNet": ("torch_cases.classics.images:DenseNet", IMAGE),
    "TCN": ("torch_cases.classics.sequences:Tcn", "x:float32[batch,4,length=2..100]"),
    "Transformer": ("torch_cases.classics.sequences:Transformer", "source:int64[batch,length]{0..49}", "target:int64[batch,steps=2..40]{0..49}"),
    "selective scan": ("torch_cases.classics.sequences:SelectiveScan", "x:float32[batch,length=2..60,8]"),
}  # of the coverage's classic architectures


def convert(folder: Path, source: str, *inputs: str) -> dict[str, float]:
    """Convert once and return the seconds of each stage and of the whole command."""
    given = [part for each in inputs for part in ("--input", each)]
    report = folder / "report.json"
    whole = _seconds([CONVERTER, "convert", source, *given, "-o", str(folder / "graph.onnx"), "--quiet", "--report", str(report)])
    seconds: dict[str, float] = json.loads(report.read_text())["seconds"]
    return {**seconds, "the rest: start-up, imports": whole - sum(seconds.values()), "whole command": whole}


def _seconds(command: list[str]) -> float:
    """Return how long a command takes."""
    started = perf_counter()
    path = os.pathsep.join([str(ROOT / "plugins" / "torch" / "coverage"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return perf_counter() - started


def main() -> None:
    """Print the medians of the stages, and of the models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = [convert(folder, str(CHECKPOINT)) for _ in range(rounds)]
        _print_stages({stage: median(run[stage] for run in runs) for stage in runs[0]})
        print()
        print(row("s", ["exporter alone", "converter", "ratio", "tried"]))
        for title, (source, *inputs) in MODELS.items():
            _print_model(title, [_beside(folder, source, inputs) for _ in range(rounds)])


def _beside(folder: Path, source: str, inputs: list[str]) -> tuple[float, dict[str, float]]:
    return _seconds([sys.executable, str(BARE), source, str(folder / "bare.onnx"), *inputs]), convert(folder, source, *inputs)


def _print_stages(seconds: dict[str, float]) -> None:
    print(row("", ["s", "share"]))
    for stage, taken in seconds.items():
        print(row(stage, [f"{taken:.2f}", f"{taken / seconds['whole command']:.0%}"]))
    exporter = next(taken for stage, taken in seconds.items() if stage.startswith("export"))
    print(row("above the exporter itself", [f"{seconds['whole command'] - exporter:.2f}"]))


def _print_model(title: str, runs: list[tuple[float, dict[str, float]]]) -> None:
    alone, ours = median(bare for bare, _ in runs), median(run["whole command"] for _, run in runs)
    tried = [stage.removeprefix("export ") for stage in runs[0][1] if stage.startswith("export ")]
    print(row(title, [f"{alone:.2f}", f"{ours:.2f}", f"{ours / alone:.2f}", " ".join(tried)]))


if __name__ == "__main__":
    main()
