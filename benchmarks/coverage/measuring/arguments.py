"""The command line of a benchmark of coverage."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path


def arguments(description: str, *, parts: Iterable[str], columns: Iterable[str], cache: Path, limit: float, document: Path) -> argparse.Namespace:
    """Return what was asked for; `limit` is the default in seconds, and `cache` the default file."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", default="", help=f"of {', '.join(parts)}, with commas between; without it all")
    parser.add_argument("--only", default="", help="rows whose name contains one of these, with commas between")
    parser.add_argument("--ours", action="store_true", help="without the others beside it")
    parser.add_argument("--columns", default=",".join(columns), help=f"of {', '.join(columns)}, with commas between")
    parser.add_argument("--jobs", type=int, default=1, help="conversions at a time")
    parser.add_argument("--limit", type=float, default=limit, help="seconds that one conversion may take")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no conversion after so many")
    parser.add_argument("--cache", type=Path, default=cache, help="where verdicts are kept")
    parser.add_argument("--fresh", action="store_true", help="measure again what is kept")
    parser.add_argument("--write", action="store_true", help=f"write {document.name} as well")
    return parser.parse_args()


def is_wanted(name: str, only: str) -> bool:
    """Tell whether a row is among those of `--only`."""
    return any(each in name.lower() for each in only.lower().split(","))
