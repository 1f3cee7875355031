"""Array libraries that others wrote: their arrays go in, and the results come back as theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from converter.runtime import Session

KINDS = {"float": np.float32, "float16": np.float16, "int32": np.int32, "uint8": np.uint8, "bool": np.bool_, "bfloat16": ml_dtypes.bfloat16}
VALUES = [[0, 1, 0], [1, 1, 0]]
SMALL, LARGE = (2, 3), (300, 200)


@pytest.fixture(params=["jax", "tensorflow", "torch"])
def library(request: pytest.FixtureRequest) -> tuple[Callable[[np.ndarray], Any], type]:
    """How an array of the library is made of NumPy's, and the class that its arrays have."""
    module = pytest.importorskip(request.param)
    if request.param == "jax":
        return module.numpy.asarray, module.Array
    if request.param == "tensorflow":
        return module.convert_to_tensor, module.Tensor
    return lambda array: module.from_numpy(array.astype(np.float32)).to(getattr(module, str(array.dtype))), module.Tensor


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [SMALL, LARGE, (0, 3)])
def test_arrays_of_a_library_come_back_as_its_own(
    cpu: Callable[..., Session], library: tuple[Callable[[np.ndarray], Any], type], kind: str, shape: tuple[int, int]
) -> None:
    make, expected = library
    session = cpu(f"g ({kind}[n, m] x) => ({kind}[n, m] y) {{ y = Identity(x) }}")
    values = np.resize(VALUES, shape).astype(KINDS[kind])
    kept = []
    for _ in range(3):
        x = make(values)
        out = session(x).y
        assert isinstance(out, expected)
        assert out.dtype == x.dtype
        kept.append(out)
    for out in kept:
        np.testing.assert_array_equal(np.asarray(out if kind != "bfloat16" or not hasattr(out, "float") else out.float()), values)


def test_what_jax_would_narrow_stays_numpy(cpu: Callable[..., Session]) -> None:
    jax = pytest.importorskip("jax")
    session = cpu("g (float[n] x) => (int64[n] big, float[n] y) <int64 k = {1099511627776}> { i = Cast <to = 7> (x) big = Mul(i, k) y = Neg(x) }")
    for _ in range(3):
        out = session(jax.numpy.ones(2))
        assert isinstance(out.y, jax.Array)
        assert isinstance(out.big, np.ndarray)
        assert out.big.tolist() == [1 << 40, 1 << 40]


def test_variables_of_tensorflow(cpu: Callable[..., Session]) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    session = cpu("g (float[n] x) => (float[n] y) { y = Neg(x) }")
    variable = tensorflow.Variable([1.0, 2.0])
    assert session(variable).y.numpy().tolist() == [-1, -2]
    variable.assign([3.0, 4.0])
    assert session(variable).y.numpy().tolist() == [-3, -4]


def test_tables_and_images(cpu: Callable[..., Session]) -> None:
    pandas, image = pytest.importorskip("pandas"), pytest.importorskip("PIL.Image")
    negate = cpu("g (double[n, m] x) => (double[n, m] y) { y = Neg(x) }")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    for _ in range(2):
        assert negate(frame).y.tolist() == [[-1, -3], [-2, -4]]
    column = cpu("g (double[n] x) => (double[n] y) { y = Neg(x) }")
    assert column(frame["b"]).y.tolist() == [-3, -4]
    picture = cpu("g (uint8[h, w, 3] x) => (uint8[h, w, 3] y) { y = Identity(x) }")
    assert picture(image.new("RGB", (2, 1), (1, 2, 3))).y.tolist() == [[[1, 2, 3], [1, 2, 3]]]
