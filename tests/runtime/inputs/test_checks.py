"""Every wrong feed is an error that names the input, what it wants, and the way on; on the plain road and on that of CUDA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from converter.errors import InputError
from converter.runtime import Session

TEXT = "g (float[batch, 3] image, int64[batch] label, float scale) => (float[batch, 3] y) { a = Mul(image, scale) y = Add(a, a) }"
IMAGE, LABEL, SCALE = np.ones((2, 3), np.float32), np.zeros(2, np.int64), np.float32(2)
GOOD: dict[str, Any] = {"image": IMAGE, "label": LABEL, "scale": SCALE}
TAKES = "the graph takes image float32 [batch, 3], label int64 [batch], scale float32 []"


def changed(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in {**GOOD, **values}.items() if value is not ...}


WRONG = {
    "missing": (changed(label=...), "input 'label' is missing", TAKES),
    "unknown": (changed(extra=IMAGE), "there is no input 'extra'", TAKES),
    "misspelt": (changed(image=..., imag=IMAGE), "there is no input 'imag'; input 'image' is missing", f"perhaps 'image' was meant; {TAKES}"),
    "wider float": (changed(image=IMAGE.astype(np.float64)), "input 'image' wants float32, got float64", "array.astype('float32')"),
    "integers for floats": (changed(image=IMAGE.astype(np.uint8)), "input 'image' wants float32, got uint8", "array.astype('float32')"),
    "floats for integers": (changed(label=LABEL.astype(np.float32)), "input 'label' wants int64, got float32", "array.astype('int64')"),
    "unsigned for signed": (changed(label=LABEL.astype(np.uint32)), "input 'label' wants int64, got uint32", "array.astype('int64')"),
    "bfloat16 for float32": (changed(image=IMAGE.astype(ml_dtypes.bfloat16)), "input 'image' wants float32, got bfloat16", "array.astype('float32')"),
    "objects for numbers": (changed(label=LABEL.astype(object)), "input 'label' wants int64, got object", "array.astype('int64')"),
    "dates for integers": (changed(label=LABEL.astype("M8[s]")), "input 'label' wants int64, got datetime64[s]", "array.astype('int64')"),
    "rank too low": (changed(image=IMAGE[0]), "input 'image' wants 2 dimensions [batch, 3], got 1: [3]", "array[None]"),
    "rank too high": (changed(image=IMAGE[None]), "input 'image' wants 2 dimensions [batch, 3], got 3: [1, 2, 3]", "array.reshape"),
    "matrix for a scalar": (changed(scale=IMAGE), "input 'scale' wants a scalar, which has the shape [], got 2: [2, 3]", "array.reshape"),
    "fixed dim": (
        changed(image=IMAGE[:, :2]),
        "input 'image' wants [batch, 3], got [2, 2]: dimension 1 must be 3",
        "an axis that shall vary must be free",
    ),
    "one axis, two sizes": (changed(label=LABEL[:1]), "axis 'batch' is 2 in input 'image' and 1 in input 'label'", "share an axis name"),
    "masked": (changed(image=np.ma.masked_array(IMAGE, IMAGE > 0)), "input 'image' is a masked array", "array.filled"),
    "None": (changed(image=None), "input 'image' wants float32, which cannot hold None exactly", "np.array(…, dtype='float32')"),
    "ragged list": (changed(image=[[1.0], [2.0, 3.0]]), "input 'image': [[1.0], [2.0, 3.0]] is no array", "np.array(…, dtype='float32')"),
    "a list that loses digits": (changed(scale=0.1), "input 'scale' wants float32, which cannot hold 0.1 exactly", "np.array(…, dtype='float32')"),
    "a list that loses fractions": (changed(label=[0.5, 1.5]), "input 'label' wants int64, which cannot hold [0.5, 1.5] exactly", "dtype='int64'"),
    "a list that overflows": (changed(label=[2**70, 0]), "input 'label' wants int64, which cannot hold", "dtype='int64'"),
    "bools for integers": (changed(label=[True, False]), "input 'label' wants int64, which cannot hold [True, False] exactly", "dtype='int64'"),
    "text for numbers": (changed(label=["a", "b"]), "input 'label' wants int64, which cannot hold ['a', 'b'] exactly", "dtype='int64'"),
}


@pytest.mark.parametrize("road", ["cpu", "as_cuda"])
@pytest.mark.parametrize("case", WRONG)
def test_wrong_feeds(road: str, case: str, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue(road)(TEXT)
    feeds, message, hint = WRONG[case]
    assert session(**GOOD).y.tolist() == [[4, 4, 4], [4, 4, 4]]
    for _ in range(2):  # a refused signature must not be taken for a proven one
        with pytest.raises(InputError) as caught:
            session(**feeds)
        assert message in caught.value.message
        assert hint in caught.value.hint
    assert session(**GOOD).y.tolist() == [[4, 4, 4], [4, 4, 4]]


def test_too_many_and_twice(cpu: Callable[..., Session]) -> None:
    session = cpu(TEXT)
    with pytest.raises(InputError, match="4 inputs were given") as many:
        session(IMAGE, LABEL, SCALE, SCALE)
    assert many.value.hint == TAKES
    with pytest.raises(InputError, match="input 'image' was given twice") as twice:
        session(IMAGE, image=IMAGE)
    assert "by position or by name" in twice.value.hint


@pytest.mark.parametrize("road", ["cpu", "as_cuda"])
def test_right_feeds_in_every_form(road: str, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue(road)(TEXT)
    wide = np.zeros((4, 6), np.float32)
    wide[::-2, ::2] = [[1, 2, 3], [4, 5, 6]]
    unaligned = np.zeros(25, np.uint8)[1:].view(np.float32).reshape(2, 3)
    unaligned[:] = [[1, 2, 3], [4, 5, 6]]
    frozen = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    frozen.flags.writeable = False
    forms = {
        "plain": np.array([[1, 2, 3], [4, 5, 6]], np.float32),
        "negative stride": wide[::-2, ::2],
        "transposed": np.array([[1, 4], [2, 5], [3, 6]], np.float32).T,
        "big-endian": np.array([[1, 2, 3], [4, 5, 6]], ">f4"),
        "unaligned": unaligned,
        "read-only": frozen,
        "float16": np.array([[1, 2, 3], [4, 5, 6]], np.float16),
        "list": [[1, 2, 3], [4.0, 5, 6]],
        "packed record": np.array([[(1,), (2,), (3,)], [(4,), (5,), (6,)]], np.dtype({"names": ["a"], "formats": ["<f4"], "itemsize": 5}))["a"],
        "matrix": np.asmatrix(np.array([[1, 2, 3], [4, 5, 6]], np.float32)),
    }
    for name, form in forms.items():
        for label in (LABEL, LABEL.astype(np.int8), LABEL.astype(">i8"), [0, 0], (0, 0)):
            for scale in (SCALE, np.array(2, np.float32), np.array(2, np.float16), 2, 2.0):
                out = session(image=form, label=label, scale=scale).y
                assert out.tolist() == [[4, 8, 12], [16, 20, 24]], name


@pytest.mark.parametrize("road", ["cpu", "as_cuda"])
def test_empty_arrays_and_nan(road: str, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue(road)(TEXT)
    for _ in range(3):
        out = session(image=IMAGE[:0], label=LABEL[:0], scale=SCALE)
        assert out.y.shape == (0, 3)
        assert out.y.dtype == np.float32
    assert np.isnan(session(image=IMAGE, label=LABEL, scale=float("nan")).y).all()
    assert session(image=[[np.inf] * 3], label=[0], scale=1).y.tolist() == [[np.inf] * 3]


def test_an_unknown_rank_takes_what_onnx_runtime_takes(cpu: Callable[..., Session]) -> None:
    session = cpu("g (float[] x) => (float[] y) { y = Neg(x) }")
    assert not session.inputs[0].is_shaped
    assert session(1.0).y == -1
    assert session([[1.0, 2.0]]).y.tolist() == [[-1, -2]]


STRINGS = "g (string[n] word) => (string[n] y) { y = Identity(word) }"


@pytest.mark.parametrize("road", ["cpu", "as_cuda"])
def test_strings(road: str, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue(road)(STRINGS)
    words = ["naïve", "", "日本", "trailing\0"]
    for form in (words, tuple(words), np.array(words, object), np.array(words, object)[::-1][::-1]):
        assert session(word=form).y.tolist() == words
    assert session(np.array(["ab", "c"])).y.tolist() == ["ab", "c"]
    assert session(np.array([], object)).y.shape == (0,)
    assert session.inputs[0].dtype_name == "string"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["a", None], "input 'word' wants strings, got None among them", "the text that the model takes for missing"),
        (["a", 1], "input 'word' wants strings, got 1 among them", "str(item)"),
        ([b"a"], "input 'word' wants strings, got b'a' among them", "str(item)"),
        (np.array([b"a"]), "input 'word' wants strings, got |S1", "np.char.decode"),
        (np.array([1]), "input 'word' wants strings, got int64", "an object array of str"),
        (["\ud800"], "a string is not Unicode text", "replaces the fault"),
        ("a", "input 'word' wants 1 dimensions [n], got 0: []", "array[None]"),
    ],
)
def test_what_is_no_string(cpu: Callable[..., Session], words: Any, message: str, hint: str) -> None:
    session = cpu(STRINGS)
    assert session(["fine", "too"]).y.tolist() == ["fine", "too"]
    with pytest.raises(InputError) as caught:
        session(np.array(words, object) if isinstance(words, list) else words)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_later_array_of_a_proven_signature_is_looked_through_again(cpu: Callable[..., Session]) -> None:
    session = cpu(STRINGS)
    assert session(np.array(["a", "b"], object)).y.tolist() == ["a", "b"]
    with pytest.raises(InputError, match="got None among them"):
        session(np.array(["a", None], object))
