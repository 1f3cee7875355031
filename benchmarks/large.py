"""What a large model's conversion takes, peak memory and time: python benchmarks/large.py [--gigabytes 2.5] [--format pth].

Peak memory is that of the command, its worker and every process under them (memory.py); "framework's own" is the peak of
the same conversion with layers of 8 features. Stages are told by the report, and the peak within each by the time at which it was sampled.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from memory import Sample, sampled
from timing import row

FEATURES = 4096
MODULE = """
import torch

class Net(torch.nn.Module):
    def __init__(self, layers, features):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(features, features) for _ in range(layers))
        self.register_buffer("scale", torch.linspace(0.5, 1.5, features), persistent=False)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x)) * self.scale
        return x
"""
WRITER = """
import sys, torch
from nets import Net
from safetensors.torch import save_file

layers, features, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.manual_seed(0)
state = Net(layers, features).state_dict()
save_file(state, path) if path.endswith(".safetensors") else torch.save(state, path)
"""
COMMAND = "from converter.cli import main; main()"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=2.5)
    parser.add_argument("--format", choices=["safetensors", "pth"], default="safetensors")
    options = parser.parse_args()
    layers = max(1, round(options.gigabytes * 1e9 / (4 * FEATURES * FEATURES)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nets.py").write_text(MODULE)
        own, _ = measured(folder, 4, 8, options.format)
        samples, seconds = measured(folder, layers, FEATURES, options.format)
    weights = 4 * layers * FEATURES * (FEATURES + 1)
    base = max(each.memory for each in own)
    peak = max(each.memory for each in samples)
    print(row("", ["s", "peak MB", "above / weights"]))
    for stage, (began, ended) in seconds.items():
        inside = max((each.memory for each in samples if began <= each.seconds <= ended), default=0)
        print(row(stage, [f"{ended - began:.1f}", f"{inside / 1e6:,.0f}", f"{(inside - base) / weights:.2f}"]))
    print(row("whole command", [f"{samples[-1].seconds:.1f}", f"{peak / 1e6:,.0f}", f"{(peak - base) / weights:.2f}"]))
    print(f"\nweights {weights / 1e6:,.0f} MB, framework's own {base / 1e6:,.0f} MB, {os.cpu_count()} cores")


def measured(folder: Path, layers: int, features: int, suffix: str) -> tuple[list[Sample], dict[str, tuple[float, float]]]:
    """Convert a model of so many layers; return the samples, and when each stage began and ended."""
    source = folder / f"net.{suffix}"
    subprocess.run([sys.executable, "-c", WRITER, str(layers), str(features), str(source)], cwd=folder, check=True)
    given = ["--model", "nets:Net", "--model-args", json.dumps({"layers": layers, "features": features}), "--input", f"x:float32[batch,{features}]"]
    command = [sys.executable, "-c", COMMAND, "convert", str(source), "-o", str(folder / "net.onnx"), *given, "--quiet"]
    samples, told = sampled(command, folder, {**os.environ, "CONVERTER_TRACE": "1"})
    return samples, stages(told, samples[-1].seconds)


def stages(told: str, end: float) -> dict[str, tuple[float, float]]:
    """Return when each stage began and ended, from the seconds that it took; the last one ended with the command."""
    took = [(words[1], float(words[4])) for line in told.splitlines() if " finished " in line and len(words := line.split()) > 4]
    found: dict[str, tuple[float, float]] = {}
    for stage, seconds in reversed(took):
        found[stage] = (end - seconds, end)
        end -= seconds
    return dict(reversed(found.items()))


if __name__ == "__main__":
    main()
