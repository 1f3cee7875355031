"""The contenders of a graph: what each is fed, and feeds on a device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from converter.benching.calls import BOUND, CALLED, PLAIN, GraphCalls, on_device
from converter.errors import InputError
from converter.runtime import Block
from converter.runtime.arrays.places import CUDA, Place
from converter.runtime.device.memory import Buffer, OrtMemory


@pytest.fixture(scope="module")
def calls(graph_file: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> GraphCalls:
    path = graph_file(tmp_path_factory.mktemp("graphs") / "relu.onnx", "g (float[batch, 3] x) => (float[batch, 3] y) { y = Relu(x) }")
    return GraphCalls(path, "cpu", 1)


def test_every_contender_gives_as_many_timings_as_calls(calls: GraphCalls) -> None:
    contenders = calls.contenders({"x": np.ones((2, 3), np.float32)}, "batch 2")
    assert [each.name for each in contenders] == [PLAIN, CALLED, BOUND]
    for each in contenders:
        assert each.turn is not None
        assert (len(each.turn(1)), len(each.turn(7))) == (1, 7)


def test_feeds_that_the_graph_cannot_take_are_refused(calls: GraphCalls) -> None:
    with pytest.raises(InputError, match="input 'x' wants float32, got float64") as caught:
        calls.contenders({"x": np.ones((2, 3))}, "batch 2")
    assert "astype('float32')" in caught.value.hint


class Elsewhere:
    """Memory of a device whose bytes a test may look at."""

    place = Place(CUDA, 1)

    def allocate(self, nbytes: int) -> Buffer:
        kept = np.zeros(max(nbytes, 1), np.uint8)
        return Buffer(kept.ctypes.data, nbytes, kept)

    def write(self, buffer: Buffer, array: np.ndarray) -> None:
        buffer.owner[: array.nbytes] = np.frombuffer(array.tobytes(), np.uint8)


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.bool_, ml_dtypes.bfloat16])
def test_a_copy_lies_on_another_device(dtype: Any) -> None:
    array = np.arange(12).reshape(3, 4).astype(dtype).T
    memory: Any = Elsewhere()
    block = on_device(array, memory)
    assert isinstance(block, Block)
    assert (block.shape, block.dtype, block.place, block.is_ready or dtype is np.int8) == ((4, 3), array.dtype, Place(CUDA, 1), True)
    assert block.owner.owner[: array.nbytes].tobytes() == np.ascontiguousarray(array).tobytes()


def test_main_memory_and_strings_stay_where_they_are() -> None:
    array, words = np.ones(3), np.array(["a"], object)
    elsewhere: Any = Elsewhere()
    assert on_device(array, OrtMemory()) is array
    assert on_device(words, elsewhere) is words
