"""What ONNX Runtime's providers are told, as far as it can be seen without a CUDA device."""

from __future__ import annotations

from typing import Any

import pytest

from converter.errors import UsageError
from converter.runtime.device.memory import OrtMemory
from converter.runtime.opening.devices import Device
from converter.runtime.opening.options import Options
from converter.runtime.opening.providers import CPU_PROVIDER, CUDA_PROVIDER, TENSORRT_PROVIDER, check_provider_options

BY_DEFAULT = {"arena_extend_strategy": "kSameAsRequested", "use_tf32": "0", "device_id": "1"}


def cuda(options: Options, *, is_fixed: bool = True) -> list[tuple[str, dict[str, str]]]:
    return Device("cuda:1", (CUDA_PROVIDER, CPU_PROVIDER), OrtMemory(), {"device_id": "1"}).provider_list(options, is_fixed=is_fixed)


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ({}, {}),
        ({"tf32": True}, {"use_tf32": "1"}),
        ({"memory_bytes": 1 << 30}, {"gpu_mem_limit": "1073741824"}),
        ({"stream": 4096}, {"user_compute_stream": "4096"}),
        ({"cuda_graph": True}, {"enable_cuda_graph": "1"}),
        ({"provider_options": {"prefer_nhwc": 1}}, {"prefer_nhwc": "1"}),
        (
            {"memory_bytes": 5, "provider_options": {"use_tf32": 1, "gpu_mem_limit": 7, "arena_extend_strategy": "kNextPowerOfTwo"}},
            {"use_tf32": "1", "gpu_mem_limit": "7", "arena_extend_strategy": "kNextPowerOfTwo"},
        ),
    ],
)
def test_cuda(options: dict[str, Any], more: dict[str, str]) -> None:
    assert cuda(Options(**options)) == [(CUDA_PROVIDER, {**BY_DEFAULT, **more}), (CPU_PROVIDER, {})]


def test_convolutions_are_not_tuned_anew_for_every_shape() -> None:
    free = cuda(Options(), is_fixed=False)[0][1]
    assert free == {**BY_DEFAULT, "cudnn_conv_algo_search": "HEURISTIC"}
    chosen = cuda(Options(provider_options={"cudnn_conv_algo_search": "EXHAUSTIVE"}), is_fixed=False)[0][1]
    assert chosen["cudnn_conv_algo_search"] == "EXHAUSTIVE"


def test_tensorrt_shares_device_and_stream_with_cuda() -> None:
    device = Device("tensorrt:1", (TENSORRT_PROVIDER, CUDA_PROVIDER, CPU_PROVIDER), OrtMemory(), {"device_id": "1"})
    options = Options(stream=4096, memory_bytes=7, provider_options={"trt_fp16_enable": True})
    assert device.provider_list(options, is_fixed=True) == [
        (TENSORRT_PROVIDER, {"user_compute_stream": "4096", "device_id": "1", "trt_fp16_enable": "True"}),
        (CUDA_PROVIDER, {**BY_DEFAULT, "gpu_mem_limit": "7", "user_compute_stream": "4096"}),
        (CPU_PROVIDER, {}),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("device_id", "device='cuda:1'"),
        ("user_compute_stream", "stream=…"),
        ("enable_cuda_graph", "cuda_graph=True"),
        ("trt_cuda_graph_enable", "device='cuda', cuda_graph=True"),
    ],
)
def test_what_the_session_must_know_is_said_to_the_session(name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_provider_options({name: 1})
    assert caught.value.message == f"{name} is no option of the provider here"
    assert caught.value.hint == f"say it to the Session: Session(…, {said})"
