"""Bound loops: the same buffers on every run."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from converter.errors import GraphError, InputError
from converter.runtime import Session

DOUBLE = "g (float[n, 2] x, float[n, 2] y) => (float[n, 2] total, float[n, 2] x) { total = Add(x, y) }"


def test_new_values_in_the_buffers_give_new_outputs_in_the_same_memory(cpu: Callable[..., Session]) -> None:
    x, y = np.ones((3, 2), np.float32), np.ones((3, 2), np.float32)
    bound = cpu(DOUBLE).bind(x=x, y=y)
    total = bound.outputs.total
    assert total.tolist() == [[2, 2]] * 3
    for value in range(5):
        x[:] = value
        out = bound.run()
        assert out is bound.outputs
        assert out.total is total
        assert total.tolist() == [[value + 1] * 2] * 3
        assert out.x.tolist() == x.tolist()


def test_a_bound_keeps_session_and_buffers_alive(graph: Callable[[str], bytes]) -> None:
    bound = Session(graph(DOUBLE), device="cpu").bind(np.full((500, 2), 3, np.float32), np.full((500, 2), 4, np.float32))
    gc.collect()
    rubbish = [np.full((500, 2), 9, np.float32) for _ in range(50)]
    assert (bound.run().total == 7).all()
    outputs = bound.outputs
    del bound
    gc.collect()
    assert (outputs.total == 7).all()
    assert len(rubbish) == 50


def test_torch_buffers(cpu: Callable[..., Session]) -> None:
    torch = pytest.importorskip("torch")
    x, y = torch.ones(3, 2), torch.ones(3, 2)
    bound = cpu(DOUBLE).bind({"x": x, "y": y})
    x.fill_(5)
    total = bound.outputs.total
    assert isinstance(total, torch.Tensor)
    assert bound.run().total.tolist() == [[6, 6]] * 3
    assert bound.outputs.total.data_ptr() == total.data_ptr()


def test_an_output_whose_shape_depends_on_the_data(cpu: Callable[..., Session]) -> None:
    x = np.array([1, 0, 2, 0], np.float32)
    bound = cpu("g (float[n] x) => (int64[1, m] where, float[n] y) { where = NonZero(x) y = Neg(x) }").bind(x)
    for values in ([1, 0, 2, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 3, 0, 0], [1, 1, 1, 1]):
        x[:] = values
        out = bound.run()
        assert out.where.tolist() == [np.flatnonzero(values).tolist()]
        assert out.y.tolist() == [-value for value in values]


def test_a_failed_run_does_not_spoil_the_next(cpu: Callable[..., Session]) -> None:
    at = np.array([0, 1])
    bound = cpu("g (int64[n] at) => (float[n] y) <float[2] table = {5.0, 6.0}> { y = Gather(table, at) }").bind(at)
    for _ in range(2):
        at[:] = [0, 9]
        with pytest.raises(GraphError, match="idx=9"):
            bound.run()
        at[:] = [1, 0]
        assert bound.run().y.tolist() == [6, 5]
        assert bound.outputs.y.tolist() == [6, 5]


@pytest.mark.parametrize(
    ("buffer", "message", "hint"),
    [
        ([[1.0, 2.0]], "input 'x' is no buffer but list", "bind an array"),
        (np.ones((2, 4), np.float32)[:, ::2], "input 'x' is not contiguous and aligned", "np.ascontiguousarray"),
        (np.zeros(33, np.uint8)[1:].view(np.float32).reshape(4, 2), "input 'x' is not contiguous and aligned", "np.ascontiguousarray"),
        (np.ones((2, 2), np.float16), "input 'x' wants float32, got float16", "array.astype('float32')"),
        (np.ones((2, 2), ">f4"), "input 'x' wants float32, got float32 in foreign byte order", "array.astype('float32')"),
        (np.ones((2, 3), np.float32), "dimension 1 must be 2", "with that axis free"),
    ],
)
def test_buffers_that_cannot_be_read_where_they_lie(cpu: Callable[..., Session], buffer: Any, message: str, hint: str) -> None:
    session = cpu("g (float[n, 2] x) => (float[n, 2] y) { y = Neg(x) }")
    with pytest.raises(InputError) as caught:
        session.bind(buffer)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_binding_checks_names_axes_and_kinds(cpu: Callable[..., Session]) -> None:
    session = cpu(DOUBLE)
    with pytest.raises(InputError, match="input 'y' is missing"):
        session.bind(x=np.ones((1, 2), np.float32))
    with pytest.raises(InputError, match="axis 'n' is 1 in input 'x' and 2 in input 'y'"):
        session.bind(np.ones((1, 2), np.float32), np.ones((2, 2), np.float32))
    with pytest.raises(InputError, match="which cannot be bound"):
        cpu("g (string[n] x) => (string[n] y) { y = Identity(x) }").bind(np.array(["a"], object))


def test_host_arrays_cannot_be_bound_on_a_device(as_cuda: Callable[..., Session]) -> None:
    with pytest.raises(InputError, match="input 'x' lies in main memory, and the session runs on cuda:0") as caught:
        as_cuda("g (float[n] x) => (float[n] y) { y = Neg(x) }").bind(np.ones(2, np.float32))
    assert caught.value.hint == "bind an array on cuda:0, or call the session"
