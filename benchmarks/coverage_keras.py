"""How much of Keras converts and agrees at every size: ours beside tf2onnx and Keras's own export alone.

    python benchmarks/coverage_keras.py [--part NAME] [--only TEXT,TEXT] [--ours] [--columns NAMES] [--jobs N] [--limit SECONDS] [--seconds SECONDS] [--cache FILE] [--fresh] [--write]

Conversions run in processes of their own, each with a time limit. Verdicts are kept in the cache, so a run that was ended goes on where it was; `--fresh` measures again.
Prints every case of ours that does not agree, and the counts. The page is written from what the cache has: the rest is "not measured".
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE / "coverage"), str(HERE.parent / "plugins" / "tensorflow" / "coverage")]
os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process that is forked must have no threads of others
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from converter_tensorflow import startup

startup.start()
import keras
import tensorflow as tf

from keras_cases import PARTS
from keras_cases.case import Case
from keras_cases.forked import preload
from keras_cases.judging import COLUMNS, judge
from keras_cases.page import DOCUMENT, Found, document
from measuring.apart import measure
from measuring.arguments import arguments, is_wanted
from measuring.kept import Kept
from measuring.tables import counted
from measuring.verdict import OURS

CACHE = Path("build/coverage_keras.jsonl")
LIMIT = 600.0  # seconds of one conversion
TOGETHER = 40  # conversions that share a process, which has to start TensorFlow


def main() -> None:
    """Measure what is asked for and not kept, and print what does not agree."""
    given = arguments(__doc__ or "", parts=PARTS, columns=COLUMNS, cache=CACHE, limit=LIMIT, document=DOCUMENT)
    kept, started = Kept(given.cache), perf_counter()
    preload()
    warnings.simplefilter("ignore")
    columns = [OURS] if given.ours else given.columns.split(",")
    found: dict[str, dict[str, Found]] = {}
    for part in given.part.split(",") if given.part else PARTS:
        rows = {name: cases for name, cases in PARTS[part].items() if is_wanted(name, given.only)}
        tasks = [(case, column) for cases in rows.values() for case in cases for column in columns]
        tasks = [(case, column) for case, column in tasks if given.fresh or kept.get((case.row, case.setting, column)) is None]
        measure(tasks, judge, kept, jobs=given.jobs, together=TOGETHER, limit=given.limit, deadline=started + given.seconds)
        found[part] = {name: _found(cases, kept) for name, cases in rows.items()}
        for column in columns:
            print(f"{part}, {column}: {counted(verdict for row in found[part].values() for verdict in row[column])}", flush=True)
    if given.write:
        recurrent = {name: [case for case in cases if case.is_recurrent] for name, cases in PARTS["layers"].items()}
        fused = {name: _found(cases, kept) for name, cases in recurrent.items() if cases}
        DOCUMENT.write_text(document(found, fused, keras=keras.__version__, tensorflow=tf.__version__, limit=given.limit), "utf-8")


def _found(cases: Sequence[Case], kept: Kept) -> Found:
    return {column: [kept.get((case.row, case.setting, column)) for case in cases] for column in COLUMNS}


if __name__ == "__main__":
    main()
