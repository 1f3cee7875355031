"""What a file holds: by its suffix, or by the first bytes of a stream."""

from __future__ import annotations

from pathlib import Path

from converter import images
from converter.errors import UsageError

CSV, PARQUET, ARROW, JSONL = "csv", "parquet", "arrow", "jsonl"
NPZ, NPY, PB, IMAGE = "npz", "npy", "pb", "image"
TABLES = (CSV, PARQUET, ARROW, JSONL)
STREAMS = (CSV, ARROW, JSONL)
WRITTEN = (*TABLES, NPZ)
SUFFIXES = {
    ".csv": CSV,
    ".parquet": PARQUET,
    ".pq": PARQUET,
    ".arrow": ARROW,
    ".arrows": ARROW,
    ".feather": ARROW,
    ".ipc": ARROW,
    ".jsonl": JSONL,
    ".ndjson": JSONL,
    ".npz": NPZ,
    ".npy": NPY,
    ".pb": PB,
    **dict.fromkeys(sorted(images.SUFFIXES), IMAGE),
}


def format_of(path: Path) -> str:
    """Return what the file holds by its suffix; raises UsageError for an unknown one."""
    found = SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise UsageError(f"{path} is of no kind that converter reads", hint=f"suffixes: {' '.join(SUFFIXES)}")
    return found


def format_to_write(path: Path) -> str:
    """Return how results are written to a file of this name; raises UsageError for a suffix that is none of ours."""
    found = SUFFIXES.get(path.suffix.lower())
    if found not in WRITTEN:
        known = [suffix for suffix, name in SUFFIXES.items() if name in WRITTEN]
        raise UsageError(f"outputs are written as {' '.join(known)}, not to {path.name}", hint=f"-o {path.with_suffix('.npz')}")
    return found


def sniff(head: bytes) -> str:
    """Return what a stream holds by its first bytes; raises UsageError for what cannot be read from a stream."""
    if head.startswith((b"PAR1", b"ARROW1", b"FEA1", b"\x93NUMPY", b"PK\x03\x04")):
        raise UsageError(
            "stdin holds a file that is read from its end or as a whole, not a stream",
            hint="give the file's name, or CSV, an Arrow stream or JSON lines",
        )
    if head.startswith(b"\xff\xff\xff\xff"):
        return ARROW
    return JSONL if head.lstrip().startswith(b"{") else CSV
