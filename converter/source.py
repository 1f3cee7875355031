"""What the user named, looked at without executing it: a file, a folder, a `module:attribute`, or a live object."""

from __future__ import annotations

import bz2
import functools
import gzip
import importlib
import io
import lzma
import os
import pickletools
import re
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from converter.errors import SourceNotFound, UnreadableSource

HEAD_BYTES = 4096
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_PICKLE_OPCODES_READ = 2000
_DECOMPRESSORS: dict[bytes, Callable[[Path], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


class Source:
    """One source. Exactly one of `path`, `reference` and `live` is not None."""

    def __init__(self, *, path: Path | None = None, reference: str | None = None, live: Any = None) -> None:
        self.path = path
        self.reference = reference
        self.live = live

    @staticmethod
    def of(value: Any) -> Source:
        """Return the source that a user's value names; raises SourceNotFound and, for an empty file, UnreadableSource."""
        if not isinstance(value, str | os.PathLike):
            return Source(live=value)
        path = Path(value)
        if os.path.exists(value):  # noqa: PTH110 - unlike Path.exists, False for a text that can be no path
            if path.is_file() and path.stat().st_size == 0:
                raise UnreadableSource(f"{path} is empty", hint="the file was not written to its end, or is the wrong one")
            return Source(path=path.resolve())
        if isinstance(value, str) and _REFERENCE.fullmatch(value):
            return Source(reference=value)
        raise SourceNotFound(str(value))

    @property
    def name(self) -> str:
        """How messages call it."""
        if self.path is not None:
            return self.path.name
        return self.reference or type(self.live).__name__

    @property
    def suffix(self) -> str:
        """The file's suffix in lower case, with its dot; "" for anything else."""
        return self.path.suffix.lower() if self.path is not None and self.path.is_file() else ""

    @functools.cached_property
    def head(self) -> bytes:
        """The first 4 096 bytes of a file; b"" for anything else."""
        if self.path is None or not self.path.is_file():
            return b""
        with self.path.open("rb") as file:
            return file.read(HEAD_BYTES)

    @functools.cached_property
    def zip_names(self) -> tuple[str, ...]:
        """The members of a zip file; () for anything else. Raises UnreadableSource for a truncated one."""
        if self.path is None or not self.head.startswith(b"PK\x03\x04"):
            return ()
        try:
            with zipfile.ZipFile(self.path) as archive:
                return tuple(archive.namelist())
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):  # whatever zipfile makes of damaged bytes
            raise UnreadableSource(f"{self.path} is a zip file that is cut off or damaged", hint="copy or download it again") from None

    @functools.cached_property
    def folder_names(self) -> tuple[str, ...]:
        """The names inside a folder; () for anything else."""
        return tuple(sorted(os.listdir(self.path))) if self.path is not None and self.path.is_dir() else ()

    @functools.cached_property
    def pickle_types(self) -> tuple[str, ...]:
        """The classes and functions that a pickle's beginning names, in order, as "module.name"; () for anything else.

        Read from the opcodes; nothing is unpickled. Files compressed as joblib does are opened.
        """
        if self.path is None or not self.path.is_file() or self.head.startswith(b"PK"):
            return ()
        try:
            return tuple(_globals_of(_opened(self.path, self.head)))
        except zlib.error:
            return ()  # no zlib stream, for all that it begins like one

    @functools.cached_property
    def class_names(self) -> tuple[str, ...]:
        """The classes of a live object, most derived first, as "module.name"; () for anything else."""
        return tuple(f"{kind.__module__}.{kind.__qualname__}" for kind in type(self.live).__mro__) if self.live is not None else ()


def _opened(path: Path, head: bytes) -> IO[bytes]:
    for magic, opener in _DECOMPRESSORS.items():
        if head.startswith(magic):
            opened: IO[bytes] = opener(path)
            return opened
    if head[:2] in {b"x\x01", b"x\x5e", b"x\x9c", b"x\xda"}:  # zlib, joblib's default
        with path.open("rb") as file:
            return io.BytesIO(zlib.decompressobj().decompress(file.read(1 << 20), 1 << 22))
    return path.open("rb")


def _globals_of(file: IO[bytes]) -> list[str]:
    found: list[str] = []
    strings: list[str] = []
    memo: dict[int, str | None] = {}
    last: str | None = None  # the string on top of the pickle's stack, if there is one
    with file:
        try:
            for count, (opcode, argument, _position) in enumerate(pickletools.genops(file)):
                if count > _PICKLE_OPCODES_READ:
                    break
                if opcode.name == "MEMOIZE":
                    memo[len(memo)] = last
                elif opcode.name in {"PUT", "BINPUT", "LONG_BINPUT"}:
                    memo[int(str(argument))] = last
                else:
                    last = (
                        memo.get(int(str(argument)))
                        if opcode.name in {"GET", "BINGET", "LONG_BINGET"}
                        else argument
                        if "UNICODE" in opcode.name
                        else None
                    )
                    if last is not None:
                        strings.append(last)
                if opcode.name == "GLOBAL":
                    found.append(str(argument).replace(" ", "."))
                elif opcode.name == "STACK_GLOBAL" and len(strings) > 1:
                    found.append(f"{strings[-2]}.{strings[-1]}")
        except (ValueError, EOFError, OSError, OverflowError, MemoryError, zlib.error, lzma.LZMAError):
            return found  # not a pickle, or cut off: what was read so far is what it names
    return found


def import_attribute(reference: str) -> Any:
    """Import `module:attribute`, the working directory on the path; raises SourceNotFound where there is none."""
    module_name, _, attribute = reference.partition(":")
    if (here := os.getcwd()) not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise SourceNotFound(reference, what=f"{reference}: there is no module '{error.name}'") from None
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise SourceNotFound(reference, what=f"{reference}: module '{module_name}' has no '{part}'")
        found = getattr(found, part)
    return found
