"""DLPack capsules and blocks: nothing is copied, and memory lives exactly as long as someone holds it."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from typing import Literal

import numpy as np
import pytest

from converter.runtime import Block
from converter.runtime.arrays import dlpack
from converter.runtime.arrays.places import CUDA, HOST, Place


class Owner:
    """Something that can be watched dying."""


def test_a_block_and_its_array_share_memory() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    block = Block.of_array(array)
    assert np.shares_memory(block.numpy(), array)
    assert np.shares_memory(np.asarray(block), array)
    assert np.shares_memory(np.from_dlpack(block), array)
    assert np.array(block, np.float64).tolist() == array.tolist()
    assert not np.shares_memory(np.array(block), array)
    assert repr(block) == "Block(float32[2, 3] on cpu)"
    assert not hasattr(block, "__cuda_array_interface__")


@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (2, 0), (2, 3, 1)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_shapes_and_strides_pass_through_a_capsule(shape: tuple[int, ...], order: Literal["C", "F"]) -> None:
    array = np.ones(shape, np.int16, order=order)
    contents = dlpack.read(Block.of_array(array).__dlpack__())
    assert contents.shape == shape
    assert contents.dtype == np.int16
    assert contents.place == HOST
    assert np.from_dlpack(Block.of_array(array)).tolist() == array.tolist()
    assert Block.of_capsule(Block.of_array(array).__dlpack__(), None).is_ready is bool(array.flags.c_contiguous)


def test_memory_lives_as_long_as_a_consumer_holds_it() -> None:
    torch = pytest.importorskip("torch")
    owner, array = Owner(), np.ones(3)
    block = Block(array.ctypes.data, (3,), array.dtype, HOST, (owner, array))
    watch = weakref.ref(owner)
    tensor = torch.from_dlpack(block)
    del owner, block, array
    gc.collect()
    assert watch() is not None
    assert tensor.tolist() == [1, 1, 1]
    del tensor
    gc.collect()
    assert watch() is None


def test_a_capsule_that_nobody_takes_frees_its_owner() -> None:
    owner, array = Owner(), np.ones(3)
    watch = weakref.ref(owner)
    capsule = Block(array.ctypes.data, (3,), array.dtype, HOST, owner).__dlpack__()
    del owner
    gc.collect()
    assert watch() is not None
    del capsule
    gc.collect()
    assert watch() is None


def test_reading_keeps_the_producer_alive_and_takes_nothing() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.arange(3.0)
    capsule = tensor.__dlpack__()
    block = Block.of_capsule(capsule, None)
    del tensor, capsule
    gc.collect()
    assert block.numpy().tolist() == [0, 1, 2]


def test_a_taken_capsule_is_refused() -> None:
    torch = pytest.importorskip("torch")
    capsule = torch.ones(2).__dlpack__()
    taken = torch.from_dlpack(capsule)
    with pytest.raises(BufferError, match="not a fresh one"):
        Block.of_capsule(capsule, None)
    assert taken.tolist() == [1, 1]


def test_dtypes_that_do_not_pass() -> None:
    with pytest.raises(BufferError, match="DLPack has no dtype >f4"):
        dlpack.write(dlpack.Contents(0, (0,), None, np.dtype(">f4"), HOST), None)
    with pytest.raises(BufferError, match="DLPack has no dtype object"):
        Block.of_array(np.array(["a"], object)).__dlpack__()


def test_what_a_block_does_not_do() -> None:
    block = Block.of_array(np.ones(2))
    for request in ({"copy": True}, {"dl_device": (CUDA, 0)}):
        with pytest.raises(BufferError, match="no copy, no other device"):
            block.__dlpack__(**request)
    packed = np.zeros(3, np.dtype({"names": ["a"], "formats": ["<f4"], "itemsize": 5}))["a"]
    with pytest.raises(BufferError, match="strides"):
        Block.of_array(packed)


def test_device_memory_is_never_read_here() -> None:
    block = Block(0x1000, (2,), np.dtype(np.float32), Place(CUDA, 0), None)
    with pytest.raises(TypeError, match="lies on cuda:0, where NumPy cannot read it"):
        block.numpy()
    with pytest.raises(TypeError, match="lies on cuda:0"):
        np.array(block)


def test_a_tensor_that_outlives_everything_ends_quietly() -> None:
    pytest.importorskip("torch")
    code = (
        "import sys, numpy as np, torch; from converter.runtime import Block;"
        "sys.kept = torch.from_dlpack(Block.of_array(np.ones(3))); kept = torch.from_dlpack(Block.of_array(np.ones(3)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
