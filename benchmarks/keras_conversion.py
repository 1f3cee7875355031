"""What the conversion of a Keras model takes, seconds and peak memory: python benchmarks/keras_conversion.py [--rounds 3] [--only NAME,NAME].

Whole commands: `converter convert model.keras`, which proves its graph, beside scripts that do nothing but load the file and call tf2onnx's `from_keras` or
Keras's own `export`. "above" is what our command takes besides its exporter, and "load" the part of it in which the worker starts, imports TensorFlow and Keras, reads the
file and tries which sizes the model takes. The first line has what these imports take alone.
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

from memory import sampled
from timing import row

CONVERTER = str(Path(sys.executable).with_name("converter"))
MODELS = {
    "LSTM, masked": "keras.Sequential([keras.Input((None,), dtype='int32'), keras.layers.Embedding(1000, 64, mask_zero=True), "
    "keras.layers.Bidirectional(keras.layers.LSTM(64, return_sequences=True)), keras.layers.LSTM(64), keras.layers.Dense(10)])",
    "MobileNetV3Small": "keras.applications.MobileNetV3Small(weights=None)",
    "ResNet50": "keras.applications.ResNet50(weights=None)",
    "EfficientNetB7": "keras.applications.EfficientNetB7(weights=None)",
}
WRITER = "import keras; keras.utils.set_random_seed(0); ({model}).save('model.keras')"
LOADED = "import keras; model = keras.saving.load_model('model.keras', compile=False); "
PEERS = {
    "from_keras": LOADED + "import tf2onnx; tf2onnx.convert.from_keras(model, opset=18, output_path='peer.onnx')",
    "export": LOADED + "model.export('peer.onnx', format='onnx', verbose=False)",
}
IMPORTS = "from converter_tensorflow import startup; startup.start(); import keras"
QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}
FAILS = "fails"


def main() -> None:
    """Print a line for each model and contender."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="models whose name contains one of these, with commas between")
    given = parser.parse_args()
    print(row("", ["converter", "above", "load", "from_keras", "export"]))
    _print_imports(given.rounds)
    for name, model in MODELS.items():
        if any(each in name for each in given.only.split(",")):
            _print_model(name, model, given.rounds)


def _print_imports(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = [_alone(Path(folder), IMPORTS) for _ in range(rounds)]
    print(row("imports alone, s", ["", "", _figure(runs, 0, "{:.1f}")]))
    print(row("    peak MB", ["", "", _figure(runs, 1, "{:,.0f}", 1e-6)]), flush=True)


def _print_model(name: str, model: str, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", WRITER.format(model=model)], cwd=folder, env=QUIET, check=True, capture_output=True)
        ours, peers = [], {peer: list[tuple[float, float]]() for peer in PEERS}
        for _ in range(rounds):
            ours.append(_converted(Path(folder)))
            for peer, script in PEERS.items():
                peers[peer].append(_alone(Path(folder), script))
    seconds, above, load, memory = (median(run[place] for run in ours) for place in range(4))
    print(row(f"{name}, s", [f"{seconds:.1f}", f"{above:.1f}", f"{load:.1f}", *(_figure(runs, 0, "{:.1f}") for runs in peers.values())]))
    print(row("    peak MB", [f"{memory / 1e6:,.0f}", "", "", *(_figure(runs, 1, "{:,.0f}", 1e-6) for runs in peers.values())]), flush=True)


def _converted(folder: Path) -> tuple[float, float, float, float]:
    """Seconds of our command, those of them that are not the exporter's, those of its loading, and its peak in bytes."""
    command = [CONVERTER, "convert", "model.keras", "-o", "ours.onnx", "--quiet", "--report", "report.json"]
    samples, _told = sampled(command, folder, QUIET)
    stages: dict[str, float] = json.loads((folder / "report.json").read_text())["seconds"]
    exporter = sum(taken for stage, taken in stages.items() if stage.startswith("export "))
    return samples[-1].seconds, samples[-1].seconds - exporter, stages["load"], max(each.memory for each in samples)


def _alone(folder: Path, script: str) -> tuple[float, float]:
    """Seconds and peak of a script; NaN where it fails."""
    try:
        samples, _told = sampled([sys.executable, "-c", script], folder, QUIET)
    except SystemExit:
        return float("nan"), float("nan")
    return samples[-1].seconds, max(each.memory for each in samples)


def _figure(runs: list[tuple[float, float]], place: int, form: str, scale: float = 1.0) -> str:
    value = median(run[place] for run in runs)
    return FAILS if value != value else form.format(value * scale)  # noqa: PLR0124 - NaN


if __name__ == "__main__":
    main()
