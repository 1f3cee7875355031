"""Hashes of 64 bits in int64 arithmetic, which wraps.

Sources: farmhash.cc, namespace farmhashna (FarmHash's Fingerprint64); Aumasson and Bernstein 2012, "SipHash: a fast short-input PRF";
tensorflow/core/platform/fingerprint.h (FingerprintCat64).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.texts.digits import Bytes

_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_CAT = 0xC6A4A7935BD1E995
_START = 0xDECAFCAFFE  # tf.sparse.cross_hashed's key
_SIP = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


def bucket(hashed: Value, buckets: int) -> Value:
    """Return the rest of an unsigned division, int64."""
    return (hashed.cast("uint64").node("Mod", np.uint64(buckets))).cast("int64")


def _number(bits: int) -> int:
    """64 bits as the int64 that holds them."""
    return int(np.array(bits & (2**64 - 1), np.uint64).astype(np.int64))


def _xor(a: Value, b: Value | int) -> Value:
    return a.node("BitwiseXor", b)


def _shifted(a: Value, count: int, direction: str) -> Value:
    return a.cast("uint64").node("BitShift", np.uint64(count), direction=direction).cast("int64")


def _rotated_right(a: Value, count: int) -> Value:
    return _shifted(a, count, "RIGHT") + _shifted(a, 64 - count, "LEFT")


def _mixed(a: Value) -> Value:
    return _xor(a, _shifted(a, 47, "RIGHT"))


def _len16(u: Value, v: Value, factor: Value) -> Value:
    a = _mixed(_xor(u, v) * factor)
    return _mixed(_xor(v, a) * factor) * factor


def farm(text: Bytes) -> Value:
    """Return FarmHash's Fingerprint64 of texts of 1 to 20 bytes, int64 [n]."""
    size = text.lengths
    factor = size * 2 + _number(_K2)
    found = _of_1_to_3(text)
    found = (size >= 4).where(_of_4_to_7(text, factor), found)
    found = (size >= 8).where(_of_8_to_16(text, factor), found)
    return (size > 16).where(_of_17_to_32(text, factor), found)


def _of_1_to_3(text: Bytes) -> Value:
    size = text.lengths
    first, middle, last = (text.fetched(place, 1) for place in (0, size / 2, size - 1))
    y, z = first + middle * 256, size + last * 4
    return _mixed(_xor(y * _number(_K2), z * _number(_K0))) * _number(_K2)


def _of_4_to_7(text: Bytes, factor: Value) -> Value:
    size = text.lengths
    return _len16(size + text.fetched(0, 4) * 8, text.fetched(size - 4, 4), factor)


def _of_8_to_16(text: Bytes, factor: Value) -> Value:
    a, b = text.fetched(0, 8) + _number(_K2), text.fetched(text.lengths - 8, 8)
    return _len16(_rotated_right(b, 37) * factor + a, (_rotated_right(a, 25) + b) * factor, factor)


def _of_17_to_32(text: Bytes, factor: Value) -> Value:
    size = text.lengths
    a, b = text.fetched(0, 8) * _number(_K1), text.fetched(8, 8)
    c, d = text.fetched(size - 8, 8) * factor, text.fetched(size - 16, 8) * _number(_K2)
    return _len16(_rotated_right(a + b, 43) + _rotated_right(c, 30) + d, a + _rotated_right(b + _number(_K2), 18) + c, factor)


def sip(text: Bytes, key: Sequence[int]) -> Value:
    """Return SipHash-2-4 of texts of up to 20 bytes with a key of two numbers, int64 [n]."""
    words = [text.fetched(place, 8) for place in (0, 8, 16)]
    last = text.lengths / 8
    keyed = [int(each) & (2**64 - 1) for each in key]
    state = [words[0] * 0 + _number(constant ^ keyed[place % 2]) for place, constant in enumerate(_SIP)]
    for place, word in enumerate(words):
        ends = last == place
        ended = word + _shifted(text.lengths, 56, "LEFT")
        block = ends.where(ended, word)
        after = _compressed(state, block)
        state = [(last >= place).where(new, old) for new, old in zip(after, state, strict=True)]
    state[2] = _xor(state[2], _number(0xFF))
    for _ in range(4):
        state = _round(state)
    return _xor(_xor(state[0], state[1]), _xor(state[2], state[3]))


def _compressed(state: Sequence[Value], block: Value) -> list[Value]:
    found = [*state[:3], _xor(state[3], block)]
    for _ in range(2):
        found = _round(found)
    return [_xor(found[0], block), *found[1:]]


def _round(state: Sequence[Value]) -> list[Value]:
    a, b, c, d = state
    a, c = a + b, c + d
    b, d = _xor(_rotated_right(b, 64 - 13), a), _xor(_rotated_right(d, 64 - 16), c)
    a = _rotated_right(a, 32)
    c, a = c + b, a + d
    b, d = _xor(_rotated_right(b, 64 - 17), c), _xor(_rotated_right(d, 64 - 21), a)
    return [a, b, _rotated_right(c, 32), d]


def crossed(columns: Sequence[Value]) -> Value:
    """Return what TensorFlow's cross_hashed makes of columns of whole numbers, int64 [n]: their fingerprints, one into the next."""
    found = columns[0] * 0 + _number(_START)
    for column in columns:
        once = _xor(_xor(found, _number(_CAT)), _mixed(column * _number(_CAT)) * _number(_CAT)) * _number(_CAT)
        found = _mixed(_mixed(once) * _number(_CAT))
    return found
