"""The CUDA stream of a caller, whatever library made it, as the address that ONNX Runtime wants."""

from __future__ import annotations

from numbers import Integral

from converter.errors import UsageError

_DEFAULTS = {0: "the default stream", 1: "the legacy default stream", 2: "the default stream of each thread"}
_MAKE = "make one: torch.cuda.Stream(), cupy.cuda.Stream(non_blocking=True)"


def stream_address(stream: object) -> int:
    """Read the address of a stream: an int, PyTorch's `cuda_stream`, CuPy's `ptr`, or what `__cuda_stream__` says.

    Raises:
        UsageError: it is no stream, or one of CUDA's default streams. ONNX Runtime takes address 0 as none given, and would run on a stream of its
            own, unordered with the caller's work; 1 and 2 are CUDA's names for default streams, which nothing can be captured on.
    """
    address = _address(stream)
    if address is None:
        raise UsageError(f"stream is {type(stream).__name__}, which is no CUDA stream", hint=f"give a stream or its address; {_MAKE}")
    if address < 0:
        raise UsageError(f"stream is {address}, which is no address", hint=_MAKE)
    if address in _DEFAULTS:
        raise UsageError(f"stream is {_DEFAULTS[address]}, on which ONNX Runtime cannot be told to run", hint=_MAKE)
    return address


def _address(stream: object) -> int | None:
    if isinstance(stream, bool):
        return None
    if isinstance(stream, Integral):
        return int(stream)
    if hasattr(stream, "__cuda_stream__"):
        return int(stream.__cuda_stream__()[1])  # the first number is the protocol's version
    address = getattr(stream, "cuda_stream", getattr(stream, "ptr", None))
    return address if isinstance(address, int) else None
