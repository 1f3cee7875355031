"""The array libraries of callers: how their arrays are read where they lie, and how results become arrays of theirs.

No library is imported here. One that a caller uses is loaded already; the rest is DLPack and the array interfaces.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from converter.errors import InputError
from converter.runtime.arrays.block import Block
from converter.runtime.arrays.places import CUDA, HOST, LEGACY, Place

REFUSALS = (TypeError, ValueError, RuntimeError, BufferError)
_FLOAT8 = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")
_TORCH_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"),
    *("bfloat16", *_FLOAT8),
)
"""The dtypes of torch that ONNX has, whose names are those of NumPy and of ml_dtypes."""


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


class Torch(DLPack):
    """PyTorch, with its own and faster doors for main memory, and its two ways of not meaning what memory holds."""

    def __init__(self, torch: Any) -> None:
        super().__init__("torch", torch)
        self.from_host = self._from_host
        self._from_numpy, self._on_device, self._empty = torch.from_numpy, torch.cuda.device, torch.empty
        self._plain = () if torch.version.hip else (torch.Tensor, torch.nn.Parameter)  # AMD's devices call themselves cuda
        self._strided = torch.strided
        self._dtypes = {getattr(torch, name): _dtype(name) for name in _TORCH_DTYPES if hasattr(torch, name)}
        self._torch_dtypes = {dtype: found for found, dtype in self._dtypes.items()}

    def place(self, value: Any, device: Place) -> Place:
        """Where the tensor lies."""
        return (self._place(value) if type(value) in self._plain else None) or super().place(value, device)

    def host(self, value: Any) -> np.ndarray[Any, Any]:
        """View a tensor in main memory; torch refuses gradients, negated and conjugated views, sparse tensors and other devices."""
        try:
            return value.numpy()  # type: ignore[no-any-return]
        except TypeError:  # NumPy has no bfloat16 and no float8 of its own
            return super().host(value)

    def viewer(self, value: Any) -> Callable[[Any], Any] | None:
        """Tensor.numpy itself, where NumPy has the dtype."""
        try:
            value.detach()[:0].numpy() if value.dim() else value.detach().numpy()
        except TypeError:
            return self.host
        view: Callable[[Any], Any] = type(value).numpy
        return view

    def block(self, value: Any, device: Place, stream: int = LEGACY) -> Block:
        """Describe a tensor where it lies.

        DLPack, which takes ten times as long, is left for what is no plain tensor. It would also let the stream wait for the tensor's, which a run does
        in any case: it takes its place in the stream that is current for torch, or waits for the whole device.
        """
        if value.is_neg():  # DLPack would drop the sign without a word
            raise BufferError("the tensor has its negative bit set; use tensor.resolve_neg()")
        dtype, place = self._dtypes.get(value.dtype), self._place(value)
        if type(value) in self._plain and dtype is not None and place is not None and value.layout is self._strided and not value.requires_grad:
            strides = None if value.is_contiguous() else value.stride()
            return Block(value.data_ptr(), tuple(value.shape), dtype, place, value, strides)
        if not value.is_cuda:
            return super().block(value, device, stream)
        with self._on_device(value.device):  # torch gives no memory of a device that is not its current one
            return super().block(value, device, stream)

    def copy(self, value: Any) -> Any:
        """Copy a tensor, contiguous and aligned."""
        return value.contiguous().clone()

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any], place: Place) -> Block | None:
        """Describe a new tensor."""
        if (torch_dtype := self._torch_dtypes.get(dtype)) is None:
            return None
        tensor = self._empty(shape, dtype=torch_dtype, device=str(place))
        return Block(tensor.data_ptr(), shape, dtype, place, tensor)

    def from_block(self, block: Block) -> Any:
        """Give a result to the caller: the tensor that was made for it, or one on its memory."""
        return block.owner if type(block.owner) in self._plain else super().from_block(block)

    @staticmethod
    def _place(tensor: Any) -> Place | None:
        device = tensor.device
        return Place(CUDA, device.index) if device.type == "cuda" else HOST if device.type == "cpu" else None

    def _from_host(self, array: np.ndarray[Any, Any]) -> Any:
        try:
            return self._from_numpy(array)
        except TypeError:  # ONNX Runtime's uint64 is NumPy's ulonglong, which torch does not know by that name
            return self.from_block(Block.of_array(array))


class TensorFlow(DLPack):
    """TensorFlow, whose door for DLPack takes capsules, and neither strings nor bools."""

    def __init__(self, tensorflow: Any) -> None:
        super().__init__("tensorflow", tensorflow)
        self.from_host = self._from_host
        self._tensorflow = tensorflow

    def host(self, value: Any) -> np.ndarray[Any, Any]:
        """View a tensor or a variable."""
        return np.asarray(value.numpy())

    def from_block(self, block: Block) -> Any:
        """Give a result where it lies to the caller."""
        if block.place.is_host:
            return self._from_host(block.numpy())
        return self._tensorflow.experimental.dlpack.from_dlpack(block.__dlpack__(stream=LEGACY))

    def _from_host(self, array: np.ndarray[Any, Any]) -> Any:
        with self._tensorflow.device("/CPU:0"):
            return self._tensorflow.convert_to_tensor(array)


NUMPY = Library()
_torch = functools.cache(Torch)


def _dtype(name: str) -> np.dtype[Any]:
    return np.dtype(getattr(ml_dtypes, name, name))


def library_of(value: Any) -> Library | None:
    """The library of an array; None for a Python list, a number, and whatever else is no array."""
    if isinstance(value, (np.ndarray, np.generic)):
        return NUMPY
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _torch(torch)
    tensorflow: Any = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(value, (tensorflow.Tensor, tensorflow.Variable)):
        return TensorFlow(tensorflow)
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
