"""Arrays of the contract and torch's tensors, into each other; bfloat16 and the float8 types through their bits."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import torch

from converter.plugin import UsageError

_DTYPES = MappingProxyType(
    {
        torch.bool: "bool",
        torch.int8: "int8",
        torch.int16: "int16",
        torch.int32: "int32",
        torch.int64: "int64",
        torch.uint8: "uint8",
        torch.uint16: "uint16",
        torch.uint32: "uint32",
        torch.uint64: "uint64",
        torch.float16: "float16",
        torch.float32: "float32",
        torch.float64: "float64",
        torch.complex64: "complex64",
        torch.complex128: "complex128",
        torch.bfloat16: "bfloat16",
        torch.float8_e4m3fn: "float8_e4m3fn",
        torch.float8_e4m3fnuz: "float8_e4m3fnuz",
        torch.float8_e5m2: "float8_e5m2",
        torch.float8_e5m2fnuz: "float8_e5m2fnuz",
    }
)
_TENSOR_DTYPES = MappingProxyType({name: dtype for dtype, name in _DTYPES.items()})
_BITS = MappingProxyType({1: (torch.uint8, np.dtype(np.uint8)), 2: (torch.int16, np.dtype(np.int16))})  # by item size in bytes


def dtype_name(dtype: torch.dtype) -> str:
    """Return the contract's name of a torch dtype; raises UsageError for one that ONNX lacks."""
    if dtype not in _DTYPES:
        raise UsageError(f"ONNX has no element type for {dtype}", hint="cast the tensor inside the model's forward")
    return _DTYPES[dtype]


def to_tensor(array: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """Return a tensor with a copy of the array's values; raises UsageError for strings."""
    name = array.dtype.name
    if name not in _TENSOR_DTYPES:
        raise UsageError(f"torch takes no {'strings' if array.dtype.kind in 'OUST' else name}", hint="encode them as integers before the model")
    if _is_extended(name):
        bits, carrier = _BITS[array.dtype.itemsize]
        return torch.from_numpy(np.array(array).view(carrier)).view(bits).view(_TENSOR_DTYPES[name]).to(device)
    return torch.from_numpy(np.array(array, array.dtype.newbyteorder("="))).to(device)


def to_array(tensor: torch.Tensor) -> np.ndarray:
    """Return an array with the tensor's values."""
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    name = dtype_name(tensor.dtype)
    if _is_extended(name):
        import ml_dtypes

        bits, _ = _BITS[tensor.element_size()]
        return tensor.contiguous().view(bits).numpy().view(getattr(ml_dtypes, name))
    array: np.ndarray = tensor.numpy()
    return array


def _is_extended(name: str) -> bool:
    return name.startswith(("bfloat", "float8"))
