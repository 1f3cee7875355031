"""Recurrent Keras layers as one operator beside the loops that tf2onnx makes of them: python benchmarks/recurrent.py [--rounds 50].

Milliseconds of a call of ONNX Runtime on the CPU, one thread: batch 8, 60 steps of 64 numbers, 64 units; masks leave out a third of the steps anywhere.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from converter_tensorflow import startup

startup.start()

import keras
import numpy as np
import onnx
import onnxruntime

from converter.plugin import ExportRequest, LoadRequest, Source, SourceModel
from converter_tensorflow.plugin import TensorFlow
from timing import measure, row

BATCH, TIME, WIDTH, UNITS = 8, 60, 64, 64
EXPORTERS = ("traced", "tf2onnx")
LAYERS: dict[str, Callable[[], Any]] = {
    "LSTM": lambda: keras.layers.LSTM(UNITS, return_sequences=True),
    "GRU": lambda: keras.layers.GRU(UNITS, return_sequences=True),
    "SimpleRNN": lambda: keras.layers.SimpleRNN(UNITS, return_sequences=True),
    "Bidirectional LSTM": lambda: keras.layers.Bidirectional(keras.layers.LSTM(UNITS, return_sequences=True)),
    "Bidirectional GRU": lambda: keras.layers.Bidirectional(keras.layers.GRU(UNITS, return_sequences=True)),
}


def main() -> None:
    """Print a line for each layer, without and with a mask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    print(row("ms", [*EXPORTERS, "ratio", "loops of tf2onnx"]))
    for name, make in LAYERS.items():
        for masked in (False, True):
            _print_layer(f"{name}{', masked' if masked else ''}", make(), rounds, masked=masked)


def _print_layer(title: str, layer: Any, rounds: int, *, masked: bool) -> None:
    inputs = keras.Input((None, WIDTH), name="x")
    model = keras.Model(inputs, layer(keras.layers.Masking(0.0)(inputs) if masked else inputs))
    loaded = TensorFlow().load(LoadRequest(Source.of(model), options={option.name: option.default for option in TensorFlow.options}))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, TIME, WIDTH)).astype(np.float32)
    feeds = {"x": x * (rng.random((BATCH, TIME, 1)) < 2 / 3) if masked else x}
    feeds = {name: array.astype(np.float32) for name, array in feeds.items()}
    with tempfile.TemporaryDirectory() as folder:
        paths = {exporter: _written(loaded, exporter, Path(folder)) for exporter in EXPORTERS}
        loops = sum(node.op_type in {"Loop", "Scan"} for node in onnx.load(paths["tf2onnx"]).graph.node)
        sessions = {exporter: _session(path) for exporter, path in paths.items()}
    times = measure({exporter: lambda session=session: session.run(None, feeds) for exporter, session in sessions.items()}, rounds)
    fused, looped = (times[exporter] for exporter in EXPORTERS)
    print(row(title, [f"{fused * 1e3:.2f}", f"{looped * 1e3:.2f}", f"{fused / looped:.2f}", str(loops)]), flush=True)


def _written(model: SourceModel, exporter: str, folder: Path) -> Path:
    path = folder / f"{exporter}.onnx"
    next(each for each in model.exporters if each.name == exporter).write(ExportRequest(path))
    return path


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    main()
