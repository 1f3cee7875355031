"""What each of ONNX Runtime's execution providers is told.

Names and values are those of ONNX Runtime's own option parsers; numbers are written in decimal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from converter.errors import UsageError
from converter.runtime.opening.options import Options

CPU_PROVIDER, CUDA_PROVIDER, TENSORRT_PROVIDER = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"

# What a Session must know itself, and how it is said to it.
_SAID_ELSEWHERE = {
    "device_id": "device='cuda:1'",
    "user_compute_stream": "stream=…",
    "has_user_compute_stream": "stream=…",
    "enable_cuda_graph": "cuda_graph=True",
    "trt_cuda_graph_enable": "device='cuda', cuda_graph=True",
}


def check_provider_options(options: Mapping[str, object]) -> None:
    """See that nothing is told behind the Session's back.

    Raises:
        UsageError: an option names another device or stream, or captures every call.
    """
    for name in options:
        if name in _SAID_ELSEWHERE:
            raise UsageError(f"{name} is no option of the provider here", hint=f"say it to the Session: Session(…, {_SAID_ELSEWHERE[name]})")


def told(provider: str, options: Options, *, is_fixed: bool) -> dict[str, str]:
    """The options of one provider; `is_fixed`: the inputs have the same shapes in every call."""
    return _TOLD[provider](options, is_fixed) if provider in _TOLD else {}


def _cuda(options: Options, is_fixed: bool) -> dict[str, str]:  # noqa: FBT001 - one signature for all providers
    told = {
        "arena_extend_strategy": "kSameAsRequested",  # else memory doubles at every growth
        "use_tf32": str(int(options.tf32)),  # on by default in ONNX Runtime
    }
    if not is_fixed:
        told["cudnn_conv_algo_search"] = "HEURISTIC"  # else every new shape is tuned anew: 80 ms against 15 for the example's CRNN on an H200
    if options.memory_bytes is not None:
        told["gpu_mem_limit"] = str(options.memory_bytes)
    if options.cuda_graph:
        told["enable_cuda_graph"] = "1"
    return told | _stream(options, is_fixed)


def _stream(options: Options, _is_fixed: bool) -> dict[str, str]:  # noqa: FBT001 - one signature for all providers
    return {} if options.stream is None else {"user_compute_stream": str(options.stream)}


# TensorRT has no option for TF32: it decides itself.
_TOLD: dict[str, Callable[[Options, bool], dict[str, str]]] = {CUDA_PROVIDER: _cuda, TENSORRT_PROVIDER: _stream}
