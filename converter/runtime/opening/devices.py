"""Which device a Session runs on, and whether that device really starts.

ONNX Runtime lists CUDA wherever its GPU wheel is installed, and a session that asks for it quietly becomes a CPU session where it cannot start.
Proof is a one-node graph that may not fall back to the CPU.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from converter.errors import DeviceUnavailable, UnknownName
from converter.runtime import ort_private as ort
from converter.runtime.arrays.places import CUDA, HOST, Place
from converter.runtime.device.memory import Memory, OrtMemory
from converter.runtime.opening.options import Options
from converter.runtime.opening.providers import CPU_PROVIDER, CUDA_PROVIDER, TENSORRT_PROVIDER, told

HINT = "converter doctor lists what is missing; --device cpu runs here"

_WANTED = {"cuda": f"CUDA {getattr(onnxruntime, 'cuda_version', '')} and cuDNN 9"}
_WANTED["tensorrt"] = f"TensorRT 10, {_WANTED['cuda']}"
_PROVIDERS = {"cuda": (CUDA_PROVIDER, CPU_PROVIDER), "tensorrt": (TENSORRT_PROVIDER, CUDA_PROVIDER, CPU_PROVIDER)}
# The smallest graph: y = Relu(x), float [n], IR 10, opset 20.
_ONE_NODE = (
    b'\x08\n:5\n\x0c\n\x01x\x12\x01y"\x04Relu\x12\x01g'
    b"Z\x10\n\x01x\x12\x0b\n\t\x08\x01\x12\x05\n\x03\x12\x01n"
    b"b\x10\n\x01y\x12\x0b\n\t\x08\x01\x12\x05\n\x03\x12\x01n"
    b"B\x04\n\x00\x10\x14"
)


@dataclass(frozen=True)
class Device:
    """A device that starts: its name, ONNX Runtime's providers for it (the first one is it), and its memory."""

    name: str
    providers: tuple[str, ...]
    memory: Memory
    options: Mapping[str, str]
    """What tells a provider that it is this device and not another one of its kind."""

    @property
    def is_cpu(self) -> bool:
        """Whether arrays in main memory are used where they lie."""
        return self.memory.place.is_host

    def provider_list(self, options: Options, *, is_fixed: bool) -> list[tuple[str, dict[str, str]]]:
        """The providers as InferenceSession takes them, the caller's options over those of the first.

        `is_fixed`: the inputs have the same shapes in every call.
        """
        own = {name: {**told(name, options, is_fixed=is_fixed), **(self.options if name != CPU_PROVIDER else {})} for name in self.providers}
        own[self.providers[0]] |= {key: str(value) for key, value in options.provider_options.items()}
        return list(own.items())


@dataclass(frozen=True)
class ProviderState:
    """What became of one provider of ONNX Runtime on this machine."""

    name: str
    is_listed: bool
    """Whether the installed wheel contains it."""
    starts: bool
    """Whether a session starts on it."""
    reason: str
    """Why it does not start; empty where it does."""


def choose_device(wanted: str) -> Device:
    """The device of a name: `cpu`, `cuda`, `cuda:1`, `tensorrt`, or `auto`, which is CUDA where that starts and the CPU elsewhere.

    Raises:
        UnknownName: there is no device of that name.
        DeviceUnavailable: CUDA or TensorRT was asked for and does not start.
    """
    if not (match := re.fullmatch(r"auto|cpu|(cuda|tensorrt)(?::(\d+))?", wanted)):
        raise UnknownName("device", wanted, ["auto", "cpu", "cuda", "cuda:1", "tensorrt"])
    if wanted == "cpu":
        return _cpu()
    kind, number = match[1] or "cuda", int(match[2] or 0)
    reason = why_not_cuda(number) if kind == "cuda" else why_not_tensorrt(number)
    if not reason:
        return Device(f"{kind}:{number}", _PROVIDERS[kind], OrtMemory(Place(CUDA, number)), _device_id(number))
    if wanted == "auto":
        return _cpu()
    raise DeviceUnavailable(f"device {wanted} cannot start: {reason}", hint=HINT)


