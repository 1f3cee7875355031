"""Devices that really start, and the reasons of those that do not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

import onnxruntime
import pytest

from converter.errors import DeviceUnavailable, UnknownName
from converter.runtime import Session, survey_providers
from converter.runtime.opening import devices

NEGATE = "g (float[n] x) => (float[n] y) { y = Neg(x) }"
needs_no_cuda = pytest.mark.skipif(devices.why_not_cuda(0) == "", reason="CUDA starts here")


@needs_no_cuda
def test_asking_for_cuda_without_getting_it_is_an_error(graph: Callable[[str], bytes]) -> None:
    for name in ("cuda", "cuda:0", "cuda:1"):
        with pytest.raises(DeviceUnavailable) as caught:
            Session(graph(NEGATE), device=name)
        assert caught.value.message.startswith(f"device {name} cannot start: ")
        assert caught.value.hint == "converter doctor lists what is missing; --device cpu runs here"


@needs_no_cuda
def test_auto_is_the_cpu_where_cuda_does_not_start(graph: Callable[[str], bytes]) -> None:
    session = Session(graph(NEGATE))
    assert session.device == "cpu"
    assert session([1.0]).y.tolist() == [-1]


@needs_no_cuda
@pytest.mark.skipif(
    sys.platform != "linux" or "CUDAExecutionProvider" not in onnxruntime.get_available_providers(), reason="the CPU build has no CUDA"
)
def test_the_reason_names_what_is_missing() -> None:
    reason = devices.why_not_cuda(0)
    assert "libcuda.so.1 was not found (it comes with the NVIDIA driver)" in reason or "the NVIDIA driver finds no usable device" in reason
    assert "fallback" not in reason
    assert reason.count("was not found") == len(set(re.findall(r"\S+ was not found", reason)))


def test_a_wheel_without_cuda_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    devices.why_not_cuda.cache_clear()
    try:
        assert devices.why_not_cuda(0) == f"the installed onnxruntime {onnxruntime.__version__} is built without CUDA"
        states = {state.name: state for state in survey_providers()}
    finally:
        devices.why_not_cuda.cache_clear()
    assert list(states) == ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert (states["CUDAExecutionProvider"].is_listed, states["CUDAExecutionProvider"].starts) == (False, False)
    assert (states["CPUExecutionProvider"].starts, states["CPUExecutionProvider"].reason) == (True, "")


def test_the_survey_tells_listed_from_started() -> None:
    states = {state.name: state for state in survey_providers()}
    assert set(onnxruntime.get_available_providers()) <= set(states)
    assert states["CPUExecutionProvider"].starts
    for state in states.values():
        assert bool(state.reason) != state.starts


def test_probing_is_silent() -> None:
    code = "from converter.runtime import survey_providers; survey_providers()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.skipif(devices.why_not_tensorrt(0) == "", reason="TensorRT starts here")
def test_asking_for_tensorrt_without_getting_it_is_an_error(graph: Callable[[str], bytes]) -> None:
    for name in ("tensorrt", "tensorrt:1"):
        with pytest.raises(DeviceUnavailable) as caught:
            Session(graph(NEGATE), device=name)
        assert caught.value.message.startswith(f"device {name} cannot start: ")
        assert caught.value.hint == "converter doctor lists what is missing; --device cpu runs here"


def test_a_wheel_without_tensorrt_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    devices.why_not_tensorrt.cache_clear()
    try:
        assert devices.why_not_tensorrt(0) == f"the installed onnxruntime {onnxruntime.__version__} is built without TensorRT"
    finally:
        devices.why_not_tensorrt.cache_clear()


def test_the_names_of_devices(graph: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gpu", "cuda:", "cuda:x", "tensorrt:-1", "cpu:0", "auto:1"):
        with pytest.raises(UnknownName) as caught:
            Session(graph(NEGATE), device=name)
        assert caught.value.hint == "known: auto, cpu, cuda, cuda:1, tensorrt"
    monkeypatch.setattr(devices, "why_not_cuda", lambda _: "")
    monkeypatch.setattr(devices, "why_not_tensorrt", lambda _: "")
    assert [devices.choose_device(name).name for name in ("auto", "cuda", "cuda:1", "tensorrt", "tensorrt:2")] == [
        "cuda:0",
        "cuda:0",
        "cuda:1",
        "tensorrt:0",
        "tensorrt:2",
    ]
    chosen = devices.choose_device("tensorrt:2")
    assert chosen.providers == ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")
    assert (str(chosen.memory.place), chosen.options, chosen.is_cpu) == ("cuda:2", {"device_id": "2"}, False)
