"""The CUDA driver's own library, called through ctypes: streams and the events that order them, on one device."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import sys
from collections.abc import Iterator
from threading import RLock
from typing import Any

from converter.errors import DeviceUnavailable

_WAITS_FOR_LEGACY, _NON_BLOCKING = 0, 1  # CUstream_flags
_DISABLE_TIMING = 2  # CUevent_flags
_HANDLE, _OUT, _FLAGS = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint

# The functions used, with their arguments; each gives a CUresult. Where cuda.h renames one, the new name is here: the old one has another signature.
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "cuInit": (_FLAGS,),
    "cuDeviceGet": (_OUT, ctypes.c_int),
    "cuDevicePrimaryCtxRetain": (_OUT, ctypes.c_int),
    "cuCtxPushCurrent_v2": (_HANDLE,),
    "cuCtxPopCurrent_v2": (_OUT,),
    "cuCtxSynchronize": (),
    "cuStreamCreate": (_OUT, _FLAGS),
    "cuStreamDestroy_v2": (_HANDLE,),
    "cuStreamWaitEvent": (_HANDLE, _HANDLE, _FLAGS),
    "cuEventCreate": (_OUT, _FLAGS),
    "cuEventRecord": (_HANDLE, _HANDLE),
    "cuEventDestroy_v2": (_HANDLE,),
    "cuGetErrorString": (ctypes.c_int, _OUT),
}


class Driver:
    """One device, through its primary context: the one in which ONNX Runtime and every array library work.

    The context is retained once for the life of the process, as CUDA's own runtime does.
    """

    def __init__(self, library: Any, number: int) -> None:
        """Start the driver on a device.

        Raises:
            AttributeError: the library lacks a function.
            DeviceUnavailable: the device does not start.
        """
        self._functions = {name: getattr(library, name) for name in _FUNCTIONS}
        for name, arguments in _FUNCTIONS.items():
            self._functions[name].restype, self._functions[name].argtypes = ctypes.c_int, arguments
        self.call("cuInit", 0)
        device, self._context = ctypes.c_int(), ctypes.c_void_p()
        self.call("cuDeviceGet", ctypes.byref(device), number)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(self._context), device.value)

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function.

        Raises:
            DeviceUnavailable: it failed, or work that was queued earlier did.
        """
        if code := self._functions[name](*arguments):
            text = ctypes.c_char_p()
            self._functions["cuGetErrorString"](code, ctypes.byref(text))
            raise DeviceUnavailable(
                f"CUDA's {name} fails: {(text.value or b'error').decode()} ({code})",
                hint="work that was queued earlier may be at fault; after such an error the process must start anew",
            )

    @contextlib.contextmanager
    def current(self) -> Iterator[None]:
        """Make the device's context the calling thread's, and afterwards the one that was."""
        self.call("cuCtxPushCurrent_v2", self._context)
        try:
            yield
        finally:
            self.call("cuCtxPopCurrent_v2", ctypes.byref(ctypes.c_void_p()))

    def create(self, name: str, flags: int) -> int:
        """Create a stream or an event, and return its handle."""
        handle = ctypes.c_void_p()
        self.call(name, ctypes.byref(handle), flags)
        return handle.value or 0


@functools.cache
def driver(number: int) -> Driver | None:
    """The driver on a device; None where it has none."""
    try:
        return Driver(ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"), number)
    except (OSError, AttributeError, DeviceUnavailable):
        return None


class CudaStream:
    """A stream to run on: one of its own, or the caller's.

    Its own waits for the legacy default stream and is waited for by it, since ONNX Runtime makes copies of its own there; a stream that captures must
    not, as any use of the default stream would end the capture.
    """

    def __init__(self, driver: Driver, address: int | None, owner: object, *, captures: bool) -> None:
        self.turn = RLock()
        self._driver, self._owner = driver, owner
        self._made, self._event = 0, 0
        with driver.current():
            self._event = driver.create("cuEventCreate", _DISABLE_TIMING)
            if address is None:
                self._made = driver.create("cuStreamCreate", _NON_BLOCKING if captures else _WAITS_FOR_LEGACY)
        self.address = self._made if address is None else address

    def follow(self, other: int) -> None:
        """Let what is queued here from now on wait for what is queued on the other stream by now."""
        self._chain(other, self.address)

    def precede(self, other: int) -> None:
        """Let what is queued on the other stream from now on wait for what is queued here by now."""
        self._chain(self.address, other)

    def drain(self) -> None:
        """Return when the whole device has done what is queued on any stream."""
        with self._driver.current():
            self._driver.call("cuCtxSynchronize")

    def _chain(self, first: int, then: int) -> None:
        if first == then:
            return
        with self.turn, self._driver.current():  # one event serves all: a wait is for its last record
            self._driver.call("cuEventRecord", self._event, first)
            self._driver.call("cuStreamWaitEvent", then, self._event, 0)

    def __del__(self) -> None:
        with contextlib.suppress(Exception), self._driver.current():  # at the end of the process the driver may be gone first
            if self._made:
                self._driver.call("cuStreamDestroy_v2", self._made)
            if self._event:
                self._driver.call("cuEventDestroy_v2", self._event)
