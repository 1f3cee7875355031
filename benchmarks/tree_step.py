"""One step of `trees.py` in a process of its own, so that its memory is its own: python tree_step.py STEP MODEL FOLDER. What it found goes to stdout as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from timing import in_turns
from tree_models import FULL, MODELS, SMALL, Model, unseen

Found = dict[str, Any]
MANY = 1000  # rows from which a call takes its time


def train(model: Model, folder: Path, *, small: bool) -> Found:
    """Train and save."""
    started = perf_counter()
    model.save(model.train(SMALL if small else FULL), folder / model.file)
    return {"seconds": perf_counter() - started}


def load(model: Model, folder: Path) -> Found:
    """Load only: what a step's memory is to be measured against."""
    model.load(folder / model.file)
    return {}


def peer(model: Model, folder: Path) -> Found:
    """Convert with the library that others use."""
    live = model.load(folder / model.file)
    started = perf_counter()
    model.convert(live, folder / "peer.onnx")
    return {"seconds": perf_counter() - started}


def direct(model: Model, folder: Path) -> Found:
    """Convert with the exporter `direct` alone, without the proof."""
    from converter.framework import LoadRequest
    from converter.source import Source
    from converter.worker.service import Service

    service, source = Service(), Source(live=model.load(folder / model.file))
    service.load(LoadRequest(source), service.match(source, "", {}).name)
    started = perf_counter()
    service.export("direct", folder / "direct.onnx")
    return {"seconds": perf_counter() - started}


def proven(model: Model, folder: Path) -> Found:
    """Convert the live model with the proof."""
    import converter

    live = model.load(folder / model.file)
    started = perf_counter()
    report = converter.convert(live, folder / "proven.onnx", exporter="direct")
    return {"seconds": perf_counter() - started, "stages": dict(report.seconds), "line": report.attempts[-1].line}


def session(graph: str, _model: Model, folder: Path) -> Found:
    """Create the session of a graph."""
    import onnxruntime

    started = perf_counter()
    onnxruntime.InferenceSession(str(folder / graph), providers=["CPUExecutionProvider"])
    return {"seconds": perf_counter() - started}


def predict(model: Model, folder: Path, *batches: int) -> Found:
    """Rows a second of the library and of every graph that is there, in turns."""
    import onnxruntime

    live = model.load(folder / model.file)
    graphs = {name: path for name in ("peer", "direct") if (path := folder / f"{name}.onnx").is_file()}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # a graph of onnxmltools declares one label and gives many, which is told at every call
    sessions = {name: onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]) for name, path in graphs.items()}
    found: Found = {}
    for batch in batches:
        rows = unseen(batch)
        calls: dict[str, Callable[[], Any]] = {"library": partial(model.answer, live, rows)}
        calls |= {name: partial(each.run, None, {each.get_inputs()[0].name: rows}) for name, each in sessions.items()}
        found[str(batch)] = {name: batch / seconds for name, seconds in in_turns(calls, 20 if batch < MANY else 2).items()}
    return found


def main() -> None:
    """Run the step."""
    step, name, folder, *rest = sys.argv[1:]
    steps: dict[str, Callable[..., Found]] = {"load": load, "peer": peer, "direct": direct, "proven": proven}
    steps |= {f"session {graph}": partial(session, f"{graph}.onnx") for graph in ("peer", "direct")}
    steps |= {"train": lambda model, folder: train(model, folder, small=bool(rest))}
    steps |= {"predict": lambda model, folder: predict(model, folder, *map(int, rest))}
    print(json.dumps(steps[step](MODELS[name], Path(folder))))


if __name__ == "__main__":
    main()
