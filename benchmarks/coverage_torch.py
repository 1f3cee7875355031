"""How much of PyTorch converts and agrees at every size: ours beside torch's two exporters alone.

    python benchmarks/coverage_torch.py [--part NAME] [--only TEXT,TEXT] [--ours] [--columns NAMES] [--jobs N] [--limit SECONDS] [--seconds SECONDS] [--cache FILE] [--fresh] [--write]

Every conversion runs in a process of its own, with a time limit. Verdicts are kept in the cache, so a run that was ended goes on where it was; `--fresh` measures again.
Prints every case of ours that does not agree, and the counts. The page is written from what the cache has: the rest is "not measured".
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE / "coverage"), str(HERE.parent / "plugins" / "torch" / "coverage")]
os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process that is forked must have no threads of others

import torch

from measuring.apart import measure
from measuring.arguments import arguments, is_wanted
from measuring.kept import Kept
from measuring.tables import counted
from measuring.verdict import OURS
from torch_cases import PARTS
from torch_cases.forked import judge_forked, preload
from torch_cases.judging import COLUMNS
from torch_cases.page import DOCUMENT, Found, document

CACHE = Path("build/coverage_torch.jsonl")
LIMIT = 240.0  # seconds of one conversion


def main() -> None:
    """Measure what is asked for and not kept, and print what does not agree."""
    given = arguments(__doc__ or "", parts=PARTS, columns=COLUMNS, cache=CACHE, limit=LIMIT, document=DOCUMENT)
    kept, started = Kept(given.cache), perf_counter()
    preload()
    warnings.simplefilter("ignore")
    columns = [OURS] if given.ours else given.columns.split(",")
    found: dict[str, dict[str, Found]] = {}
    for part in given.part.split(",") if given.part else PARTS:
        cases = {name: make() for name, make in PARTS[part].items() if is_wanted(name, given.only)}
        tasks = [(case, column) for column in columns for each in cases.values() for case in each]
        tasks = [(case, column) for case, column in tasks if given.fresh or kept.get((case.row, case.setting, column)) is None]
        measure(tasks, judge_forked, kept, jobs=given.jobs, together=1, limit=given.limit, deadline=started + given.seconds)
        found[part] = {
            name: {column: [kept.get((case.row, case.setting, column)) for case in each] for column in COLUMNS} for name, each in cases.items()
        }
        for column in columns:
            print(f"{part}, {column}: {counted(verdict for row in found[part].values() for verdict in row[column])}", flush=True)
    if given.write:
        DOCUMENT.write_text(document(found, torch=torch.__version__.partition("+")[0], limit=given.limit), "utf-8")


if __name__ == "__main__":
    main()
