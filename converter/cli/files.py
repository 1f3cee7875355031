"""Files that commands write: beside first, then renamed."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from converter.errors import DestinationError

_PART = ".part"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, renamed to `path` when the body ends well; raises DestinationError.

    What a killed process left beside `path` goes first: each holds a lock on its own as long as it lives.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=f"{_PART}{path.suffix}", dir=path.parent)
    except OSError as error:
        raise DestinationError(f"cannot write {path}: {error.strerror}", hint="name a file in a folder that can be written") from error
    beside = Path(name)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield beside
        beside.chmod(0o644)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
        os.close(handle)


def sweep(path: Path) -> None:
    """Remove what processes that are gone left half-written beside `path`."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{_PART}{glob.escape(path.suffix)}"):
        with contextlib.suppress(OSError), left.open("rb") as file:  # locked: its writer lives
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def destinations(sources: Sequence[Path], folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """One file each in the folder, named by the shortest of its source's names that no other source has."""
    names = [_names(source.absolute()) for source in sources]
    takers = Counter(name for each in names for name in set(each))
    chosen = [next((name for name in each if takers[name] == 1), each[-1]) for each in names]
    return [folder / f"{name}{suffix}" for name, suffix in zip(chosen, suffixes, strict=True)]


def _names(source: Path) -> list[str]:
    """What a result may be called after its source, the shortest first: the stem, the whole name, then with the folders before it."""
    parts = source.parts[1:]
    return [source.stem, *("-".join(parts[-count:]) for count in range(1, len(parts) + 1))]


def write_text(path: Path, text: str) -> None:
    """Write a text file; raises DestinationError."""
    with replacing(path) as beside:
        beside.write_text(text + "\n", encoding="utf-8")
