"""Run the tests and the benchmark of CUDA and leave one JSON of both: `make cuda`.

The record is written wherever it runs; where no CUDA device starts it says why, and that the tests were skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from converter.runtime.opening.devices import why_not_cuda
from machine import machine

ROOT = Path(__file__).resolve().parents[1]


def tests(folder: Path) -> dict[str, Any]:
    """Run tests/cuda; return the counts, and the failures with their first line."""
    results = folder / "tests.xml"
    # Other people's pytest plugins, which a machine may have, are left out: their warnings would be errors here.
    command = [sys.executable, "-m", "pytest", "-p", "pytest_timeout", "-m", "cuda", "tests/cuda", f"--junitxml={results}"]
    subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    if not results.exists():
        return {"failures": {"pytest": "it did not come to its end"}}
    cases = ET.parse(results).getroot().iter("testcase")  # noqa: S314 - written a moment ago
    outcomes = [(f"{case.get('classname')}::{case.get('name')}", _outcome(case)) for case in cases]
    counts = {kind: sum(outcome == kind for _, (outcome, _) in outcomes) for kind in ("passed", "failed", "skipped")}
    failures = {name: reason for name, (outcome, reason) in outcomes if outcome == "failed"}
    skipped = sorted({reason for _, (outcome, reason) in outcomes if outcome == "skipped"})
    return {**counts, "failures": failures, "reasons of skips": skipped}


def benchmark(folder: Path, *options: str) -> dict[str, Any] | None:
    """Run benchmarks/cuda.py; return its figures, or None where it gave none."""
    figures = folder / "benchmark.json"
    subprocess.run([sys.executable, str(ROOT / "benchmarks" / "cuda.py"), "--json", str(figures), *options], cwd=ROOT, check=False)
    return json.loads(figures.read_text()) if figures.exists() else None


def main() -> int:
    """Write the record; the exit code is 0 where no test failed and, on a GPU, the benchmark gave figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "cuda.json")
    parser.add_argument("--rounds", default="30")
    arguments = parser.parse_args()
    reason = why_not_cuda(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        record = {**machine(), "no CUDA because": reason, "tests": tests(folder), "benchmark": benchmark(folder, "--rounds", arguments.rounds)}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(record, indent=1) + "\n")
    print(f"written: {arguments.output}")
    return int(bool(record["tests"]["failures"]) or (not reason and record["benchmark"] is None))


def _outcome(case: ET.Element) -> tuple[str, str]:
    for tag, outcome in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        if (found := case.find(tag)) is not None:
            return outcome, found.get("message", "").partition("\n")[0]
    return "passed", ""


if __name__ == "__main__":
    sys.exit(main())
