"""The allow-listing unpickler: it loads what is allowed, refuses the rest by name, and runs nothing of it."""

from __future__ import annotations

import bz2
import collections
import functools
import gzip
import lzma
import math
import os
import pickle
import pickletools
import sys
import types
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.errors import UnreadableSource, UntrustedSource
from converter.pickles import Allowed, load_pickle


class Part:
    """An object that a pickle may hold."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Grown(Part):
    """One that is allowed by its base alone."""


SHAPES = types.ModuleType("shapes")  # the package that they come from
for _class in (Part, Grown):
    _class.__module__ = SHAPES.__name__
    setattr(SHAPES, _class.__name__, _class)
SHAPES.os = os  # type: ignore[attr-defined]  as most modules have it
SHAPES.Stray = collections.OrderedDict  # type: ignore[attr-defined]  defined elsewhere


@pytest.fixture(autouse=True)
def _shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, SHAPES.__name__, SHAPES)


class Reduced:
    """Pickles as the call of a function."""

    def __init__(self, call: Callable[..., Any], *arguments: Any, state: Any = None) -> None:
        self.reduction = (call, arguments) if state is None else (call, arguments, state)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.reduction


ALLOWED = Allowed(names=frozenset({"shapes.Part", "math.sqrt"}), instead="save it as text")
BY_BASE = Allowed(names=frozenset({"math.sqrt"}), bases=(Part,), packages=("shapes",), instead="save it as text")
VALUES = {
    "numbers": np.arange(6.0).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
    "texts": np.array(["a", None, 3], object),
    "words": np.array(["x", "yy"]),
    "nodes": np.array([(1, 2.5), (3, np.nan)], [("child", "<i8"), ("threshold", "<f8")]),
    "scalar": np.float32(1.5),
    "empty": np.empty((0, 3)),
    "plain": [1, "two", {3.0}, (None, True), b"bytes", slice(1, 2), 1 + 2j],
    "ordered": collections.OrderedDict(a=1),
    "ufunc": np.log1p,
    "generator": np.random.RandomState(3),
    "dates": np.array(["2024-01-02"], "datetime64[D]"),
}


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def assert_loaded(found: Any) -> None:
    assert type(found) is Part
    assert found.__dict__.keys() == VALUES.keys()
    for name in ("numbers", "fortran", "texts", "words", "empty", "dates"):
        array = getattr(found, name)
        np.testing.assert_array_equal(array, VALUES[name])
        assert array.dtype == VALUES[name].dtype  # type: ignore[attr-defined]
    np.testing.assert_array_equal(found.nodes["threshold"], [2.5, np.nan])
    assert found.plain == VALUES["plain"]
    assert found.ordered == VALUES["ordered"]
    assert found.scalar == np.float32(1.5)
    assert type(found.scalar) is np.float32
    assert found.ufunc is np.log1p
    assert found.generator.randint(1000) == np.random.RandomState(3).randint(1000)
    found.numbers[0, 0] = 7  # arrays are writable


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_loads(tmp_path: Path, protocol: int) -> None:
    path = write(tmp_path / "a.pkl", pickle.dumps(Part(**VALUES), protocol))
    assert_loaded(load_pickle(path, ALLOWED))


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zlib.compress, lambda data: lzma.compress(data, lzma.FORMAT_ALONE)])
def test_compressed_pickles_load(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    path = write(tmp_path / "a.pkl", compress(pickle.dumps(Part(**VALUES))))
    assert_loaded(load_pickle(path, ALLOWED))


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
@pytest.mark.parametrize("trust", [False, True])
def test_joblib_files_load(tmp_path: Path, compress: Any, trust: bool) -> None:  # noqa: FBT001
    joblib = pytest.importorskip("joblib")
    path = tmp_path / "a.joblib"
    joblib.dump(Part(**VALUES), path, compress=compress)
    assert_loaded(load_pickle(path, ALLOWED, trust=trust))


def test_a_class_is_allowed_by_its_base_in_its_own_module(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pkl", pickle.dumps(Grown(x=1)))
    assert load_pickle(path, BY_BASE).x == 1
    for other in (Allowed(bases=(Exception,), packages=("shapes",)), Allowed(bases=(Part,), packages=("shape",)), ALLOWED):
        with pytest.raises(UntrustedSource, match=r"a\.pkl names shapes\.Grown, which is not allowed"):
            load_pickle(path, other)


def touching(tmp_path: Path) -> tuple[str, Path]:
    witness = tmp_path / "executed"
    return f"touch {witness}", witness


def dotted(module: str, name: str, *arguments: Any) -> bytes:
    """Return a pickle of protocol 4 that calls `name`, which may have dots, of `module`."""
    pushed = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    return b"\x80\x04" + pushed + b"\x93" + pickle.dumps(arguments, 4)[2:-1] + b"R."


def attacks(tmp_path: Path) -> dict[str, tuple[bytes, str]]:
    command, witness = touching(tmp_path)
    code = f"open({str(witness)!r}, 'w')"
    forged = b"".join(
        [
            b"\x80\x02cnumpy\ndtype\n(X\x02\x00\x00\x00V8I00\nI01\ntR",  # dtype("V8"), then a state that calls its bytes an object
            b"(K\x03X\x01\x00\x00\x00|NX\x01\x00\x00\x00a\x85}X\x01\x00\x00\x00acnumpy\ndtype\nX\x02\x00\x00\x00O8\x85RK\x00\x86s",
            b"K\x08K\x08K\x00tb.",
        ]
    )
    part = b"\x80\x02cshapes\nPart\n"
    sqrt = b"cmath\nsqrt\n"
    return {
        "os.system": (pickle.dumps(Reduced(os.system, command)), "names posix.system"),
        "os.system, protocol 0": (pickle.dumps(Reduced(os.system, command), 0), "names posix.system"),
        "eval": (pickle.dumps(Reduced(eval, code)), "names builtins.eval"),
        "eval, protocol 2": (pickle.dumps(Reduced(eval, code), 2), "names builtins.eval"),
        "getattr": (pickle.dumps(Reduced(getattr, 1, "real")), "names builtins.getattr"),
        "partial": (pickle.dumps(functools.partial(os.system, command)), "names functools.partial"),
        "dotted name": (dotted("shapes", "os.system", command), "names shapes.os.system"),
        "class of another module": (b"\x80\x02cshapes\nStray\n)\x81.", "names shapes.Stray"),
        "no class": (b"\x80\x02cshapes\nos\n.", "names shapes.os"),
        "dotted plain name": (dotted("numpy", "ndarray.tofile", str(witness)), "names numpy.ndarray.tofile"),
        "numpy's load": (pickle.dumps(Reduced(np.load, str(witness))), "names numpy.*load"),
        "held, not called": (pickle.dumps(Reduced(math.sqrt, 4)), "calls math.sqrt while it is loaded"),
        "ufunc called": (pickle.dumps(Reduced(np.log1p, 4.0)), "calls numpy.ufunc while it is loaded"),
        "class changed": (part + b"N}X\x07\x00\x00\x00predict" + sqrt + b"s\x86b.", "changes shapes.Part while it is loaded"),
        "special attribute": (part + b")\x81}X\x0c\x00\x00\x00__setstate__" + sqrt + b"sb.", "changes shapes.Part while it is loaded"),
        "append of an instance": (part + b")\x81}X\x06\x00\x00\x00append" + sqrt + b"sbK\x04a.", "changes shapes.Part while it is loaded"),
        "extended set": (part + b")\x81}X\x03\x00\x00\x00add" + sqrt + b"sb(K\x04\x90.", "changes shapes.Part while it is loaded"),
        "forged dtype": (forged, "forges a dtype"),
    }


@pytest.mark.parametrize("name", attacks(Path()).keys())
@pytest.mark.parametrize("compress", [bytes, zlib.compress])
def test_nothing_else_is_named_called_or_changed(tmp_path: Path, name: str, compress: Callable[[bytes], bytes]) -> None:
    content, message = attacks(tmp_path)[name]
    assert list(pickletools.genops(content))  # the attack is well formed
    path = write(tmp_path / "a.pkl", compress(content))
    with pytest.raises(UntrustedSource, match=message) as caught:
        load_pickle(path, BY_BASE)
    assert not (tmp_path / "executed").exists()
    assert caught.value.message.startswith("a.pkl ")
    assert caught.value.message.endswith(", which is not allowed")
    assert caught.value.hint == "save it as text, or pass --trust if you made the file yourself"


class Watchful(Part):
    """Stands in for a Part, and sees its state first."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state.get("__model") != "sound":
            raise ValueError("its model is damaged")
        self.__dict__.update(state)


