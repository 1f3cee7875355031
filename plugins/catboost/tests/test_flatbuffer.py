"""FlatBuffers tables: known fields, fields that were not written, and every read within the message."""

from __future__ import annotations

import struct

import pytest

from converter_catboost.flatbuffer import Table

# The root at byte 4: its field table at byte 16 has the fields 0 (absent) and 1 (4 bytes into the table, an int32 of 7).
MESSAGE = struct.pack("<Ii4xi", 8, 0, 7)[:4] + struct.pack("<HHHH", 8, 8, 0, 4) + struct.pack("<ii", 8, 7)


def table() -> Table:
    return Table(MESSAGE, 12)


def test_a_field_is_read_and_one_that_was_not_written_has_its_default() -> None:
    assert table().number(1, "i", 3) == 7
    assert table().number(0, "i", 3) == 3
    assert table().number(9, "i", 3) == 3
    assert table().text(0) == ""
    assert table().tables(9) == []
    assert table().table(0) is None
    assert len(table().array(0, "<f8")) == 0


@pytest.mark.parametrize(
    ("message", "read"),
    [
        (b"", lambda: Table.root(b"")),
        (b"\xff\xff\xff\x7f", lambda: Table.root(b"\xff\xff\xff\x7f").number(0, "i", 0)),
        (MESSAGE, lambda: table().text(1)),
        (MESSAGE, lambda: table().tables(1)),
        (MESSAGE, lambda: Table(MESSAGE, 1 << 40).number(0, "i", 0)),
    ],
)
def test_an_offset_that_leaves_the_message_is_named(message: bytes, read: object) -> None:
    with pytest.raises(ValueError, match=f"an offset points to byte [0-9]+ of {len(message)}"):
        read()  # type: ignore[operator]


def test_a_vector_that_is_longer_than_the_message_is_named() -> None:
    endless = MESSAGE[:-4] + struct.pack("<II", 4, 1 << 30)
    assert len(endless) == len(MESSAGE) + 4
    with pytest.raises(ValueError, match="is longer than the message"):
        Table(endless, 12).tables(1)
    with pytest.raises(ValueError, match="buffer is smaller than requested"):
        Table(endless, 12).array(1, "<f8")
