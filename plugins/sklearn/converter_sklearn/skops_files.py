"""Files of skops: a schema of types and their states, loaded where all types are allowed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from converter.plugin import Allowed, ConverterError, UnreadableSource, UntrustedSource

_SCHEMA = "schema.json"


def load_skops(path: Path, allowed: Allowed, *, trust: bool) -> Any:
    """Return the object of a file; with `trust` every type is allowed.

    Raises UntrustedSource for a file with types that are not allowed, and UnreadableSource for one that cannot be read or that needs what is not installed.
    """
    import skops.io  # takes longer than scikit-learn itself
    from skops.io.exceptions import UnsupportedTypeException

    try:
        unknown = skops.io.get_untrusted_types(file=path)
        refused = [] if trust else [name for name in unknown if not _permitted(name, allowed)]
        if refused:
            hint = "pass --trust if you made the file yourself, or know these types"
            raise UntrustedSource(f"{path.name} holds types that are not scikit-learn's: {', '.join(refused)}", hint=hint)
        document = path.read_bytes() if trust else _with_stand_ins(path, allowed)
        return skops.io.loads(document, trusted=skops.io.get_untrusted_types(data=document))
    except ConverterError:
        raise
    except (ImportError, AttributeError, UnsupportedTypeException) as error:
        hint = "convert it in an environment with the package versions that made it"
        raise UnreadableSource(f"{path.name} needs what the installed packages do not have: {error}", hint=hint) from error
    except Exception as error:  # a damaged file makes skops and the classes that it names raise anything
        hint = "copy or download it again, or save the model again with skops.io.dump"
        raise UnreadableSource(f"{path.name} cannot be read by skops ({type(error).__name__}: {error})", hint=hint) from error


def _permitted(name: str, allowed: Allowed) -> bool:
    module, _, attribute = name.rpartition(".")
    try:
        return allowed.stand_in(module, attribute) is not None or allowed.permits(module, attribute)
    except (ImportError, AttributeError):
        return False


def _with_stand_ins(path: Path, allowed: Allowed) -> bytes:
    """Return the file with the classes that are loaded in place of others named in its schema."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    schema = json.loads(parts[_SCHEMA])
    replaced = [(node, kind) for node in _nodes(schema) if (kind := allowed.stand_in(node["__module__"], node["__class__"])) is not None]
    if not replaced:
        return path.read_bytes()
    for node, kind in replaced:
        node.update({"__module__": kind.__module__, "__class__": kind.__qualname__})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in (parts | {_SCHEMA: json.dumps(schema).encode()}).items():
            file.writestr(name, content)
    return buffer.getvalue()


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the descriptions of objects in a schema."""
    if isinstance(schema, dict) and {"__module__", "__class__"} <= schema.keys():
        yield schema
    inside = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for each in inside:
        yield from _nodes(each)
