"""The road of CUDA on memory of the CPU: learned shapes, pooled buffers, and outputs that depend on the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from converter.errors import InputError
from converter.runtime import Session
from converter.runtime.arrays.block import Block
from converter.runtime.arrays.places import CUDA, HOST, Place
from converter.runtime.binding.road import BindingRoad
from converter.runtime.roads import DeviceRoads


class Tensor:
    """An array on the pretended device, of a library that knows DLPack."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.block = array, None
        self.dtype, self.shape = array.dtype, array.shape

    @classmethod
    def __array_namespace__(cls) -> type[Tensor]:
        return cls

    @classmethod
    def from_dlpack(cls, block: Block) -> Tensor:
        assert block.place == (CUDA, 0)
        tensor = cls(np.from_dlpack(Block(block.pointer, block.shape, block.dtype, HOST, block)))
        tensor.block = block
        return tensor

    def copy(self) -> Tensor:
        return Tensor(self.array.copy())

    def __dlpack_device__(self) -> tuple[int, int]:
        return (CUDA, 0)

    def __dlpack__(self, *, stream: int | None = None) -> object:
        assert stream == 1
        block = Block.of_array(self.array)
        block.place = block.place._replace(kind=CUDA)
        return block.__dlpack__()


def road_of(session: Session) -> BindingRoad:
    road: Any = session._call.__self__
    found: BindingRoad = road.binding if isinstance(road, DeviceRoads) else road
    assert isinstance(found, BindingRoad)
    return found


def aligned(values: Any) -> np.ndarray:
    """An array that a CUDA kernel could read where it lies: 16 bytes aligned."""
    array = np.asarray(values)
    raw = np.zeros(array.nbytes + 16, np.uint8)
    start = -raw.ctypes.data % 16
    place = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    place[...] = array
    return place


NEGATE = "g (float[n, m] x) => (float[n, m] y) { y = Neg(x) }"


def test_inputs_are_read_where_they_lie_and_outputs_stay_on_the_device(as_cuda: Callable[..., Session]) -> None:
    session = as_cuda(NEGATE)
    x = Tensor(aligned(np.float32([[1, 2], [3, 4]])))
    pointers = set()
    for value in range(6):
        x.array[:] = value
        out = session(x).y
        assert isinstance(out, Tensor)
        assert out.array.tolist() == [[-value] * 2] * 2
        pointers.add(out.block.pointer)
        del out
    assert len(pointers) == 2  # ONNX Runtime's own of the first call, and one pooled buffer
    assert session._device.memory.log == ["wait", "run"] * 6


def test_results_that_are_kept_are_not_reused(as_cuda: Callable[..., Session]) -> None:
    session = as_cuda(NEGATE)
    kept = [session(Tensor(aligned(np.full((2, 2), value, np.float32)))).y for value in range(5)]
    assert [out.array[0, 0] for out in kept] == [0, -1, -2, -3, -4]
    assert len({out.block.pointer for out in kept}) == 5


def test_arrays_in_pieces_are_copied_once(as_cuda: Callable[..., Session]) -> None:
    session = as_cuda(NEGATE)
    whole = aligned(np.arange(12, dtype=np.float32).reshape(3, 4))
    for part in (whole.T, whole[:, ::2], whole[::-1], whole.reshape(-1)[1:9].reshape(2, 4)):
        assert session(Tensor(part)).y.array.tolist() == (-part).tolist()


