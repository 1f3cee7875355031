"""What kind of torch file a path is, told from its name and first bytes; imports no torch and executes nothing."""

from __future__ import annotations

import enum
import json
import re
from typing import TYPE_CHECKING

from converter.plugin import Match

if TYPE_CHECKING:
    from collections.abc import Iterable

    from converter.plugin import Source

SUFFIXES = frozenset({".pth", ".pt", ".ckpt", ".bin", ".safetensors", ".pt2", ".torchscript"})
_LEGACY_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the pickled number that torch.save began a file with before it wrote zip files

_WEIGHTS = re.compile(r".+\.safetensors(\.index\.json)?|pytorch_model\.bin(\.index\.json)?|.+\.bin\.index\.json")  # as folders of weights have them


class Kind(enum.Enum):
    """The kinds of torch files."""

    CHECKPOINT = "a checkpoint of torch.save"
    LEGACY = "a checkpoint of torch.save, in its format before 1.6"
    PICKLE = "a plain pickle of torch objects"
    SAFETENSORS = "weights in a .safetensors file"
    PROGRAM = "an exported program"
    COMPILED = "a compiled AOTInductor package"
    SCRIPT = "a TorchScript module"
    INDEX = "an index of weights in several files"
    FOLDER = "a folder of weights"


def kind_of(source: Source) -> Kind | None:
    """Return what kind of torch file the source is, None for anything else; raises UnreadableSource for a zip file that is cut off."""
    if any(_WEIGHTS.fullmatch(name) for name in source.folder_names):
        return Kind.FOLDER
    if source.suffix == ".json":
        return Kind.INDEX if b'"weight_map"' in source.head else None
    if source.head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(source.zip_names)
    if _LEGACY_MAGIC in source.head[:32]:
        return Kind.LEGACY
    if _is_safetensors(source.head):
        return Kind.SAFETENSORS
    if any(name.startswith("torch.") for name in source.pickle_types):
        return Kind.PICKLE
    return None


def match(source: Source) -> Match:
    """Tell how surely a file is torch's."""
    if source.path is None:
        return Match.NO
    if kind_of(source) is not None:
        return Match.CONTENT
    return Match.SUFFIX if source.suffix in SUFFIXES else Match.NO


def _kind_of_zip(names: Iterable[str]) -> Kind | None:
    inside = {re.sub(r"^[^/]+/", "", name, count=1) for name in names} | set(names)  # with and without the archive's own folder
    if any(name.startswith("data/aotinductor/") for name in inside):
        return Kind.COMPILED
    if "serialized_exported_program.json" in inside or any(re.fullmatch(r"models/[^/]+\.json", name) for name in inside):
        return Kind.PROGRAM
    if "data.pkl" not in inside:
        return None
    return Kind.SCRIPT if "constants.pkl" in inside else Kind.CHECKPOINT


def _is_safetensors(head: bytes) -> bool:
    """Tell whether a file begins as .safetensors do: the header's length, 8 bytes, then the header, a JSON object."""
    length = int.from_bytes(head[:8], "little")
    if len(head) < 10 or not 2 <= length <= 100_000_000 or head[8:9] != b"{":
        return False
    header = head[8 : 8 + length]
    if len(header) == length:
        try:
            return isinstance(json.loads(header), dict)
        except ValueError:
            return False
    return header.startswith((b'{"', b"{ "))