def survey_providers() -> tuple[ProviderState, ...]:
    """Every provider that is listed, and CUDA in any case: whether it really starts, and why not."""
    listed = onnxruntime.get_available_providers()
    names = listed if CUDA_PROVIDER in listed else [CUDA_PROVIDER, *listed]
    asked = {CUDA_PROVIDER: why_not_cuda, TENSORRT_PROVIDER: why_not_tensorrt}
    reasons = {name: asked[name](0) if name in asked else _why_not(name) for name in names}
    return tuple(ProviderState(name, name in listed, not reason, reason) for name, reason in reasons.items())


@functools.cache
def why_not_cuda(number: int) -> str:
    """Why no session starts on this CUDA device; empty where one does. Asked once a process."""
    return _why_not_nvidia(CUDA_PROVIDER, "CUDA", "cuda", number)


@functools.cache
def why_not_tensorrt(number: int) -> str:
    """Why no session starts with TensorRT on this CUDA device; empty where one does. Asked once a process."""
    return _why_not_nvidia(TENSORRT_PROVIDER, "TensorRT", "tensorrt", number)


def _cpu() -> Device:
    return Device("cpu", (CPU_PROVIDER,), OrtMemory(HOST), {})


def _why_not_nvidia(provider: str, title: str, library: str, number: int) -> str:
    if provider not in onnxruntime.get_available_providers():
        return f"the installed onnxruntime {onnxruntime.__version__} is built without {title}"
    with contextlib.redirect_stdout(io.StringIO()):
        onnxruntime.preload_dlls()
    failure = _why_not(provider, _device_id(number))
    return "; ".join(_missing(library, number)) or failure if failure else ""


def _device_id(number: int) -> dict[str, str]:
    """What tells a provider its device. The first one is not named: ONNX Runtime 1.26 and later log a warning for every session whose device is."""
    return {"device_id": str(number)} if number else {}


def _why_not(provider: str, options: Mapping[str, str] | None = None) -> str:
    session = onnxruntime.SessionOptions()
    session.log_severity_level = 4
    if provider != CPU_PROVIDER:
        session.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    try:
        with _quiet():
            probe = onnxruntime.InferenceSession(_ONE_NODE, session, providers=[(provider, dict(options or {}))], enable_fallback=0)
    except ort.FAILURES as error:
        return ort.reason(error)
    started = probe.get_providers()[0]
    return "" if started == provider else f"ONNX Runtime fell back to {started}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep ONNX Runtime's own log, which goes to file descriptor 2, silent; it has no way to ask for the level that was set before."""
    onnxruntime.set_default_logger_severity(4)
    try:
        yield
    finally:
        onnxruntime.set_default_logger_severity(2)


def _missing(library: str, number: int) -> list[str]:
    """What the provider of this library lacks on this machine, the driver first; empty where nothing is seen to be missing."""
    windows = sys.platform == "win32"
    driver = _load("nvcuda.dll" if windows else "libcuda.so.1")
    folder = Path(onnxruntime.__file__).parent / "capi"
    provider = _load(str(folder / (f"onnxruntime_providers_{library}.dll" if windows else f"libonnxruntime_providers_{library}.so")))
    missing = [f"{driver} was not found (it comes with the NVIDIA driver)"] if isinstance(driver, str) else _missing_devices(driver, number)
    if isinstance(provider, str) and provider != driver:
        missing.append(f"{provider} was not found (onnxruntime {onnxruntime.__version__} wants {_WANTED[library]})")
    return missing


def _missing_devices(driver: ctypes.CDLL, number: int) -> list[str]:
    if code := driver.cuInit(0):
        return [f"the NVIDIA driver finds no usable device (cuInit gives {code})"]
    count = ctypes.c_int()
    driver.cuDeviceGetCount(ctypes.byref(count))
    return [] if number < count.value else [f"there is no device {number}; the driver counts {count.value}, from 0"]


def _load(library: str) -> ctypes.CDLL | str:
    """Load a library, or tell the name of the one that was not found: itself, or one that it needs."""
    try:
        return ctypes.CDLL(library)
    except OSError as error:
        return str(error).partition(":")[0] or library
