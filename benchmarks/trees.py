"""Tree ensembles: the exporter `direct` beside the converter libraries that others use, and both graphs beside the library that trained the model.

Every step is a process of its own, one after the other: seconds, the most memory that the process held (the model and its library included), the size
of the file, the seconds that ONNX Runtime takes to create its session; then rows a second, in turns, with every core.

    python benchmarks/trees.py --small                        seconds, to see that it runs
    python benchmarks/trees.py --models forest lightgbm       all of them take ten minutes
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import onnxruntime

from timing import row
from tree_models import MODELS, Model

STEP = str(Path(__file__).with_name("tree_step.py"))
CONVERTER = str(Path(sys.executable).with_name("converter"))
BATCHES = (1, 100, 20_000, 100_000)


@dataclass(frozen=True)
class Done:
    """What a process took: seconds of wall time, the most memory in MB, what it found, and why it failed ("" if not)."""

    seconds: float
    peak: float
    found: dict[str, Any] = field(default_factory=dict)
    failure: str = ""


def main() -> None:
    """Print the tables of each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--small", action="store_true", help="few and small trees")
    parser.add_argument("--batches", nargs="+", type=int, help="rows of a prediction")
    options = parser.parse_args()
    batches = options.batches or list(BATCHES[:2] if options.small else BATCHES)
    print(f"onnxruntime {onnxruntime.__version__}, python {platform.python_version()}, {os.cpu_count()} cores")
    for name in options.models:
        model = MODELS[name]
        if find_spec(model.library) is None:
            print(f"\n{model.title}: skipped, {model.library} is not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            compare(name, model, Path(folder), batches, small=options.small)


def compare(name: str, model: Model, folder: Path, batches: list[int], *, small: bool) -> None:
    """Train one model and print its tables."""
    trained = step("train", name, folder, *(["small"] if small else []))
    if trained.failure:
        print(f"\n{model.title}: training fails: {trained.failure}")
        return
    size = (folder / model.file).stat().st_size / 1e6
    print(f"\n{model.title}{', small' if small else ''}: trained in {trained.found['seconds']:.0f} s, {model.file} {size:.1f} MB\n")
    print(row("", ["s", "peak MB", "file MB", "session s"]))
    print(row("the model, loaded", ["", f"{step('load', name, folder).peak:.0f}", "", ""]))
    for contender, title in (("peer", model.peer), ("direct", "direct")):
        print(conversion(f"{title}, alone", step(contender, name, folder), folder / f"{contender}.onnx", step(f"session {contender}", name, folder)))
    proven = step("proven", name, folder)
    print(conversion("direct, proven, live model", proven, folder / "proven.onnx"))
    whole = command(folder / model.file, folder / "whole.onnx")
    print(conversion("direct, the whole command", whole, folder / "whole.onnx"))
    print(f"  {shown(whole.found)}; {proven.found.get('line', '')}\n")
    predicted = step("predict", name, folder, *map(str, batches))
    print(row("rows/s", [f"batch {batch}" for batch in batches]))
    for contender, title in (("library", model.library), ("peer", f"graph of {model.peer}"), ("direct", "graph of direct")):
        rates = [predicted.found.get(str(batch), {}).get(contender) for batch in batches]
        print(row(title, [f"{rate:,.0f}" if rate else "-" for rate in rates]))


def conversion(title: str, done: Done, graph: Path, session: Done | None = None) -> str:
    """One line of the table of conversions."""
    if done.failure:
        return f"{title:<34}  {done.failure[:120]}"
    opened = f"{session.found.get('seconds', float('nan')):.2f}" if session is not None else ""
    return row(title, [f"{done.found['seconds']:.2f}", f"{done.peak:.0f}", f"{graph.stat().st_size / 1e6:.1f}", opened])


def shown(found: dict[str, Any]) -> str:
    """The stages of a conversion, in a line."""
    return ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in found.get("stages", {}).items())


def step(name: str, model: str, folder: Path, *rest: str) -> Done:
    """Run one step in a process of its own."""
    done, said, failure = ran([sys.executable, STEP, name, model, str(folder), *rest])
    found = {} if failure else json.loads(said.splitlines()[-1])
    return Done(done.seconds, done.peak, found, failure)


def command(source: Path, graph: Path) -> Done:
    """Run `converter convert`, whose largest process counts."""
    report = graph.with_suffix(".json")
    done, _, failure = ran([CONVERTER, "convert", str(source), "-o", str(graph), "--exporter", "direct", "--quiet", "--report", str(report)])
    found = {} if failure else {"seconds": done.seconds, "stages": json.loads(report.read_text())["seconds"]}
    return Done(done.seconds, done.peak, found, failure)


def ran(arguments: list[str]) -> tuple[Done, str, str]:
    """Run a process; what it took, what it printed, and its complaint where it failed."""
    started = perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(arguments, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        failure = complaint(err.read()) if process.returncode else ""
        return Done(perf_counter() - started, usage.ru_maxrss / 1000), out.read(), failure


def complaint(said: str) -> str:
    """What a failed process says of it: its error's first line, else its last line."""
    lines = said.strip().splitlines() or ["it fails without a word"]
    return next((line for line in reversed(lines) if re.match(r"[\w.]+(Error|Exception|Converter|Calculator): ", line)), lines[-1])


if __name__ == "__main__":
    main()
