"""The road of main memory: the second call of a signature takes another way than the first, and must not differ."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.errors import GraphError, InputError
from converter.runtime import Session
from converter.runtime.plain.plans import Plans, signature_of
from converter.runtime.plain.staged import SMALL

NEGATE = "g (float[n, m] x) => (float[n, m] y) { y = Neg(x) }"
TWO = "g (float[n, m] x, int64[n] k) => (float[n, m] y, int64[n] l, float s) { y = Neg(x) l = Add(k, k) s = ReduceSum <keepdims = 0> (x) }"
FINDS = "g (float[n] x) => (int64[1, m] where, float[n] y) { where = NonZero(x) y = Neg(x) }"

LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "plain": np.ascontiguousarray,
    "in Fortran's order": np.asfortranarray,
    "backwards": lambda array: np.ascontiguousarray(array[::-1])[::-1],
    "every second": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "unaligned": lambda array: np.frombuffer(b"\0" + array.tobytes(), np.uint8, offset=1).view(array.dtype).reshape(array.shape),
    "big-endian": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "read-only": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
    "broadcast": lambda array: np.broadcast_to(array[:1], array.shape),
}


def never(feeds: object) -> Any:
    """A road that may not be taken."""
    raise AssertionError(f"checked again: {feeds}")


@pytest.fixture(scope="module")
def two(graph: Callable[[str], bytes]) -> Session:
    return Session(graph(TWO), device="cpu", threads=1)


@given(
    rows=st.integers(0, 40),
    columns=st.sampled_from([0, 1, 3, 100, 120]),  # on both sides of what is small
    layouts=st.lists(st.sampled_from(list(LAYOUTS)), min_size=1, max_size=5),
    seed=st.integers(0, 999),
)
@settings(max_examples=150, deadline=None)
def test_any_layout_in_any_order(two: Session, rows: int, columns: int, layouts: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    for layout in layouts:
        x = LAYOUTS[layout](rng.normal(size=(rows, columns)).astype(np.float32))
        k = LAYOUTS[layout](rng.integers(-9, 9, rows))
        out = two(x, k)
        np.testing.assert_array_equal(out.y, -x)
        np.testing.assert_array_equal(out.l, 2 * k)
        np.testing.assert_allclose(out.s, x.sum(), rtol=1e-3, atol=1e-3)
        assert (out.y.dtype, out.l.dtype, out.s.shape) == (np.float32, np.int64, ())


@pytest.mark.parametrize("columns", [3, SMALL // 4 + 1])
def test_a_known_signature_is_not_checked_again(cpu: Callable[..., Session], columns: int) -> None:
    session = cpu(TWO)
    x, k = np.ones((1, columns), np.float32), np.ones(1, np.int64)
    kept = [session(x, k) for _ in range(2)]
    session._call = never
    x += 1
    kept += [session(x, k), session({"x": x, "k": k}), session(x=x, k=k)]
    assert [result.y[0, 0] for result in kept] == [-1, -1, -2, -2, -2]
    with pytest.raises(AssertionError, match="checked again"):
        session(x.astype(np.float64), k)


def test_signatures(cpu: Callable[..., Session]) -> None:
    """`Session.__call__` has the lines of `signature_of` in place of a call."""
    session = cpu(NEGATE)
    x = np.ones((2, 3), np.float32)
    session(x)
    assert list(session._plans) == [signature_of({"x": x})] == [("x", np.ndarray, np.dtype("float32"), (2, 3))]
    other = cpu(TWO)
    other(x, np.ones(2, np.int64))
    assert list(other._plans) == [signature_of({"x": x, "k": np.ones(2, np.int64)})]


def test_every_form_of_one_input(cpu: Callable[..., Session]) -> None:
    session = cpu(NEGATE)
    x = np.ones((1, 2), np.float32)
    for _ in range(3):
        for result in (session(x), session(x=x), session({"x": x}), session([[1.0, 1.0]]), session(x[0][None]), session(np.float16(x))):
            assert result.y.tolist() == [[-1, -1]]
    assert cpu("g (float x) => (float y) { y = Neg(x) }")(np.float32(2)).y == -2


def test_outputs_whose_shapes_depend_on_the_data(cpu: Callable[..., Session]) -> None:
    session = cpu(FINDS)
    kept = []
    for values in ([1, 0, 2, 0], [1, 0, 2, 0], [1, 0, 2, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 3, 0, 0]):
        x = np.array(values, np.float32)
        kept.append((session(x), x))
        for out, fed in kept:
            assert out.where.tolist() == [np.flatnonzero(fed).tolist()]
            assert out.y.tolist() == (-fed).tolist()


def test_a_failure_leaves_the_signature_usable(cpu: Callable[..., Session]) -> None:
    session = cpu("g (float[n] x, int64[m] at) => (float[m] y) { y = Gather(x, at) }")
    x = np.arange(3, dtype=np.float32)
    for _ in range(3):
        for at in (0, 2):
            assert session(x, np.array([at])).y.tolist() == [at]
        with pytest.raises(GraphError, match="out of data bounds"):
            session(x, np.array([7]))


def test_a_tensor_that_torch_refuses_is_named(cpu: Callable[..., Session]) -> None:
    torch = pytest.importorskip("torch")
    session = cpu(NEGATE)
    for _ in range(3):
        assert session(torch.ones(1, 2)).y.tolist() == [[-1, -1]]
    with pytest.raises(InputError, match="requires grad"):
        session(torch.ones(1, 2, requires_grad=True))
    with pytest.raises(InputError, match="resolve_neg"):
        session(torch.ones(1, 2, dtype=torch.complex64).conj().imag)
    result = session(torch.ones(1, 2)).y
    assert torch.equal(result, -torch.ones(1, 2))


def test_masked_arrays_are_refused_at_every_call(cpu: Callable[..., Session]) -> None:
    session = cpu(NEGATE)
    for _ in range(2):
        assert session(np.ones((1, 2), np.float32)).y.tolist() == [[-1, -1]]
        with pytest.raises(InputError, match="masked"):
            session(np.ma.masked_array(np.ones((1, 2), np.float32)))


def test_plans_are_bounded(cpu: Callable[..., Session], rng: np.random.Generator) -> None:
    session = cpu(NEGATE, pool_bytes=300_000)
    plans: Plans = session._call.__self__.plans  # type: ignore[attr-defined]
    for _ in range(600):
        x = rng.normal(size=rng.integers(0, 30, 2)).astype(np.float32)
        np.testing.assert_array_equal(session(x).y, -x)
        np.testing.assert_array_equal(session(x).y, -x)
        assert plans.nbytes <= 300_000
    assert 20 < len(plans.known) < 150
    assert plans.nbytes == sum(plans._sizes.values())


def test_a_pool_of_no_bytes(cpu: Callable[..., Session]) -> None:
    session = cpu(NEGATE, pool_bytes=0)
    for value in range(4):
        assert session(np.full((1, 1), value, np.float32)).y.item() == -value


def test_threads_have_slots_of_their_own(cpu: Callable[..., Session]) -> None:
    session, faults = cpu(TWO, pool_bytes=100_000), []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(400):
            n, m = rng.integers(1, 6, 2)
            x, k = rng.normal(size=(n, m)).astype(np.float32), rng.integers(0, 9, n)
            out = session(x, k)
            if not (np.array_equal(out.y, -x) and np.array_equal(out.l, 2 * k)):
                faults.append((seed, x, out))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_results_outlive_the_session(cpu: Callable[..., Session]) -> None:
    session = cpu(NEGATE)
    results = [session(np.full((2, 2), value, np.float32)) for value in range(4)]
    del session
    gc.collect()
    assert [result.y[0, 0] for result in results] == [0, -1, -2, -3]
