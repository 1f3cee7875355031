"""The memory of a device, seen through ONNX Runtime: allocated, written, and read and written by its runs.

CPU and CUDA are the same few calls with another device. A test puts in their place memory that only a run may touch.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, Self

import numpy as np

from converter.runtime import ort_private as ort
from converter.runtime.arrays.places import CUDA, HOST, Place
from converter.runtime.device.driver import CudaStream, driver
from converter.runtime.device.streams import Stream

_UINT8 = 2  # onnx.TensorProto.DataType


class Buffer(NamedTuple):
    """Bytes on a device; they live as long as their owner."""

    pointer: int
    nbytes: int
    owner: Any


class Memory(Protocol):
    """What a Session needs of a device's memory."""

    place: Place
    device: Any
    """ONNX Runtime's value for the place."""
    stream: Stream | None
    """The stream to run on; None on the CPU, and where ONNX Runtime takes one of its own."""

    def with_stream(self, address: int | None, owner: object, *, captures: bool) -> Self:
        """The same memory for one session, with the caller's stream or a new one; `owner` keeps the caller's alive."""
        ...

    def allocate(self, nbytes: int) -> Buffer:
        """Allocate at least one byte."""
        ...

    def write(self, buffer: Buffer, array: np.ndarray[Any, Any]) -> None:
        """Copy a contiguous array of the buffer's size from main memory into it."""
        ...

    def wait(self, binding: Any) -> None:
        """Return when everything that was queued on the device is done."""
        ...

    def run(self, raw: Any, binding: Any, options: Any) -> None:
        """Run the graph on what is bound; the RunOptions say whether to return when the outputs are written, or when all is queued."""
        ...


class OrtMemory:
    """Memory of the CPU or of a CUDA device, from ONNX Runtime's own allocator."""

    def __init__(self, place: Place = HOST, stream: Stream | None = None) -> None:
        self.place, self.stream = place, stream
        self.device = ort.device("cuda" if place.kind == CUDA else "cpu", place.number)

    def with_stream(self, address: int | None, owner: object, *, captures: bool) -> OrtMemory:
        """The same memory for one session, with the caller's stream or a new one; `owner` keeps the caller's alive."""
        if self.place.kind != CUDA or (found := driver(self.place.number)) is None:
            return self
        return OrtMemory(self.place, CudaStream(found, address, owner, captures=captures))

    def allocate(self, nbytes: int) -> Buffer:
        """Allocate at least one byte."""
        value = ort.Value.ortvalue_from_shape_and_onnx_type([max(nbytes, 1)], _UINT8, self.device)
        return Buffer(value.data_ptr(), nbytes, value)

    def write(self, buffer: Buffer, array: np.ndarray[Any, Any]) -> None:
        """Copy a contiguous array of the buffer's size from main memory into it."""
        if array.nbytes:
            buffer.owner.update_inplace(array.reshape(-1).view(np.uint8))

    def wait(self, binding: Any) -> None:
        """Return when everything that was queued on the device is done: for CUDA a cudaDeviceSynchronize, for the CPU nothing."""
        binding.synchronize_inputs()

    def run(self, raw: Any, binding: Any, options: Any) -> None:
        """Run the graph on what is bound."""
        raw.run_with_iobinding(binding, options)
