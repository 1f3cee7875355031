"""Streams of several libraries, as addresses."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from converter.errors import UsageError
from converter.runtime.opening.handles import stream_address


class Protocol:
    """What cuda.core and PyTorch of today give."""

    cuda_stream = 1234

    def __cuda_stream__(self) -> tuple[int, int]:
        return (0, 4096)


@pytest.mark.parametrize("stream", [4096, np.uint64(4096), SimpleNamespace(cuda_stream=4096), SimpleNamespace(ptr=4096), Protocol()])
def test_the_address_of_a_stream(stream: object) -> None:
    address = stream_address(stream)
    assert (address, type(address)) == (4096, int)


@pytest.mark.parametrize("stream", ["cuda", 4096.0, True, object(), np.zeros(2)])
def test_what_is_no_stream(stream: object) -> None:
    with pytest.raises(UsageError) as caught:
        stream_address(stream)
    assert caught.value.message == f"stream is {type(stream).__name__}, which is no CUDA stream"
    assert caught.value.hint.startswith("give a stream or its address; make one: torch.cuda.Stream()")


def test_a_negative_number_is_no_address() -> None:
    with pytest.raises(UsageError) as caught:
        stream_address(-5)
    assert caught.value.message == "stream is -5, which is no address"


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        (0, "the default stream"),
        (SimpleNamespace(cuda_stream=0), "the default stream"),  # torch.cuda.current_stream(), where nobody changed it
        (SimpleNamespace(ptr=1), "the legacy default stream"),
        (2, "the default stream of each thread"),
    ],
)
def test_default_streams_are_refused(stream: object, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        stream_address(stream)
    assert caught.value.message == f"stream is {name}, on which ONNX Runtime cannot be told to run"
    assert caught.value.hint == "make one: torch.cuda.Stream(), cupy.cuda.Stream(non_blocking=True)"