def test_a_stand_in_sees_the_state_first(tmp_path: Path) -> None:
    allowed = Allowed(stand_ins={"shapes.Part": Watchful})
    found = load_pickle(write(tmp_path / "a.pkl", pickle.dumps(Part(__model="sound", size=3))), allowed)
    assert type(found) is Watchful
    assert found.__dict__ == {"__model": "sound", "size": 3}
    with pytest.raises(UnreadableSource, match="its model is damaged"):
        load_pickle(write(tmp_path / "a.pkl", pickle.dumps(Part(__model="cut"))), allowed)
    with pytest.raises(UntrustedSource, match=r"names shapes\.Grown"):
        load_pickle(write(tmp_path / "a.pkl", pickle.dumps(Grown())), allowed)


@pytest.mark.parametrize("content", [b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00zip\x86R.", b"\x80\x02\x82\x01."])
def test_rare_encodings_and_extension_codes_are_not_read(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "a.pkl", content)
    with pytest.raises(UnreadableSource, match="is not a pickle"):
        load_pickle(path, BY_BASE)


def test_an_array_of_objects_in_a_joblib_file_is_guarded_too(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    command, witness = touching(tmp_path)
    path = tmp_path / "a.joblib"
    joblib.dump(Part(array=np.array([Reduced(os.system, command)], object)), path)
    with pytest.raises(UntrustedSource, match=r"names posix\.system"):
        load_pickle(path, ALLOWED)
    assert not witness.exists()


def test_trust_executes(tmp_path: Path) -> None:
    command, witness = touching(tmp_path)
    path = write(tmp_path / "a.pkl", pickle.dumps(Reduced(os.system, command)))
    assert load_pickle(path, ALLOWED, trust=True) == 0
    assert witness.exists()


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("compress", [bytes, gzip.compress, zlib.compress])
def test_a_truncated_file_is_called_so(tmp_path: Path, kept: float, compress: Callable[[bytes], bytes]) -> None:
    content = compress(pickle.dumps(Part(**VALUES)))
    path = write(tmp_path / "a.pkl", content[: int(kept * len(content))])
    with pytest.raises(UnreadableSource, match=r"a\.pkl is not a pickle, or is cut off or damaged") as caught:
        load_pickle(path, ALLOWED)
    assert "copy or download it again" in caught.value.hint


def test_a_truncated_joblib_array_is_called_so(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    path = tmp_path / "a.joblib"
    joblib.dump(Part(numbers=np.zeros(1000)), path)
    write(path, path.read_bytes()[:2000])
    with pytest.raises(UnreadableSource, match="an array lacks"):
        load_pickle(path, ALLOWED)


def test_text_is_no_pickle(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pkl", b"hello, I am a text\n")
    with pytest.raises(UnreadableSource, match="is not a pickle"):
        load_pickle(path, ALLOWED)


def test_what_is_not_installed_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pkl", b"\x80\x02cshapes.gone\nModel\n)\x81.")
    with pytest.raises(UnreadableSource, match=r"needs what the installed packages do not have: .*gone") as caught:
        load_pickle(path, BY_BASE)
    assert "environment with the package versions" in caught.value.hint


def test_lz4_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.joblib", b"\x04\x22\x4d\x18" + bytes(20))
    with pytest.raises(UnreadableSource, match="lz4") as caught:
        load_pickle(path, ALLOWED)
    assert "compress=3" in caught.value.hint
