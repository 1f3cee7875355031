"""One session shared by many threads: every result right, none disturbed by another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from converter.runtime import Session

TEXT = """g (float[n, m] x, float s) => (float[n, m] y, int64[2, k] where, float[n, m] x)
<float one = {1.0}> { a = Mul(x, s) y = Add(a, one) b = Relu(x) where = NonZero(b) }"""
THREADS, CALLS = 8, 150


def work(call: Callable[..., Any], seed: int, faults: list[str]) -> None:
    rng = np.random.default_rng(seed)
    kept = []
    try:
        for _ in range(CALLS):
            n, m = rng.integers(1, 9, 2)
            x, s = rng.normal(size=(n, m)).astype(np.float32), np.float32(rng.normal())
            kept.append((call(x, s), x, s))
            if len(kept) > 5:
                kept.pop(0)
            for out, earlier, factor in kept:
                np.testing.assert_array_equal(out["x"], earlier)
                np.testing.assert_array_equal(out.y, earlier * factor + np.float32(1))
                np.testing.assert_array_equal(out.where, np.array(np.nonzero(earlier > 0)))
    except BaseException as error:
        faults.append(repr(error))
        raise


@pytest.mark.parametrize("road", ["cpu", "as_cuda"])
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_shared_session(road: str, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue(road)(TEXT, **({"pool_bytes": 20_000} if road == "as_cuda" else {}))
    faults: list[str] = []
    threads = [threading.Thread(target=work, args=(session, seed, faults)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_bound_for_each_thread(cpu: Callable[..., Session]) -> None:
    session = cpu(TEXT)
    faults: list[str] = []

    def loop(seed: int) -> None:
        rng = np.random.default_rng(seed)
        x, s = np.ones((4, 3), np.float32), np.ones((), np.float32)
        bound = session.bind(x, s)
        for _ in range(CALLS):
            x[:] = rng.normal(size=x.shape)
            out = bound.run()
            if not np.array_equal(out.y, x + np.float32(1)) or not np.array_equal(out.where, np.array(np.nonzero(x > 0))):
                faults.append(f"thread {seed}")

    threads = [threading.Thread(target=loop, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
