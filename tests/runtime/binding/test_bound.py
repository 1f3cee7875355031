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
        (np.ones((2, 3), np.float32), "dimension 1 must be 2", "must be free in both"),
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


def test_outputs_are_written_into_the_callers_buffers(cpu: Callable[..., Session]) -> None:
    x, y, total = np.ones((3, 2), np.float32), np.ones((3, 2), np.float32), np.zeros((3, 2), np.float32)
    bound = cpu(DOUBLE).bind(x, y, outputs={"total": total})
    for value in range(3):
        x[:] = value
        out = bound.run()
        assert out.total is total
        assert total.tolist() == [[value + 1] * 2] * 3
        assert out.x.tolist() == x.tolist()


def test_outputs_in_torch_buffers(cpu: Callable[..., Session]) -> None:
    torch = pytest.importorskip("torch")
    x, total = torch.ones(3, 2), torch.zeros(3, 2)
    bound = cpu(DOUBLE).bind(x, torch.ones(3, 2), outputs={"total": total})
    x.fill_(4)
    assert bound.run().total is total
    assert total.tolist() == [[5, 5]] * 3
    with pytest.raises(InputError, match=r"output 'total': torch does not give its memory: .*grad"):
        cpu(DOUBLE).bind(x, torch.ones(3, 2), outputs={"total": torch.zeros(3, 2, requires_grad=True)})


def test_given_and_allocated_outputs_live_side_by_side(cpu: Callable[..., Session]) -> None:
    x, y = np.array([1, 0, 2, 0], np.float32), np.zeros(4, np.float32)
    bound = cpu("g (float[n] x) => (int64[1, m] where, float[n] y) { where = NonZero(x) y = Neg(x) }").bind(x, outputs={"y": y})
    for values in ([1, 0, 2, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 3, 0, 0]):
        x[:] = values
        out = bound.run()
        assert out.y is y
        assert y.tolist() == [-value for value in values]
        assert out.where.tolist() == [np.flatnonzero(values).tolist()]


def test_a_given_output_whose_shape_changes(cpu: Callable[..., Session]) -> None:
    x, where = np.array([1, 0, 2, 0], np.float32), np.zeros((1, 2), np.int64)
    bound = cpu("g (float[n] x) => (int64[1, m] where) { where = NonZero(x) }").bind(x, outputs={"where": where})
    x[:] = 1
    with pytest.raises(GraphError, match="fails on these inputs"):
        bound.run()
    x[:] = [0, 1, 0, 1]
    assert bound.run().where.tolist() == where.tolist() == [[1, 3]]


READ_ONLY = np.zeros((2, 2), np.float32)
READ_ONLY.flags.writeable = False
WHOLE = np.zeros(64, np.float32)


@pytest.mark.parametrize(
    ("buffer", "message", "hint"),
    [
        (READ_ONLY, "output 'y' cannot be written: the array is read-only", "np.empty(shape, dtype)"),
        (np.zeros((1, 2), np.float32), "output 'y' has the shape [2, 2] for these inputs, and its buffer [1, 2]", "np.empty((2, 2), 'float32')"),
        (np.zeros((4, 2), np.float32), "output 'y' has the shape [2, 2] for these inputs, and its buffer [4, 2]", "np.empty((2, 2), 'float32')"),
        (np.zeros(4, np.float32), "output 'y' has the shape [2, 2] for these inputs, and its buffer [4]", "np.empty((2, 2), 'float32')"),
        (np.zeros((2, 2)), "output 'y' is float32, and its buffer float64", "np.empty((2, 2), 'float32')"),
        (np.zeros((2, 2), ">f4"), "output 'y' is float32, and its buffer >f4", "np.empty((2, 2), 'float32')"),
        (np.zeros((2, 4), np.float32)[:, ::2], "output 'y' is not contiguous and aligned", "np.empty(shape, dtype)"),
        (np.zeros((2, 2), np.float32)[::-1], "output 'y' is not contiguous and aligned", "np.empty(shape, dtype)"),
        (np.zeros(17, np.uint8)[1:].view(np.float32).reshape(2, 2), "output 'y' is not contiguous and aligned", "np.empty(shape, dtype)"),
        ([[0.0, 0.0], [0.0, 0.0]], "output 'y' is no buffer but list", "give an array"),
        (WHOLE[2:6].reshape(2, 2), "output 'y' shares memory with 'x'", "a buffer of its own"),
    ],
)
def test_buffers_that_an_output_cannot_be_written_into(cpu: Callable[..., Session], buffer: Any, message: str, hint: str) -> None:
    session = cpu("g (float[n, 2] x) => (float[n, 2] y, float[n, 2] x) { y = Neg(x) }")
    with pytest.raises(InputError) as caught:
        session.bind(WHOLE[:4].reshape(2, 2), outputs={"y": buffer})
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_outputs_that_cannot_have_a_buffer(cpu: Callable[..., Session]) -> None:
    session, x = cpu("g (float[n] x) => (float[n] y, float[n] z, float[n] x) { y = Neg(x) z = Abs(x) }"), np.ones(2, np.float32)
    with pytest.raises(InputError, match="there is no output 'w'") as caught:
        session.bind(x, outputs={"w": np.zeros(2, np.float32)})
    assert caught.value.hint == "the graph gives y, z, x"
    with pytest.raises(InputError, match="output 'x' is the input of that name") as caught:
        session.bind(x, outputs={"x": np.zeros(2, np.float32)})
    assert caught.value.hint == "leave it out of outputs"
    y = np.zeros(2, np.float32)
    with pytest.raises(InputError, match="output 'z' shares memory with 'y'"):
        session.bind(x, outputs={"y": y, "z": y})


def test_an_input_named_outputs(cpu: Callable[..., Session]) -> None:
    session = cpu("g (float[n] outputs) => (float[n] y) { y = Neg(outputs) }")
    x, y = np.ones(2, np.float32), np.zeros(2, np.float32)
    assert session.bind(outputs=x).run().y.tolist() == [-1, -1]
    assert session.bind({"outputs": x}, outputs={"y": y}).run().y is y
    with pytest.raises(InputError, match="there is no input 'outputs'"):
        cpu(DOUBLE).bind(x=x, y=x, outputs=x)


def test_no_rows(cpu: Callable[..., Session]) -> None:
    bound = cpu(DOUBLE).bind(np.ones((0, 2), np.float32), np.ones((0, 2), np.float32), outputs={"total": np.ones((0, 2), np.float32)})
    assert bound.run().total.shape == (0, 2)
    torch = pytest.importorskip("torch")  # its arrays without elements lie at address 0
    x, total = torch.ones(0, 2), torch.ones(0, 2)
    assert cpu(DOUBLE).bind(x, x, outputs={"total": total}).run().total is total
