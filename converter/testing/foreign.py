"""Files that are no framework's: what `match` must answer with NO."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path


def text(folder: Path) -> Path:
    """Words."""
    path = folder / "notes.txt"
    path.write_text("These are words, and no model.\n" * 50)
    return path


def noise(folder: Path) -> Path:
    """Bytes that mean nothing."""
    path = folder / "noise.dat"
    path.write_bytes(bytes((index * 7919 + 13) % 251 for index in range(5000)))
    return path


def picture(folder: Path) -> Path:
    """What begins like a PNG."""
    path = folder / "picture.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200))
    return path


def archive(folder: Path) -> Path:
    """A zip file with words in it."""
    path = folder / "papers.zip"
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("papers/notes.txt", "These are words, and no model.\n")
    return path


def settings(folder: Path) -> Path:
    """JSON that describes no model."""
    path = folder / "settings.cfg"
    path.write_text(json.dumps({"colour": "red", "size": 3}))
    return path


def place(folder: Path) -> Path:
    """A folder with words in it."""
    path = folder / "papers"
    path.mkdir()
    text(path)
    return path


FOREIGN = (text, noise, picture, archive, settings, place)


class _Bait:
    """What makes a folder when it is unpickled."""

    def __init__(self, trap: Path) -> None:
        self._trap = str(trap)

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (self._trap,))


def bait(path: Path, trap: Path) -> Path:
    """Write a pickle to `path` that makes the folder `trap` where it is loaded."""
    path.write_bytes(pickle.dumps(_Bait(trap)))
    return path
