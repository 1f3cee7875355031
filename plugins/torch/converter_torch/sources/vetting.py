"""Exported programs looked through before torch loads them, since `torch.export.load` executes what a hostile file holds.

A `.pt2` file can carry code in five places: pickles, sizes that are evaluated as Python expressions, the functions that its graph calls,
the structure of its arguments, which may name modules to import, and native libraries. What torch itself writes for a plain module passes.
(Guards are code too; a program's module is made without them.)
"""

from __future__ import annotations

import ast
import io
import json
import pickle
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from converter.plugin import UntrustedSource

_INERT = re.compile(
    r"archive_format|archive_version|byteorder|version|\.data/\w+|\.format_version|\.storage_alignment|extra/.*|data/weights/weight_\d+|data/constants/tensor_\d+"
)
_GRAPHS = re.compile(r"models/\w+\.json|data/(weights|constants)/\w+_config\.json")
_PICKLES = re.compile(r"data/(sample_inputs|weights|constants)/\w+\.pt")
_TENSOR = re.compile(r"(weight|tensor)_\d+")

_OPERATOR = re.compile(r"torch\.ops(\.(?!__)\w+){2,3}|torch\._?sym_\w+|math\.\w+")
_PYTHON_OPERATOR = re.compile("add|and_|eq|floordiv|ge|getitem|gt|le|lshift|lt|mod|mul|ne|neg|not_|or_|pos|pow|rshift|sub|truediv|xor|abs")
_SIZE_FUNCTION = re.compile(r"[A-Z]\w*|floor|ceiling|sqrt|log")  # classes of sympy and of torch's additions to it
_CALLS = (ast.Expression, ast.Call, ast.Name, ast.Constant, ast.keyword, ast.Load)
_ARITHMETIC = (ast.BinOp, ast.operator, ast.UnaryOp, ast.unaryop, ast.Compare, ast.cmpop)
_IMPORTS = ("default_factory_module", "__enum__")  # keys by which the structure of arguments names a module


def vet(path: Path) -> None:
    """Raise UntrustedSource, naming what was found, where loading the program could execute code."""
    for found in _findings(path):
        raise UntrustedSource(
            f"{path.name} holds {found}, and loading it could execute code; nothing was loaded", hint="--trust, if you know where the file comes from"
        )


def _findings(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        yield from (f"two members {name}" for name, count in Counter(names).items() if count > 1)
        for name in names:
            inside = name.partition("/")[2]  # all members lie in a folder named like the archive
            if _GRAPHS.fullmatch(inside):
                document = json.loads(archive.read(name))
                yield from (f"{what} in {name}" for what in _in_document(document))
                yield from _in_payloads(archive, name, document)
            elif _PICKLES.fullmatch(inside):
                yield from _in_pickle(archive, name)
            elif not _INERT.fullmatch(inside):
                yield f"a member {name} that torch does not write for a program"


def _in_payloads(archive: zipfile.ZipFile, config: str, document: Any) -> Iterator[str]:
    """Look at the members that a config of weights or constants names: tensors, raw or pickled."""
    for payload in _mappings(document):
        name = payload.get("path_name")
        if name is None:
            continue
        if not _TENSOR.fullmatch(str(name)):
            yield f"an object {name} in {config}"
        elif payload.get("use_pickle"):
            yield from _in_pickle(archive, f"{config.rpartition('/')[0]}/{name}")


def _in_pickle(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    try:
        torch.load(io.BytesIO(archive.read(name)), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        refused = re.search(r"GLOBAL (\S+)", str(error))
        yield f"{refused[1] if refused else 'an unknown pickle'} in {name}"


def _in_document(document: Any) -> Iterator[str]:
    for mapping in _mappings(document):
        target, size = mapping.get("target"), mapping.get("expr_str")
        if isinstance(target, str) and not _is_operator(target):
            yield f"a call of {target}"
        if size is not None and not _is_size(str(size)):
            yield f"the size {size}"
        yield from (
            f"an import by {key}" for key in _IMPORTS if any(key in str(value) for value in (*mapping, *mapping.values()) if isinstance(value, str))
        )


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Give every JSON object in `value`."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _mappings(item)


def _is_operator(target: str) -> bool:
    module, _, name = target.partition(".")
    return (_PYTHON_OPERATOR.fullmatch(name) if module == "_operator" else _OPERATOR.fullmatch(target)) is not None


def _is_size(text: str) -> bool:
    """Tell whether an expression is arithmetic on symbols: `Mul(Integer(2), Symbol('s77', integer=True))`."""
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    for node in nodes:
        if not isinstance(node, _CALLS + _ARITHMETIC):
            return False
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and _SIZE_FUNCTION.fullmatch(node.func.id)):
            return False
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not re.fullmatch(r"\w+", node.value):
            return False
    return True
