"""The memory of a device, seen through ONNX Runtime: allocated, written, and read and written by its runs.

CPU and CUDA are the same few calls with another device. A test puts in their place memory that only a run may touch.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from converter.runtime import ort_private as ort
from converter.runtime.places import CUDA, HOST, Place

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

    def allocate(self, nbytes: int) -> Buffer:
        """Allocate at least one byte."""
        ...

    def write(self, buffer: Buffer, array: np.ndarray[Any, Any]) -> None:
        """Copy a contiguous array of the buffer's size from main memory into it."""
        ...

    def wait(self, binding: Any) -> None:
        """Return when everything that was queued on the device is done."""
        ...

    def run(self, raw: Any, binding: Any) -> None:
        """Run the graph on what is bound; return when the outputs are written."""
        ...


class OrtMemory:
    """Memory of the CPU or of a CUDA device, from ONNX Runtime's own allocator."""

    def __init__(self, place: Place = HOST) -> None:
        self.place = place
        self.device = ort.device("cuda" if place.kind == CUDA else "cpu", place.number)

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

    def run(self, raw: Any, binding: Any) -> None:
        """Run the graph on what is bound; ONNX Runtime synchronises its stream at the end."""
        raw.run_with_iobinding(binding, ort.OPTIONS)
