"""The main job on real input: `make demo` runs this.

The CRNN checkpoint becomes a proven graph, the graph reads the example words, then one small model of each other installed framework is converted.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "build" / "demo"
CONVERTER = str(Path(sys.executable).with_name("converter"))
SMALL = {  # framework: the script that makes a model, the file it writes
    "sklearn": ("sklearn_pipeline.py", "pipeline.skops"),
    "lightgbm": ("lightgbm_booster.py", "booster.txt"),
    "xgboost": ("xgboost_classifier.py", "classifier.ubj"),
    "catboost": ("catboost_regressor.py", "regressor.json"),
    "tensorflow": ("keras_lstm.py", "lstm.keras"),
}


def run(*command: str, show: bool = True) -> str:
    """Run a command, show it and what it prints, and return its stdout; a failure ends the demo with the command's exit code."""
    if show:
        print(f"\n$ {' '.join(part if part != CONVERTER else 'converter' for part in command)}", flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, stderr=None if show else subprocess.PIPE)
    if show or done.returncode:
        print(done.stdout, end="", flush=True)
    if done.returncode:
        print(done.stderr or "", file=sys.stderr)
        sys.exit(done.returncode)
    return done.stdout


def read_words(graph: Path) -> None:
    """Let the graph read the example images and print each text beside the truth, which is in the file's name: 07-word.png."""
    images = HERE / "crnn" / "words" / "*.png"
    read = run(CONVERTER, "run", str(graph), "--input", f"images={images.relative_to(Path.cwd())}")
    rows = [(Path(name).stem.partition("-")[2], text) for name, text in (line.split("\t") for line in read.splitlines())]
    print(f"\n{sum(truth == text for truth, text in rows)} of {len(rows)} words are read exactly")
    for truth, text in rows:
        print(f"  {truth:<12} {text:<12} {'' if truth == text else 'differs'}".rstrip())


def convert_small(framework: str, script: str, file: str) -> None:
    """Make a small model of a framework and convert it, or say what brings the framework."""
    if importlib.util.find_spec(f"converter_{framework}") is None:
        print(f"\n{framework}: not installed here; `make test` brings every framework, pip install 'onnx-converter[{framework}]' this one")
        return
    source = BUILD / file
    run(sys.executable, str(HERE / "small" / script), str(source), show=False)
    run(CONVERTER, "convert", str(source.relative_to(Path.cwd())))


def main() -> None:
    """Run the whole demo from the repository's root."""
    os.chdir(HERE.parent)
    BUILD.mkdir(parents=True, exist_ok=True)
    graph = BUILD.relative_to(Path.cwd()) / "crnn.onnx"
    run(CONVERTER, "convert", "examples/crnn/crnn.pth", "-o", str(graph), "--table")
    read_words(graph)
    for framework, (script, file) in SMALL.items():
        convert_small(framework, script, file)


if __name__ == "__main__":
    main()
