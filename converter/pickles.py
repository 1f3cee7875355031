"""Unpickling by an allow-list: what a pickle may not name, call or change is refused before it happens.

    file ─ decompress ─▶ opcodes ─┬─▶ find_class: is the name allowed?
                                  ├─▶ reduce, newobj: is it a class, or a function that loading may call?
                                  ├─▶ build, append: is it an instance, and a plain attribute?
                                  └─▶ the raw arrays that joblib writes between opcodes

A name is allowed where it is listed exactly, or where it is a class with a listed base that its own module defines in a listed package.
A rule by prefix would not do: protocol 4 follows the dots of module "sklearn.base" and name "os.system".
"""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import math
import pickle
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import BuiltinFunctionType, FunctionType
from typing import Any, BinaryIO, ClassVar

import numpy as np

from converter.errors import ConverterError, UnreadableSource, UntrustedSource


@dataclass(frozen=True)
class Allowed:
    """What a pickle may name, beside arrays and the plain types of Python and NumPy.

    `calls` are functions ("module.name") that loading may call; `names` are classes, and functions that an object may hold but loading may not call.
    With `bases` and `packages` every class is allowed that a module of these packages defines and that has one of these bases.
    `stand_ins` are loaded in place of the classes that a file names: they look at the state before the library's own loading runs.
    `instead` is the safe form that the hint proposes: "save it with skops".
    """

    calls: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    bases: tuple[type, ...] = ()
    packages: tuple[str, ...] = ()
    stand_ins: Mapping[str, type] = field(default_factory=dict)
    instead: str = "save it in a format that holds no code"

    def permits(self, module: str, name: str) -> bool:
        """Tell whether a file may name this; raises ImportError or AttributeError for a class that the installed packages do not have."""
        full = f"{module}.{name}"
        listed = full in _PLAIN_NAMES or full in _PLAIN_CALLS or full in self.names or full in self.calls
        return listed or self._is_class(module, name) or _is_ufunc(module, name)

    def stand_in(self, module: str, name: str) -> type | None:
        """Return the class that is loaded in place of the one that a file names, None where there is none."""
        return self.stand_ins.get(f"{module}.{name}")

    def _is_class(self, module: str, name: str) -> bool:
        parts = module.split(".")
        if parts[0] not in self.packages or not name.isidentifier() or any(part.startswith("__") or part == "tests" for part in parts):
            return False
        found = getattr(importlib.import_module(module), name)
        return isinstance(found, type) and issubclass(found, self.bases) and found.__module__ == module


def load_pickle(path: Path, allowed: Allowed, *, trust: bool = False) -> Any:
    """Return the object of a pickle or joblib file, compressed or not; with `trust` everything is allowed.

    Raises UntrustedSource where the pickle names, calls or changes what is not allowed, and UnreadableSource where it is no pickle, is cut off, or
    needs what the installed packages do not have.
    """
    try:
        with open_pickle(path) as file:
            unpickler = _Unpickler(file) if trust else _GuardedUnpickler(file, path.name, allowed)
            return unpickler.load()
    except ConverterError:
        raise
    except (ImportError, AttributeError) as error:
        message = f"{path.name} needs what the installed packages do not have: {error}"
        raise UnreadableSource(message, hint="convert it in an environment with the package versions that made it") from error
    except Exception as error:  # a damaged file makes the classes that it names raise anything
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        message = f"{path.name} is not a pickle, or is cut off or damaged ({reason})"
        raise UnreadableSource(message, hint="copy or download it again, or save the model again") from error


def open_pickle(path: Path) -> BinaryIO:
    """Open a file that may be compressed as joblib does; raises UnreadableSource for lz4, and what the decompressor raises."""
    with path.open("rb") as file:
        head = file.read(6)
    if head.startswith(b"x"):  # zlib, joblib's default, which the standard library does not open as a file
        return io.BytesIO(zlib.decompress(path.read_bytes()))
    if head.startswith(b"\x04\x22\x4d\x18"):
        raise UnreadableSource(f"{path.name} is compressed with lz4, which is not read", hint="save it with joblib.dump(model, path, compress=3)")
    opener = next((opener for magic, opener in _DECOMPRESSORS.items() if head.startswith(magic)), Path.open)
    return opener(path, "rb")


