"""Every private name of ONNX Runtime's Python package that the runtime uses, in one place.

The public methods check and wrap on every call what a Session has proven once: on a small graph `InferenceSession.run` takes 1.6 times as long as
the method beneath it. tests/runtime/test_ort_private.py holds each name against the installed version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import onnxruntime
from onnxruntime.capi import _pybind_state

Binding: Any = _pybind_state.SessionIOBinding  # (raw): bind_input, bind_output, get_outputs, synchronize_inputs
Value: Any = _pybind_state.OrtValue  # a tensor with its memory: data_ptr, shape, update_inplace
NodeArg: Any = _pybind_state.NodeArg  # name, type, shape

OPTIONS: Any = onnxruntime.RunOptions()  # shared by every run and never changed: with None, ONNX Runtime makes one each time
OPTIONS.log_severity_level = 4  # failures arrive as exceptions; else they are printed on stderr as well


def run_options(entries: Mapping[str, str]) -> Any:
    """RunOptions with these entries; ONNX Runtime's names."""
    options = onnxruntime.RunOptions()
    options.log_severity_level = OPTIONS.log_severity_level
    for name, value in entries.items():
        options.add_run_config_entry(name, value)
    return options


TERMINATED: Any = run_options({})  # a run told so ends, with an error, before its first node; ONNX Runtime tidies up behind it as behind any other
TERMINATED.terminate = True

InvalidProtobuf: type[Exception] = _pybind_state.InvalidProtobuf
NotImplementedYet: type[Exception] = _pybind_state.NotImplemented
_OWN = [kind for kind in vars(_pybind_state).values() if isinstance(kind, type) and issubclass(kind, Exception)]
FAILURES: tuple[type[Exception], ...] = (*_OWN, RuntimeError, ValueError)
"""Whatever ONNX Runtime raises for a graph or a run; its own classes have no common base."""

_NOISE = (
    r"^\[ONNXRuntimeError\] : \d+ : \w+ : ",
    r"^Load model from .+? failed:",
    r"^Error in execution: ",
    r"/\S+\.(?:cc|h|cpp):\d+ (?:[^()]*\([^()]*\)(?: const)? )?",  # a source file, its line and the signature of a function
)


def inner(session: Any) -> Any:
    """The session beneath the public wrapper: run, run_with_iobinding, get_providers, inputs_meta, outputs_meta, model_meta, and the record of placement."""
    return session._sess


def device(name: str, index: int) -> Any:
    """ONNX Runtime's own value for `cpu` or `cuda` and an index."""
    return onnxruntime.OrtDevice.make(name, index)._get_c_device()


def outputs(binding: Any) -> list[Any]:
    """The values of the outputs in their order. Asked for by number: a loop over them ends with a C++ exception, which costs more than a small graph."""
    values = binding.get_outputs()
    return [values[number] for number in range(len(values))]


def assigned(raw: Any) -> list[tuple[str, str, str, str]] | None:
    """Provider, operator, domain and name of every node as ONNX Runtime assigned it; None where this version keeps no record."""
    if not hasattr(raw, "get_provider_graph_assignment_info"):
        return None
    return [(part.ep_name, node.op_type, node.domain, node.name) for part in raw.get_provider_graph_assignment_info() for node in part.get_nodes()]


def reason(error: BaseException) -> str:
    """What an exception of ONNX Runtime says, without its codes, source files and C++ signatures."""
    text = " ".join(str(error).split())
    for noise in _NOISE:
        text = re.sub(noise, "", text)
    text = re.sub(r"^Non-zero status code returned while running (\w+) node\. Name:'(.*?)' Status Message: ", r"\1 node '\2': ", text)
    return text.strip().rstrip(".") or type(error).__name__
