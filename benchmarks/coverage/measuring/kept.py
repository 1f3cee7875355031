"""Verdicts as lines of JSON in a file, so that a run that was ended can be continued."""

from __future__ import annotations

import json
from pathlib import Path

from measuring.verdict import Verdict

Key = tuple[str, str, str]


class Kept:
    """The verdicts of a file by row, setting and column; the last line of each counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self._found = {key_of(verdict): verdict for verdict in (Verdict(**json.loads(line)) for line in lines)}

    def get(self, key: Key) -> Verdict | None:
        """Return the verdict, None where there is none yet."""
        return self._found.get(key)

    def put(self, verdict: Verdict) -> None:
        """Keep a verdict, in the file as well."""
        self._found[key_of(verdict)] = verdict
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(verdict.to_json(), ensure_ascii=False) + "\n")


def key_of(verdict: Verdict) -> Key:
    """Return what a verdict is kept under."""
    return verdict.row, verdict.setting, verdict.column
