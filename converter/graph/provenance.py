"""Where a graph comes from, as metadata: the source's hash, the framework's and packages' versions, how it was exported. Nothing that varies from run to run."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from typing import TYPE_CHECKING

from converter.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from converter.framework import Framework
    from converter.source import Source

PREFIX = "converter."


def provenance(source: Source, framework: Framework, exporter: str, options: Mapping[str, object]) -> dict[str, str]:
    """Return the metadata entries, each key with the prefix "converter."."""
    entries = {"version": __version__, "source": source.name, "framework": framework.name, "exporter": exporter}
    if source.path is not None:
        entries["source_sha256"] = sha256(source.path)
    if options:
        entries["options"] = json.dumps(options, sort_keys=True)
    entries["packages"] = json.dumps({name: version for name in sorted(("onnx", *framework.packages)) if (version := _version(name))})
    return {PREFIX + key: value for key, value in entries.items()}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files in the order of their names, as hexadecimal digits."""
    if path.is_file():
        return _digest(path).hex()
    whole = hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        whole.update(str(file.relative_to(path)).encode() + _digest(file))
    return whole.hexdigest()


def _digest(file: Path) -> bytes:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").digest()


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
