"""`converter convert crnn.pth`, split by stage, and what it costs above the exporter itself: python benchmarks/conversion.py [--rounds 3].

"exporter alone" is the stage that the exporter takes inside the run; everything else is ours: the worker's start with its imports, loading,
recording the cases, finishing, validating, publishing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from timing import row

CHECKPOINT = Path(__file__).resolve().parents[1] / "examples" / "crnn" / "crnn.pth"
CONVERTER = str(Path(sys.executable).with_name("converter"))


def convert(folder: Path) -> dict[str, float]:
    """Convert once and return the seconds of each stage and of the whole command."""
    started = perf_counter()
    command = [CONVERTER, "convert", str(CHECKPOINT), "-o", str(folder / "crnn.onnx"), "--quiet", "--report", str(folder / "report.json")]
    subprocess.run(command, check=True)
    whole = perf_counter() - started
    seconds: dict[str, float] = json.loads((folder / "report.json").read_text())["seconds"]
    return {**seconds, "the rest: start-up, imports": whole - sum(seconds.values()), "whole command": whole}


def main() -> None:
    """Print the median of each stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        runs = [convert(Path(folder)) for _ in range(rounds)]
    medians = {stage: median(run[stage] for run in runs) for stage in runs[0]}
    print(row("", ["s", "share"]))
    for stage, seconds in medians.items():
        print(row(stage, [f"{seconds:.2f}", f"{seconds / medians['whole command']:.0%}"]))
    exporter = next(seconds for stage, seconds in medians.items() if stage.startswith("export"))
    print(row("above the exporter itself", [f"{medians['whole command'] - exporter:.2f}"]))


if __name__ == "__main__":
    main()
