"""What double precision costs: the graph beside the same one in float32, on the same rows, in turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

MUCH = 1.5  # from which it is worth a word
_LARGE = 1 << 15  # bytes of weights; a graph with fewer takes microseconds in either precision
_LARGEST = 1 << 24  # bytes; of a larger graph most are trees, whose precision is another matter, and whose session takes seconds to create
_ROUNDS = 2


def note_of(path: Path, write_in_float32: Callable[[Path], Any], feeds: Mapping[str, np.ndarray]) -> str:
    """Return a note where the graph takes much longer than the one in float32, "" where it does not."""
    if not _LARGE < path.stat().st_size < _LARGEST:
        return ""
    other = path.with_name("float32.onnx")
    try:
        write_in_float32(other)
        double, single = _seconds([path, other], feeds)
    except Exception:  # noqa: BLE001 - a note is not worth a failed export, and the graph itself is proven elsewhere
        return ""
    finally:
        other.unlink(missing_ok=True)
    return f"double precision takes {double / single:.1f} times as long as -O compute=float32" if double > MUCH * single else ""


def _seconds(paths: list[Path], feeds: Mapping[str, np.ndarray]) -> list[float]:
    """Return the least seconds that each graph takes for the feeds, in turns, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    sessions = [onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]) for path in paths]
    least = [float("inf")] * len(sessions)
    for _ in range(_ROUNDS):
        for place, session in enumerate(sessions):
            started = perf_counter()
            session.run(None, dict(feeds))
            least[place] = min(least[place], perf_counter() - started)
    return least