def test_the_device_is_waited_for_after_copies_and_before_anything_is_written(
    as_cuda: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = as_cuda("g (float[n] x, float[n] s) => (float[n] y) { y = Add(x, s) }")
    log = session._device.memory.log
    copy = Tensor.copy
    monkeypatch.setattr(Tensor, "copy", lambda self: log.append("copy") or copy(self))
    x = Tensor(aligned(np.arange(8, dtype=np.float32))[::2])
    assert session(x, np.ones(4, np.float32)).y.array.tolist() == [1, 3, 5, 7]
    assert log == ["copy", "wait", "write", "run"]
    bound = as_cuda(NEGATE).bind(Tensor(aligned(np.ones((1, 4), np.float32))))
    bound._memory.log.clear()
    bound.run()
    assert bound._memory.log == ["wait", "run"]


def test_shapes_are_learned_for_every_signature(as_cuda: Callable[..., Session]) -> None:
    session = as_cuda(NEGATE)
    road = road_of(session)
    for n, m in [(1, 2), (3, 1), (0, 4), (1, 2), (3, 1)]:
        assert session(Tensor(aligned(np.ones((n, m), np.float32)))).y.shape == (n, m)
    assert list(road._learned.values()) == [((1, 2),), ((3, 1),), ((0, 4),)]
    assert road._varying == set()


def test_an_output_that_depends_on_the_data_is_onnx_runtimes_to_allocate(as_cuda: Callable[..., Session]) -> None:
    session = as_cuda("g (float[n] x) => (int64[1, m] where, float[n] y) { where = NonZero(x) y = Neg(x) }")
    for values in ([1, 0, 2, 0], [1, 0, 2, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 3, 0, 0]):
        out = session(Tensor(aligned(np.float32(values))))
        assert out.where.array.tolist() == [np.flatnonzero(values).tolist()]
        assert out.y.array.tolist() == [-value for value in values]
    assert road_of(session)._varying == {"where"}


def test_an_input_that_is_also_an_output_is_copied(as_cuda: Callable[..., Session]) -> None:
    session = as_cuda("g (float[n] x, float[n] s) => (float[n] x, float[n] y, float[n] s) { y = Add(x, s) }")
    x, s = Tensor(aligned(np.float32([1, 2, 3, 4]))), np.float32([5, 6, 7, 8])
    for _ in range(3):
        out = session(x, s)
        x.array[:], s[:] = 0, 0
        assert out.x.array.tolist() == [1, 2, 3, 4]
        assert out.s.array.tolist() == [5, 6, 7, 8]
        assert out.y.array.tolist() == [6, 8, 10, 12]
        x.array[:], s[:] = [1, 2, 3, 4], [5, 6, 7, 8]
    only = as_cuda("g (float[n] x) => (float[n] x) { y = Neg(x) }", optimised=False)
    assert only(x).x.array.tolist() == [1, 2, 3, 4]


def test_numpy_callers_get_numpy_arrays(as_cuda: Callable[..., Session]) -> None:
    session = as_cuda(NEGATE)
    for _ in range(3):
        out = session(np.float32([[1, 2]])).y
        assert type(out) is np.ndarray
        assert out.tolist() == [[-1, -2]]
    mixed = as_cuda("g (float[n] x, float[n] s) => (float[n] y) { y = Add(x, s) }")
    assert isinstance(mixed(Tensor(aligned(np.float32([1, 2, 3, 4]))), np.float32([1, 1, 1, 1])).y, Tensor)


def test_the_pool_stays_within_its_bound_over_many_shapes(as_cuda: Callable[..., Session], rng: np.random.Generator) -> None:
    session = as_cuda(NEGATE, pool_bytes=200_000)
    for _ in range(1000):
        n, m = rng.integers(1, 60, 2)
        x = rng.normal(size=(n, m)).astype(np.float32)
        out = session(Tensor(aligned(x))).y
        np.testing.assert_array_equal(out.array, -x)
        assert road_of(session).pool.idle_bytes <= 200_000


def test_buffers_bound_on_the_device(as_cuda: Callable[..., Session]) -> None:
    x = Tensor(aligned(np.float32([[1, 2], [3, 4]])))
    bound = as_cuda(NEGATE).bind(x)
    out = bound.outputs.y
    for value in range(3):
        x.array[:] = value
        assert bound.run().y is out
        assert out.array.tolist() == [[-value] * 2] * 2


def test_a_block_for_callers_whose_library_takes_none(as_cuda: Callable[..., Session]) -> None:
    class Bare:
        """An array that only gives."""

        dtype, shape = np.dtype(np.float32), (1, 2)
        kept = Tensor(aligned(np.float32([[1, 2]])))

        def __dlpack_device__(self) -> tuple[int, int]:
            return (CUDA, 0)

        def __dlpack__(self, *, stream: int | None = None) -> object:
            return self.kept.__dlpack__(stream=stream)

    out = as_cuda(NEGATE)(Bare()).y
    assert isinstance(out, Block)
    assert (out.shape, out.dtype, str(out.place)) == ((1, 2), np.float32, "cuda:0")
    assert out.__cuda_array_interface__["data"] == (out.pointer, False)
    assert Tensor.from_dlpack(out).array.tolist() == [[-1, -2]]


@pytest.mark.parametrize("kind", ["bfloat16", "float8e4m3fn"])
def test_dtypes_that_the_plain_call_refuses_take_this_road_on_the_cpu(cpu: Callable[..., Session], kind: str) -> None:
    assert isinstance(road_of(cpu(f"g ({kind}[n] x) => ({kind}[n] y) {{ y = Identity(x) }}")), BindingRoad)


@pytest.mark.parametrize(
    "values",
    [
        np.float32([[1, 2], [3, 4]])[:, ::-1],  # a negative stride
        np.float32([[1, 2], [3, 4]]).T,
        np.asfortranarray(np.float32([[1, 2], [3, 4]])),
        np.float32([[1, 2], [3, 4]]).astype(">f4"),
        np.float16([[1, 2], [3, 4]]),
        np.zeros((0, 2), np.float32),
        np.zeros((2, 0), np.float32),
        np.broadcast_to(np.float32([[1], [2]]), (2, 2)),  # a stride of 0
        np.zeros(17, np.uint8)[1:].view(np.float32).reshape(2, 2),  # not aligned
    ],
)
def test_awkward_arrays_in_main_memory_arrive_right(as_cuda: Callable[..., Session], values: np.ndarray) -> None:
    session = as_cuda("g (float[n, m] x) => (float[n, m] y) { y = Neg(x) }")
    for _ in range(2):
        out = session(values).y
        assert out.dtype == np.float32
        assert out.tolist() == (-values.astype(np.float32)).tolist()


class Faulty(Tensor):
    """A tensor that says something wrong of itself."""

    says: tuple[str, Any] = ("", None)

    def __dlpack__(self, *, stream: int | None = None) -> object:
        block = Block.of_array(self.array)
        block.place = Place(CUDA, 0)
        setattr(block, *self.says)
        return block.__dlpack__(stream=stream)


@pytest.mark.parametrize(
    ("says", "message"),
    [
        (("dtype", np.dtype(np.int32)), "input 'x' wants float32, got int32"),
        (("dtype", np.dtype(np.float64)), "input 'x' wants float32, got float64"),
        (("pointer", 0), "it says that 32 bytes lie at address 0"),
        (("shape", (-2, 4)), "it says that its shape is (-2, 4)"),
        (("shape", (2, 8)), "dimension 1 must be 4"),
        (("shape", (8,)), "wants 2 dimensions"),
        (("place", Place(CUDA, 1)), "input 'x': tests does not give its memory: it is not contiguous"),
    ],
)
def test_memory_is_what_its_capsule_says(as_cuda: Callable[..., Session], says: tuple[str, Any], message: str) -> None:
    """The array's own attributes may say what they like: what is bound is what the capsule says."""
    tensor = Faulty(aligned(np.ones((2, 4), np.float32)))
    tensor.says = says
    session = as_cuda("g (float[n, 4] x) => (float[n, 4] y) { y = Neg(x) }")
    for call in (session, session.bind):
        with pytest.raises(InputError) as caught:
            call(tensor)
        assert message in caught.value.message
        assert caught.value.hint
    assert "run" not in session._device.memory.log


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": (0, False)}, "it says that 32 bytes lie at address 0"),
        ({"mask": np.ones(8, bool)}, "a masked array cannot be bound"),
        ({"strides": (18, 4)}, "its strides are no multiples of its item size"),
        ({"typestr": "<f8"}, "input 'x' wants float32, got float64"),
        ({"typestr": ">f4"}, "input 'x' wants float32, got float32 in foreign byte order"),
        ({"shape": (1, 2, 4)}, "wants 2 dimensions"),
        ({"shape": (2, -4)}, "it says that its shape is (2, -4)"),
    ],
)
def test_what_a_cuda_array_interface_may_not_say(as_cuda: Callable[..., Session], changes: dict[str, Any], message: str) -> None:
    array = aligned(np.ones((2, 4), np.float32))

    class Bare:
        __cuda_array_interface__: ClassVar[dict[str, Any]] = {
            "version": 3,
            "shape": array.shape,
            "typestr": "<f4",
            "data": (array.ctypes.data, False),
            "strides": None,
            **changes,
        }

    with pytest.raises(InputError) as caught:
        as_cuda("g (float[n, 4] x) => (float[n, 4] y) { y = Neg(x) }")(Bare())
    assert message in caught.value.message
    assert caught.value.hint
