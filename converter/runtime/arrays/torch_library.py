"""PyTorch's tensors: read and made where they lie, past DLPack wherever they are plain memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from converter.runtime.arrays.block import Block
from converter.runtime.arrays.library import DLPack
from converter.runtime.arrays.places import CUDA, HOST, LEGACY, Place

DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "bfloat16"),
    *("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz"),
)
"""The dtypes of torch that ONNX has, whose names are those of NumPy and of ml_dtypes."""


class Torch(DLPack):
    """PyTorch, with its own and faster doors for main memory, and its two ways of not meaning what memory holds."""

    def __init__(self, torch: Any) -> None:
        super().__init__("torch", torch)
        self.from_host = self._from_host
        self._from_numpy, self._on_device, self._empty = torch.from_numpy, torch.cuda.device, torch.empty
        self._plain = () if torch.version.hip else (torch.Tensor, torch.nn.Parameter)  # AMD's devices call themselves cuda
        self._strided = torch.strided
        self._dtypes = {getattr(torch, name): _dtype(name) for name in DTYPES if hasattr(torch, name)}
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


def _dtype(name: str) -> np.dtype[Any]:
    return np.dtype(getattr(ml_dtypes, name, name))
