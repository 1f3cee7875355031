"""Rows through a graph: `converter run` over a folder of Parquet files against the bare loop around `session.run`, time and memory.

Both are commands of their own, start-up included, in turns; they read the same files in the same batches and write the same columns.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet

from timing import row

FILES, FEATURES, BATCH = 8, 16, 65_536
BARE = """
import sys
import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet

graph, batch_size, folder, *files = sys.argv[1:]
session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
for file in files:
    writer = None
    for batch in pyarrow.parquet.ParquetFile(file).iter_batches(int(batch_size)):
        features = np.stack([column.to_numpy() for column in batch.columns], axis=1)
        columns = []
        for value in session.run(names, {"features": features}):
            column = pa.array(value.reshape(-1))
            if value.ndim == 2 and value.shape[1] > 1:
                column = pa.ListArray.from_arrays(np.arange(len(value) + 1, dtype=np.int32) * value.shape[1], column)
            columns.append(column)
        answers = pa.RecordBatch.from_arrays(columns, names)
        writer = writer or pyarrow.parquet.ParquetWriter(folder + "/" + file.rpartition("/")[2], answers.schema)
        writer.write_batch(answers)
    writer.close()
"""


@dataclass(frozen=True)
class Run:
    """What one command took: seconds of wall time and of CPU time, and the most memory it held in MB."""

    wall: float
    cpu: float
    peak: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000, help="in all files together")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"onnxruntime {onnxruntime.__version__}, pyarrow {pa.__version__}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{options.rows:,} rows of {FEATURES} float32 in {FILES} Parquet files, batches of {BATCH:,}, medians of {options.rounds} rounds\n")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        files = write_files(folder / "in", options.rows)
        print(row("", ["bare, s", "converter, s", "ratio", "CPU ratio", "bare, MB", "converter, MB"]))
        for title, graph in graphs(folder).items():
            for count in (1, FILES):
                bare, ours = contend(folder, graph, files[:count], options.rounds)
                figures = [f"{bare.wall:.2f}", f"{ours.wall:.2f}", f"{ours.wall / bare.wall:.2f}", f"{ours.cpu / bare.cpu:.2f}"]
                print(row(f"{title}, {count} file{'s' * (count > 1)}", [*figures, f"{bare.peak:.0f}", f"{ours.peak:.0f}"]), flush=True)


def contend(folder: Path, graph: Path, files: Sequence[Path], rounds: int) -> tuple[Run, Run]:
    """Run both in turns; their answers are compared once."""
    converter = str(Path(sys.executable).with_name("converter"))
    commands = {
        "bare": [sys.executable, "-c", BARE, str(graph), str(BATCH), str(folder / "bare"), *map(str, files)],
        "converter": [
            converter,
            "run",
            str(graph),
            *map(str, files),
            "-o",
            f"{folder / 'ours'}/",
            "--device",
            "cpu",
            "--again",
            "--batch-size",
            str(BATCH),
        ],
    }
    (folder / "bare").mkdir(exist_ok=True)
    seen: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, words in commands.items():
            seen[name].append(timed(words))
    for file in files:
        ours, bare = (pyarrow.parquet.read_table(folder / name / file.name) for name in ("ours", "bare"))
        assert ours.equals(bare), f"the answers to {file.name} differ"
    return tuple(Run(*(median(getattr(run, what) for run in runs) for what in ("wall", "cpu", "peak"))) for runs in seen.values())  # type: ignore[return-value]


def timed(words: Sequence[str]) -> Run:
    """Run a command to its end."""
    begin = perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def write_files(folder: Path, rows: int) -> list[Path]:
    """Write the features, `rows` in all."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    paths = []
    for number in range(FILES):
        values = rng.standard_normal((FEATURES, rows // FILES), np.float32)
        paths.append(folder / f"part-{number}.parquet")
        pyarrow.parquet.write_table(pa.table({f"f{place}": column for place, column in enumerate(values)}), paths[-1])
    return paths


def graphs(folder: Path) -> dict[str, Path]:
    """Train and convert a forest and a small network."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neural_network import MLPRegressor

    rng = np.random.default_rng(1)
    features = rng.standard_normal((5000, FEATURES), np.float32)
    target = features[:, 0] * features[:, 1] + features[:, 2]
    forest = RandomForestClassifier(50, max_depth=8, random_state=0).fit(features, target > 0)
    network = MLPRegressor(hidden_layer_sizes=(64, 32), max_iter=20, random_state=0)
    network.fit(features, target)
    return {
        "forest of 50 trees": _converted(forest, folder / "forest.onnx", {"zipmap": False}),
        "network of 64 and 32": _converted(network, folder / "network.onnx", {}),
    }


def _converted(estimator: Any, path: Path, options: dict[str, object]) -> Path:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    types = [("features", FloatTensorType([None, FEATURES]))]
    path.write_bytes(to_onnx(estimator, initial_types=types, options={id(estimator): options} if options else None).SerializeToString())
    return path


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # the network stops early on purpose
    main()
