"""Sources are looked at without executing them, whatever bytes they hold."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import pickle
import sys
import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from converter.errors import SourceNotFound, UnreadableSource
from converter.source import Source, import_attribute

in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
MAGICS = [b"", b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"x\x9c", b"x^", b"\x80\x04", b"\x80\x02c", b"\x8e"]


def look_at_everything(source: Source) -> None:
    """Ask a source for whatever a plugin may ask for."""
    for attribute in ("head", "zip_names", "folder_names", "pickle_types", "class_names", "suffix", "name"):
        with contextlib.suppress(UnreadableSource):
            getattr(source, attribute)


@given(st.sampled_from(MAGICS), st.binary(min_size=1, max_size=300))
@example(b"x^", b"2 + 3 is a text")
@example(b"\xfd7zXZ", b"\0 is no archive")
@example(b"\x8e", (2**62).to_bytes(8, "little") + b"a bytes object of four exabytes")
@example(b"\x8d", (2**40).to_bytes(8, "little") + b"a text of a terabyte")
@in_one_folder
def test_any_bytes_can_be_looked_at(tmp_path: Path, magic: bytes, rest: bytes) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(magic + rest)
    look_at_everything(Source.of(path))


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model/data.pkl", b"abc" * 50)
        archive.writestr("model/version", b"3")
    return buffer.getvalue()


def test_a_zip_tells_its_members(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(zipped())
    assert Source.of(path).zip_names == ("model/data.pkl", "model/version")
    assert Source.of(path).pickle_types == ()


def test_a_zip_cut_off_anywhere_is_unreadable(tmp_path: Path) -> None:
    path, whole = tmp_path / "model.pt", zipped()
    for length in range(4, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(UnreadableSource) as caught:
            _ = Source.of(path).zip_names
        assert caught.value.message == f"{path} is a zip file that is cut off or damaged"
        assert caught.value.hint == "copy or download it again"


@given(st.integers(0, 400), st.integers(0, 255))
@in_one_folder
def test_a_damaged_zip_is_listed_or_unreadable(tmp_path: Path, place: int, byte: int) -> None:
    damaged = bytearray(zipped())
    damaged[min(place, len(damaged) - 1)] = byte
    path = tmp_path / "model.pt"
    path.write_bytes(damaged)
    look_at_everything(Source.of(path))


class Bomb:
    """Unpickled, it would leave a mark."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("import sys; sys.modules['a_mark'] = None",))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("squeeze", [bytes, gzip.compress, bz2.compress, lzma.compress, zlib.compress], ids=["plain", "gzip", "bz2", "xz", "zlib"])
def test_a_pickle_names_its_classes_unexecuted(tmp_path: Path, protocol: int, squeeze: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(squeeze(pickle.dumps([Fraction(1, 3), date(2020, 1, 1), Fraction(2, 3), Bomb()], protocol)))
    found = Source.of(path).pickle_types
    assert [name for name in found if name != "copy_reg._reconstructor"][:2] == ["fractions.Fraction", "datetime.date"]
    assert found[-1] in {"builtins.exec", "__builtin__.exec"}
    assert "a_mark" not in sys.modules


def test_files_folders_references_and_objects(tmp_path: Path) -> None:
    (tmp_path / "Model.PT").write_bytes(b"abc")
    (tmp_path / "saved.d").mkdir()
    (tmp_path / "saved.d" / "b").touch()
    (tmp_path / "saved.d" / "a").touch()
    file, folder = Source.of(tmp_path / "Model.PT"), Source.of(str(tmp_path / "saved.d"))
    assert (file.name, file.suffix, file.head, file.folder_names, file.class_names) == ("Model.PT", ".pt", b"abc", (), ())
    assert (folder.name, folder.suffix, folder.head, folder.folder_names, folder.pickle_types) == ("saved.d", "", b"", ("a", "b"), ())
    reference = Source.of("package.module:Class.build")
    assert (reference.reference, reference.name, reference.path, reference.suffix) == ("package.module:Class.build",) * 2 + (None, "")
    live = Source.of(Fraction(1, 2))
    assert (live.name, live.class_names[0], live.class_names[-1]) == ("Fraction", "fractions.Fraction", "builtins.object")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "model.pt").touch()
    with pytest.raises(UnreadableSource) as caught:
        Source.of(tmp_path / "model.pt")
    assert caught.value.message == f"{tmp_path / 'model.pt'} is empty"
    assert caught.value.hint == "the file was not written to its end, or is the wrong one"


@given(st.text(max_size=400))
@example("a" * 300)
@example("\0")
@example("")
def test_any_text_is_a_source_or_not_found(text: str) -> None:
    with contextlib.suppress(SourceNotFound, UnreadableSource):
        Source.of(text)


def test_a_missing_file() -> None:
    with pytest.raises(SourceNotFound) as caught:
        Source.of("models/none.pt")
    assert caught.value.message == "models/none.pt does not exist"
    assert caught.value.hint == "check the path; a Python object is named package.module:attribute"


def test_attributes_are_imported() -> None:
    assert import_attribute("fractions:Fraction") is Fraction
    assert import_attribute("fractions:Fraction.limit_denominator") is Fraction.limit_denominator


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("no_such_module_here:x", "no_such_module_here:x: there is no module 'no_such_module_here'"),
        ("json.no_such_part:x", "json.no_such_part:x: there is no module 'json.no_such_part'"),
        ("fractions:None_such", "fractions:None_such: module 'fractions' has no 'None_such'"),
    ],
)
def test_attributes_that_are_not_there(reference: str, message: str) -> None:
    with pytest.raises(SourceNotFound) as caught:
        import_attribute(reference)
    assert caught.value.message == message


def test_a_module_that_misses_another_is_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needs_more_than_there_is.py").write_text("import no_such_module_at_all")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        import_attribute("needs_more_than_there_is:x")
