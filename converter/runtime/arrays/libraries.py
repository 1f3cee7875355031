"""The array libraries of callers: whose an array is, where it lies, and how it is read there.

No library is imported here. One that a caller uses is loaded already; the rest is DLPack and the array interfaces.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np

from converter.errors import InputError
from converter.runtime.arrays.block import Block
from converter.runtime.arrays.library import NUMPY, REFUSALS, DLPack, Library
from converter.runtime.arrays.places import HOST, LEGACY, Place
from converter.runtime.arrays.tensorflow_library import TensorFlow
from converter.runtime.arrays.torch_library import Torch

_torch, _tensorflow = functools.cache(Torch), functools.cache(TensorFlow)


def library_of(value: Any) -> Library | None:
    """The library of an array; None for a Python list, a number, and whatever else is no array."""
    if isinstance(value, (np.ndarray, np.generic)):
        return NUMPY
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _torch(torch)
    tensorflow: Any = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(value, (tensorflow.Tensor, tensorflow.Variable)):
        return _tensorflow(tensorflow)
    if hasattr(value, "__dlpack__") or hasattr(value, "__cuda_array_interface__"):
        name = type(value).__module__.partition(".")[0]
        namespace = value.__array_namespace__() if hasattr(value, "__array_namespace__") else sys.modules.get(name)
        return DLPack(name, namespace)
    return NUMPY if hasattr(value, "__array_interface__") or hasattr(value, "__array__") else None


def lies_on(name: str, library: Library, value: Any, device: Place) -> Place:
    """Where the value of an input lies: in main memory or on the session's device.

    Raises:
        InputError: it lies on a third.
    """
    try:
        place = library.place(value, device)
    except REFUSALS as error:
        raise refusal(name, library, value, device, error) from error
    if not place.is_host and not device.holds(place):
        raise refusal(name, library, value, device, BufferError("wrong device"))
    return place


def read_host(name: str, library: Library, value: Any) -> np.ndarray[Any, Any]:
    """View the value of an input in main memory.

    Raises:
        InputError: it lies on another device, is masked, or its library refuses.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise InputError(f"input '{name}' is a masked array, and a graph knows no mask", hint="pass array.filled(…)")
    try:
        return library.host(value)
    except REFUSALS as error:
        raise refusal(name, library, value, HOST, error) from error


def read_block(name: str, library: Library, value: Any, device: Place, stream: int = LEGACY) -> Block:
    """Describe the value of an input that lies on the session's device, contiguous and aligned: copied once if it is not.

    The CUDA stream waits for what the library has queued for the value.

    Raises:
        InputError: it lies on another device, or its library refuses.
    """
    try:
        block = library.block(value, device, stream)
        if not block.is_ready:
            block = library.block(library.copy(value), device, stream)
    except (*REFUSALS, AttributeError) as error:
        raise refusal(name, library, value, device, error) from error
    if not block.is_ready or not device.holds(block.place):
        raise refusal(name, library, value, device, BufferError("it is not contiguous"))
    return block


def refusal(name: str, library: Library, value: Any, device: Place, error: Exception) -> InputError:
    """Why the value of an input cannot be read, and the way on."""
    if getattr(value, "requires_grad", False):
        return InputError(f"input '{name}' is a tensor that requires grad, and a graph gives no gradient", hint="pass tensor.detach()")
    try:
        place = library.place(value, device)
    except REFUSALS:
        place = device
    if not place.is_host and not device.holds(place):
        return InputError(
            f"input '{name}' lies on {place}, and the session reads from {device}",
            hint=f"move the array there first, or open the model with Session(…, device='{place}')",
        )
    return InputError(f"input '{name}': {library.name} does not give its memory: {error}", hint="pass a plain contiguous array")
