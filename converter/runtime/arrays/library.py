"""What the runtime asks of an array library, and the two ways that most of them need: NumPy's own, and DLPack.

No library is imported here: one that a caller uses is loaded already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from converter.runtime.arrays.block import Block
from converter.runtime.arrays.places import CUDA, HOST, LEGACY, Place

REFUSALS = (TypeError, ValueError, RuntimeError, BufferError)


class Library:
    """NumPy, and whatever gives its arrays as NumPy arrays: scalars, pandas, PIL, `__array_interface__`, `__array__`."""

    name = "NumPy"
    from_host: Callable[[np.ndarray[Any, Any]], Any]
    """Give a result in main memory, of a dtype that NumPy has, to the caller."""

    def __init__(self) -> None:
        self.from_host = lambda array: array

    def place(self, value: Any, device: Place) -> Place:  # noqa: ARG002 - the siblings need both
        """Where the array lies; `device` is the session's, for arrays that tell the kind of device and not which."""
        return HOST

    def host(self, value: Any) -> np.ndarray[Any, Any]:
        """View an array in main memory."""
        return np.asarray(value)

    def block(self, value: Any, device: Place, stream: int = LEGACY) -> Block:  # noqa: ARG002 - the siblings need all
        """Describe an array where it lies; what its library has queued for it is done before the CUDA stream goes on."""
        return Block.of_array(self.host(value))

    def viewer(self, value: Any) -> Callable[[Any], Any] | None:
        """What views arrays of this type and dtype in main memory, quickly; None where they are NumPy's own."""
        return None if type(value) is np.ndarray else np.asarray

    def copy(self, value: Any) -> Any:
        """Copy an array within its library, contiguous and aligned."""
        return value.copy()

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any], place: Place) -> Block | None:  # noqa: ARG002 - the siblings need all
        """Describe new memory of the library's own, which belongs to the stream that is current for it; None where it has none to give."""
        return None

    def from_block(self, block: Block) -> Any:
        """Give a result where it lies to the caller."""
        return block.numpy()


class DLPack(Library):
    """Any library whose arrays have `__dlpack__` or `__cuda_array_interface__`: CuPy, JAX, Numba."""

    def __init__(self, name: str, namespace: Any) -> None:
        self.name = name
        self.from_host = lambda array: self.from_block(Block.of_array(array))
        self._from_dlpack = getattr(namespace, "from_dlpack", None)

    def place(self, value: Any, device: Place) -> Place:
        """Where the array lies."""
        if hasattr(value, "__dlpack_device__"):
            kind, number = value.__dlpack_device__()
            return Place(int(kind), int(number))
        return device if device.kind == CUDA else Place(CUDA)

    def host(self, value: Any) -> np.ndarray[Any, Any]:
        """View an array in main memory."""
        return self.block(value, HOST).numpy()

    def viewer(self, value: Any) -> Callable[[Any], Any] | None:  # noqa: ARG002 - the siblings need it
        """What views arrays of this type and dtype in main memory."""
        return self.host

    def block(self, value: Any, device: Place, stream: int = LEGACY) -> Block:
        """Describe an array where it lies."""
        place = self.place(value, device)
        if not hasattr(value, "__dlpack__"):
            return Block.of_cuda_interface(value.__cuda_array_interface__, place, value)
        return Block.of_capsule(value.__dlpack__(stream=None if place.is_host else stream), value)

    def from_block(self, block: Block) -> Any:
        """Give a result where it lies to the caller; as it is if the library has no door for it, or would narrow it, as JAX does with int64."""
        made = block if self._from_dlpack is None else self._from_dlpack(block)
        if getattr(made, "itemsize", block.dtype.itemsize) != block.dtype.itemsize:
            made = block
        return block.numpy() if made is block and block.place.is_host else made


NUMPY = Library()
