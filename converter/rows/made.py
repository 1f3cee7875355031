"""What was made of what: the record beside the files of an output folder by which a rerun knows that a file is done.

`FOLDER/.converter/NAME.json` is written after the file NAME is in its place. It names the graph by its SHA-256, the input by path, size and time
of its last change, what else decides the rows, and the file itself by size and time; the file is done while all of that is still so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = ".converter"


def digest_of_graph(graph: Path) -> str:
    """Return the SHA-256 of a graph, the files of its weights (`<stem>*.data` beside it) included, as hexadecimal digits."""
    whole = hashlib.sha256()
    for path in (graph, *sorted(graph.parent.glob(f"{graph.stem}*.data"))):
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a JSON value, as hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def origin(graph: str, inputs: Iterable[Path], settings: Any) -> dict[str, Any]:
    """Return what a file is made of: the graph's digest, the inputs, and whatever of the request decides the rows, as JSON."""
    return {"graph": graph, "inputs": [_identity(path) for path in inputs], "settings": json.loads(json.dumps(settings))}


def is_made(path: Path, made_of: dict[str, Any]) -> bool:
    """Tell whether the file is there and its record says that it was made of just this."""
    try:
        recorded = json.loads(_record(path).read_text(encoding="utf-8"))
        return bool(recorded == {**made_of, "output": _identity(path)})
    except (OSError, ValueError):
        return False


def record(path: Path, made_of: dict[str, Any]) -> tuple[Path, str]:
    """Return the file and the text of the record that says what `path` was made of."""
    return _record(path), json.dumps({**made_of, "output": _identity(path)}, indent=1)


def _record(path: Path) -> Path:
    return path.parent / FOLDER / f"{path.name}.json"


def _identity(path: Path) -> dict[str, Any]:
    found = path.stat()
    return {"path": str(path.resolve()), "bytes": found.st_size, "mtime_ns": found.st_mtime_ns}
