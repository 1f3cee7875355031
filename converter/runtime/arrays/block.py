"""Memory that holds one array: where it lies, what is in it, and who keeps it alive."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from converter.runtime.arrays import dlpack
from converter.runtime.arrays.places import CUDA, HOST, LEGACY, Place

if TYPE_CHECKING:
    from converter.runtime.device.streams import Stream

_Block = TypeVar("_Block", bound="Block")
_UNORDERED = -1  # what a DLPack consumer says that wants no stream to wait
_WIDEST_LOAD = 16  # bytes that one CUDA thread may read at once


class Block:
    """An array on any device, without an array library.

    It speaks DLPack, on a CUDA device `__cuda_array_interface__`, and in main memory NumPy's `__array__`; so `torch.from_dlpack(block)` and its
    like take it without a copy. A Session hands out Blocks to callers whose array library offers no `from_dlpack`.
    """

    __slots__ = ("__weakref__", "dtype", "owner", "place", "pointer", "shape", "stream", "strides")

    def __init__(
        self,
        pointer: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        place: Place,
        owner: object,
        strides: tuple[int, ...] | None = None,
        stream: Stream | None = None,
    ) -> None:
        self.pointer, self.shape, self.dtype, self.place, self.owner = pointer, shape, dtype, place, owner
        self.strides = strides  # elements; None: contiguous in C order
        self.stream = stream  # on which it is written; None: it is written already

    @classmethod
    def of_array(cls, array: np.ndarray[Any, Any]) -> Self:
        """Describe a NumPy array.

        Raises:
            BufferError: its strides are no multiple of its items.
        """
        strides = None if array.flags.c_contiguous else _in_items(array.strides, array.itemsize)
        return cls(array.ctypes.data, array.shape, array.dtype, HOST, array, strides)

    @classmethod
    def of_capsule(cls, capsule: object, owner: object) -> Self:
        """Describe what a DLPack capsule holds; the capsule stays alive with the block.

        Raises:
            BufferError: the capsule was taken already, its dtype is unknown, or it says what cannot be.
        """
        held = dlpack.read(capsule)
        return _possible(cls(held.pointer, held.shape, held.dtype, held.place, (capsule, owner), held.strides))

    @classmethod
    def of_cuda_interface(cls, interface: dict[str, Any], place: Place, owner: object) -> Self:
        """Describe what a `__cuda_array_interface__` says; it has no device index, so the place is given.

        Raises:
            BufferError: the array is masked, its strides are no multiple of its items, or it says what cannot be.
        """
        dtype, steps = np.dtype(interface["typestr"]), interface.get("strides")
        if interface.get("mask") is not None:
            raise BufferError("a masked array cannot be bound")
        strides = None if steps is None else _in_items(steps, dtype.itemsize)
        return _possible(cls(interface["data"][0] or 0, tuple(interface["shape"]), dtype, place, owner, strides))

    @property
    def nbytes(self) -> int:
        """Bytes of the elements, strides aside."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def is_ready(self) -> bool:
        """Whether ONNX Runtime may read it where it lies: contiguous in C order and aligned."""
        alignment = self.dtype.alignment if self.place.is_host else _WIDEST_LOAD
        return self._is_contiguous and self.pointer % alignment == 0

    @property
    def _is_contiguous(self) -> bool:
        if self.strides is None or not prod(self.shape):
            return True
        expected = 1
        for length, step in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if length != 1 and step != expected:
                return False
            expected *= length
        return True

    def numpy(self) -> np.ndarray[Any, Any]:
        """View main memory as a NumPy array without a copy.

        Raises:
            TypeError: the memory lies on another device.
        """
        if not self.place.is_host:
            raise TypeError(f"the array lies on {self.place}, where NumPy cannot read it")
        if not self.nbytes:
            return np.empty(self.shape, self.dtype)
        return np.asarray(_Face(self)).view(self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:  # noqa: FBT001 - NumPy's signature
        array = self.numpy()
        return array.astype(dtype or array.dtype) if copy else array.astype(dtype or array.dtype, copy=False)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        if self.place.kind != CUDA or self.dtype.isbuiltin != 1:
            raise AttributeError("__cuda_array_interface__")
        steps = None if self.strides is None else tuple(step * self.dtype.itemsize for step in self.strides)
        stream = None if self.stream is None else self.stream.address
        return {"version": 3, "shape": self.shape, "typestr": self.dtype.str, "data": (self.pointer, False), "strides": steps, "stream": stream}

    def __dlpack_device__(self) -> tuple[int, int]:
        return (self.place.kind, self.place.number)

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> object:
        """Hand the memory over as it is; the consumer's stream waits until it is written.

        Raises:
            BufferError: a copy or another device is asked for, the stream is none, or DLPack has no such dtype.
        """
        if copy or dl_device not in {None, self.__dlpack_device__()}:
            raise BufferError("a Block gives its memory as it is: no copy, no other device")
        if stream == 0 and self.place.kind == CUDA:
            raise BufferError("stream 0 is ambiguous: 1 is CUDA's legacy default stream, 2 that of each thread")
        if self.stream is not None and stream != _UNORDERED:
            self.stream.precede(LEGACY if stream is None else stream)
        return dlpack.write(dlpack.Contents(self.pointer, self.shape, self.strides, self.dtype, self.place), self)

    def __repr__(self) -> str:
        return f"Block({self.dtype}{list(self.shape)} on {self.place})"


def _possible(block: _Block) -> _Block:
    """See that a block may be what its maker says; how much memory lies at its address nobody can ask."""
    if min(block.shape, default=0) < 0:
        raise BufferError(f"it says that its shape is {block.shape}")
    if block.nbytes and not block.pointer:
        raise BufferError(f"it says that {block.nbytes} bytes lie at address 0")
    return block


def _in_items(steps: Iterable[int], itemsize: int) -> tuple[int, ...]:
    if any(step % itemsize for step in steps):
        raise BufferError("its strides are no multiples of its item size")
    return tuple(step // itemsize for step in steps)


class _Face:
    """NumPy's way into a block: raw items of the right size, since NumPy has no letters for bfloat16 and float8."""

    __slots__ = ("__array_interface__", "block")

    def __init__(self, block: Block) -> None:
        size = block.dtype.itemsize
        steps = None if block.strides is None else tuple(step * size for step in block.strides)
        typestr = block.dtype.str if block.dtype.isbuiltin == 1 else f"|V{size}"
        self.__array_interface__ = {"version": 3, "shape": block.shape, "typestr": typestr, "data": (block.pointer, False), "strides": steps}
        self.block = block
