"""The small protobuf reader: it reads what protobuf writes, and replaces messages without touching the bytes around them."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from converter import protobuf
from converter.protobuf import Field, Piece, Span

NODE = helper.make_node("Gemm", ["a", "ü", ""], ["y"], name="n", alpha=1.5, ints=[1, -2, 3 << 40], text="t")
DATA = NODE.SerializeToString()
INPUT, NAME, ATTRIBUTE = 1, 3, 5


def joined(pieces: list[Piece] | None) -> bytes:
    assert pieces is not None
    return b"".join(piece.read() for piece in pieces)


def test_it_reads_what_protobuf_writes() -> None:
    whole = protobuf.whole(DATA)
    inputs = [DATA[span.start : span.end].decode() for span in protobuf.messages(DATA, whole, INPUT)]
    assert inputs == ["a", "ü", ""]
    assert protobuf.text(DATA, whole, NAME) == "n"
    attributes = protobuf.messages(DATA, whole, ATTRIBUTE)
    assert [protobuf.text(DATA, span, 1) for span in attributes] == ["alpha", "ints", "text"]
    assert protobuf.numbers(DATA, attributes[1], 8) == [1, -2, 3 << 40]
    assert [field.value.size for field in protobuf.fields(DATA, attributes[0]) if field.number == 2] == [4]


def test_the_fields_cover_every_byte() -> None:
    found = list(protobuf.fields(DATA, protobuf.whole(DATA)))
    assert [field.start for field in found] == [0, *(field.value.end for field in found[:-1])]
    assert found[-1].value.end == len(DATA)


def test_a_file_is_read_as_its_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "node.pb"
    path.write_bytes(DATA)
    with protobuf.opened(path) as data:
        assert protobuf.text(data, protobuf.whole(data), NAME) == "n"


def test_what_is_cut_short_or_something_else_is_unreadable() -> None:
    for length in range(1, len(DATA)):
        start = {field.start for field in protobuf.fields(DATA, protobuf.whole(DATA))}
        if length not in start:
            with pytest.raises(protobuf.UNREADABLE):
                list(protobuf.fields(DATA[:length], Span(0, length)))
    with pytest.raises(ValueError, match="no protobuf: wire type 7"):
        list(protobuf.fields(b"\x0f", Span(0, 1)))


@pytest.mark.parametrize("length", [0, 1, 127, 128, 300, 1 << 15])
def test_a_written_field_is_read_by_protobuf(length: int) -> None:
    written = protobuf.encoded(NAME, b"x" * length)
    assert onnx.NodeProto.FromString(written).name == "x" * length
    assert onnx.AttributeProto.FromString(protobuf.encoded_number(3, length)).i == length


def test_replaced_texts_change_nothing_else() -> None:
    def change(field: Field) -> list[Piece] | None:
        return [protobuf.of_bytes(b"long" * 40), protobuf.of_bytes(b"!")] if field.number == INPUT and field.value.size == 1 else None

    found = onnx.NodeProto.FromString(joined(protobuf.replaced(DATA, protobuf.whole(DATA), change)))
    assert list(found.input) == ["long" * 40 + "!", "ü", ""]
    found.input[0] = "a"
    assert found == NODE


def test_nothing_to_replace_is_said() -> None:
    assert protobuf.replaced(DATA, protobuf.whole(DATA), lambda _: None) is None


@given(st.sets(st.sampled_from([INPUT, 2, NAME, 4, ATTRIBUTE]), min_size=1), st.binary(max_size=300))
def test_a_replacement_is_undone_by_its_opposite(chosen: set[int], other: bytes) -> None:
    originals: list[Piece] = []

    def take(field: Field) -> list[Piece] | None:
        if field.number not in chosen:
            return None
        originals.append(Piece(DATA, field.value))
        return [protobuf.of_bytes(other)]

    taken = joined(protobuf.replaced(DATA, protobuf.whole(DATA), take))
    left = iter(originals)
    back = protobuf.replaced(taken, protobuf.whole(taken), lambda field: [next(left)] if field.number in chosen else None)
    assert joined(back) == DATA
