"""Runs on zeros before the first real call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from converter.errors import GraphError, UnknownName, UsageError
from converter.runtime import Device, Session

TWO = "g (float[batch, width] x, int64[batch] label) => (float[batch, width] y) { y = Neg(x) }"


def recorded(session: Session) -> list[dict[str, Any]]:
    """The feeds of every call from now on."""
    calls: list[dict[str, Any]] = []
    call = session._call

    def recording(feeds: Any) -> Any:
        calls.append(dict(feeds))
        return call(feeds)

    session._call = recording
    return calls


def test_each_mapping_is_run_once_on_zeros(cpu: Callable[..., Session]) -> None:
    session = cpu(TWO)
    calls = recorded(session)
    session.warmup({"batch": 2, "width": 5}, {"batch": np.int64(3), "width": 1})
    assert [call["x"].shape for call in calls] == [(2, 5), (3, 1)]
    assert [(call["label"].dtype, call["label"].shape) for call in calls] == [(np.int64, (2,)), (np.int64, (3,))]
    assert not any(array.any() for call in calls for array in call.values())


def test_a_graph_without_free_axes_needs_no_sizes(cpu: Callable[..., Session]) -> None:
    for session in (cpu("g (float[2, 3] x) => (float[2, 3] y) { y = Neg(x) }"), cpu(TWO, sizes={"batch": 2, "width": 3})):
        calls = recorded(session)
        session.warmup()
        assert [call["x"].shape for call in calls] == [(2, 3)]


def test_axes_that_the_session_fixed_may_be_named_again(cpu: Callable[..., Session]) -> None:
    session = cpu(TWO, sizes={"batch": 2})
    session.warmup({"batch": 2, "width": 3}, {"width": 4})
    with pytest.raises(UsageError) as caught:
        session.warmup({"batch": 3, "width": 3})
    assert caught.value.message == "axis 'batch' is 2 in this session, not 3"
    assert caught.value.hint == "open another Session with sizes of its own"


def test_text_is_empty(cpu: Callable[..., Session]) -> None:
    session = cpu("g (string[n] word) => (string[n] y) { y = Identity(word) }")
    calls = recorded(session)
    session.warmup({"n": 2})
    assert calls[0]["word"].tolist() == ["", ""]


def test_on_a_device_the_first_real_call_finds_shapes_and_buffers(graph: Callable[[str], bytes], device_as_cuda: Callable[[], Device]) -> None:
    session = Session(graph("g (float[n, m] x) => (float[n, m] y) { y = Neg(x) }"), device=device_as_cuda())
    road = session._call.__self__.binding
    calls = recorded(session)
    session.warmup({"n": 4, "m": 8})
    assert [type(call["x"]).__name__ for call in calls] == ["ndarray", "Block", "Block"]
    assert road._learned
    road.pool.collect()
    assert road.pool.idle_bytes >= 4 * 4 * 8  # the output's buffer waits


def test_bfloat16_is_warmed_up(cpu: Callable[..., Session]) -> None:
    session = cpu("g (bfloat16[n] x) => (bfloat16[n] y) { y = Identity(x) }")
    calls = recorded(session)
    session.warmup({"n": 3})
    assert str(calls[0]["x"].dtype) == "bfloat16"


@pytest.mark.parametrize(
    ("sizes", "kind", "message", "hint"),
    [
        ([{"batch": 2, "hight": 3}], UnknownName, "there is no axis 'hight'", "known: batch, width"),
        ([{"batch": 2}], UsageError, "warm-up lacks the size of axis 'width'", "session.warmup({'batch': 8, 'width': 8})"),
        ([], UsageError, "warm-up lacks the size of axis 'batch', 'width'", "session.warmup({'batch': 8, 'width': 8})"),
        ([{"batch": 0, "width": 1}], UsageError, "the size of axis 'batch' is 0", "give a positive whole number"),
        ([{"batch": 1, "width": "8"}], UsageError, "the size of axis 'width' is '8'", "give a positive whole number"),
    ],
)
def test_wrong_sizes(cpu: Callable[..., Session], sizes: list[dict[str, Any]], kind: type[UsageError], message: str, hint: str) -> None:
    session = cpu(TWO)
    calls = recorded(session)
    with pytest.raises(kind) as caught:
        session.warmup({"batch": 1, "width": 1}, *sizes) if sizes else session.warmup()
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)
    assert calls == []  # nothing runs before every size is checked


def test_dimensions_without_names_are_for_the_caller(cpu: Callable[..., Session]) -> None:
    session = cpu("g (float[n, ?] x) => (float[n, m] y) { y = Neg(x) }")
    with pytest.raises(UsageError) as caught:
        session.warmup({"n": 2})
    assert caught.value.message == "warm-up cannot make input x float32 [n, ?]: its shape is not fully named"
    assert caught.value.hint == "warm such a graph up by calling the session on an input of your own"


def test_a_graph_that_fails_on_zeros(cpu: Callable[..., Session]) -> None:
    session = cpu("g (int64[n] x) => (float[n] y) <float[2] z = {1, 2}> { a = Reshape(z, x) y = Flatten<axis=0>(a) }")
    with pytest.raises(GraphError) as caught:
        session.warmup({"n": 3})
    assert caught.value.message.startswith("warm-up with zeros: the graph in memory fails on these inputs: ")
    assert caught.value.hint == "warm such a graph up by calling the session on an input of your own"