_DECOMPRESSORS: dict[bytes, Callable[[Path, str], Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7zXZ": lzma.open, b"\x5d\x00": lzma.open}


class _StoredArray:
    """Stands in for joblib's NumpyArrayWrapper: describes the array whose bytes follow in the file."""

    shape: tuple[int, ...]
    dtype: np.dtype
    order: str


class _Unpickler(pickle._Unpickler):  # the one in Python, whose steps can be watched
    """Reads pickles, and joblib's arrays between their opcodes."""

    stack: list[Any]
    metastack: list[list[Any]]
    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.file = file

    def nested(self) -> _Unpickler:
        """Return an unpickler of the same kind for the pickle that begins here, as joblib writes arrays of objects."""
        return _Unpickler(self.file)

    def find_class(self, module: str, name: str) -> Any:
        return _StoredArray if f"{module}.{name}" in _ARRAY_WRAPPERS else super().find_class(module, name)

    def load_build(self) -> None:
        super().load_build()  # type: ignore[misc]
        if isinstance(self.stack[-1], _StoredArray):
            self.stack[-1] = self._read_array(self.stack[-1])

    dispatch[pickle.BUILD[0]] = load_build

    def _read_array(self, stored: _StoredArray) -> Any:
        if not isinstance(stored.dtype, np.dtype):
            raise TypeError("an array without a dtype")
        if stored.dtype.hasobject:
            return self.nested().load()
        if getattr(stored, "numpy_array_alignment_bytes", None) is not None:
            self.file.read(self.file.read(1)[0])  # padding, its length before it
        buffer = bytearray(math.prod(stored.shape) * stored.dtype.itemsize)
        rest = memoryview(buffer)
        while rest:
            count = self.file.readinto(rest)  # type: ignore[attr-defined]
            if not count:
                raise EOFError(f"an array lacks {len(rest)} bytes")
            rest = rest[count:]
        return np.frombuffer(buffer, stored.dtype).reshape(stored.shape, order="F" if stored.order == "F" else "C")


class _GuardedUnpickler(_Unpickler):
    """Refuses every name, call and change that is not allowed."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        code: step
        for code, step in _Unpickler.dispatch.items()
        if bytes([code]) not in {pickle.EXT1, pickle.EXT2, pickle.EXT4}  # their cache goes past find_class
    }

    def __init__(self, file: BinaryIO, name: str, allowed: Allowed) -> None:
        super().__init__(file)
        self.name = name
        self.allowed = allowed
        self.calls: list[Any] = []

    def nested(self) -> _Unpickler:
        return _GuardedUnpickler(self.file, self.name, self.allowed)

    def find_class(self, module: str, name: str) -> Any:
        module = _OLD_MODULES.get(module, module)
        if module.startswith("numpy.core."):
            module = module.replace("numpy.core.", "numpy._core.", 1)  # as NumPy called it before 2.0
        full = f"{module}.{name}"
        if full in _STAND_INS:
            found = _STAND_INS[full]
        elif (stand_in := self.allowed.stand_in(module, name)) is not None:
            found = stand_in
        elif self.allowed.permits(module, name):
            found = getattr(importlib.import_module(module), name)
        else:
            raise self._refusal(f"names {full}")
        if full in _STAND_INS or full in _PLAIN_CALLS or full in self.allowed.calls:
            self.calls.append(found)
        return found

    def load_reduce(self) -> None:
        self._check_call(self.stack[-2])
        super().load_reduce()  # type: ignore[misc]

    def load_newobj(self) -> None:
        self._check_call(self.stack[-2])
        super().load_newobj()  # type: ignore[misc]

    def load_newobj_ex(self) -> None:
        self._check_call(self.stack[-3])
        super().load_newobj_ex()  # type: ignore[misc]

    def _instantiate(self, kind: Any, arguments: Any) -> None:
        self._check_call(kind)
        super()._instantiate(kind, arguments)  # type: ignore[misc]

    def load_build(self) -> None:
        changed, state = self.stack[-2:]
        attributes = [key for part in (state if isinstance(state, tuple) else (state,)) if isinstance(part, dict) for key in part]
        if isinstance(changed, _NEVER_CHANGED) or any(_is_special(str(key)) for key in attributes):
            raise self._refusal(f"changes {_described(changed)} while it is loaded")
        size = changed.itemsize if isinstance(changed, np.dtype) else 0
        super().load_build()
        if isinstance(changed, np.dtype) and (changed.itemsize != size or not _is_sound(changed)):
            raise self._refusal("forges a dtype")

    def load_append(self) -> None:
        self._check_list(self.stack[-2])
        super().load_append()  # type: ignore[misc]

    def load_appends(self) -> None:
        self._check_list(self.metastack[-1][-1])
        super().load_appends()  # type: ignore[misc]

    def load_additems(self) -> None:
        if not isinstance(changed := self.metastack[-1][-1], set):
            raise self._refusal(f"changes {_described(changed)} while it is loaded")
        super().load_additems()  # type: ignore[misc]

    dispatch.update(
        {
            pickle.REDUCE[0]: load_reduce,
            pickle.NEWOBJ[0]: load_newobj,
            pickle.NEWOBJ_EX[0]: load_newobj_ex,
            pickle.BUILD[0]: load_build,
            pickle.APPEND[0]: load_append,
            pickle.APPENDS[0]: load_appends,
            pickle.ADDITEMS[0]: load_additems,
        }
    )

    def _check_call(self, called: Any) -> None:
        if not isinstance(called, type) and not any(called is each for each in self.calls):
            raise self._refusal(f"calls {_described(called)} while it is loaded")

    def _check_list(self, changed: Any) -> None:
        if not isinstance(changed, list):
            raise self._refusal(f"changes {_described(changed)} while it is loaded")

    def _refusal(self, what: str) -> UntrustedSource:
        hint = f"{self.allowed.instead}, or pass --trust if you made the file yourself"
        return UntrustedSource(f"{self.name} {what}, which is not allowed", hint=hint)


def _is_ufunc(module: str, name: str) -> bool:
    return module in _UFUNC_MODULES and isinstance(getattr(importlib.import_module(module), name, None), np.ufunc)


def _is_sound(dtype: np.dtype) -> bool:
    """Tell whether a dtype is what NumPy itself would make of its parts; a forged one lets raw bytes pass as objects."""
    if dtype.kind == "O":
        return dtype.hasobject
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return base.kind != "O" and _is_sound(base) and dtype.itemsize == base.itemsize * math.prod(shape)
    fields = [(field[0], field[1]) for field in (dtype.fields or {}).values()]
    inside = all(part.kind != "O" and _is_sound(part) and 0 <= offset <= dtype.itemsize - part.itemsize for part, offset in fields)
    return inside and not dtype.hasobject


def _is_special(attribute: str) -> bool:
    return attribute.startswith("__") and attribute.endswith("__")


def _described(value: Any) -> str:
    kind = value if isinstance(value, type | FunctionType | BuiltinFunctionType) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def _latin1(text: str, encoding: str) -> bytes:
    """Return the bytes that protocol 2 wrote as text; stands in for `_codecs.encode`, which knows many more encodings."""
    if encoding != "latin1":
        raise ValueError(f"bytes written as {encoding}")
    return text.encode("latin1")


_NEVER_CHANGED = (type, FunctionType, BuiltinFunctionType, np.ufunc)
_ARRAY_WRAPPERS = ("joblib.numpy_pickle.NumpyArrayWrapper", "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper")
_STAND_INS: dict[str, Any] = {**dict.fromkeys(_ARRAY_WRAPPERS, _StoredArray), "numpy.memmap": np.ndarray, "_codecs.encode": _latin1}
_OLD_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}  # Python 2's names, which protocol 2 still writes
_UFUNC_MODULES = ("numpy", "numpy._core.umath", "numpy._core._multiarray_umath", "scipy.special._ufuncs")
_PLAIN_NAMES = frozenset(
    [f"builtins.{name}" for name in ("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range", "set")]
    + [f"builtins.{name}" for name in ("slice", "str", "tuple")]
    + [f"numpy.{name}" for name in ("dtype", "ndarray", "matrix", "mean", "median", "bool", "bool_", "str_", "object_")]
    + [f"numpy.{kind}{bits}" for kind in ("int", "uint", "float") for bits in (8, 16, 32, 64) if (kind, bits) != ("float", 8)]
    + ["collections.OrderedDict", "collections.defaultdict", "numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"]
    + ["numpy.random._mt19937.MT19937", "numpy.random._pcg64.PCG64", "numpy.random.bit_generator.SeedSequence"]
    + [f"scipy.sparse._{kind}.{kind}_{shape}" for kind in ("csr", "csc", "coo") for shape in ("matrix", "array")]
)
_PLAIN_CALLS = frozenset(
    [f"numpy.random._pickle.__{kind}_ctor" for kind in ("bit_generator", "generator", "randomstate")]
    + ["numpy._core.multiarray._reconstruct", "numpy._core.multiarray.scalar", "numpy._core.numeric._frombuffer", "numpy.ma.core._mareconstruct"]
    + ["numpy.random.bit_generator.__pyx_unpickle_SeedSequence", "copyreg._reconstructor"]
)
