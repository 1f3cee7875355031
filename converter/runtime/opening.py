"""A graph opened by ONNX Runtime on one device."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnxruntime

from converter.errors import DeviceUnavailable, GraphError, SourceNotFound, UsageError
from converter.runtime import ort_private as ort
from converter.runtime.devices import HINT, Device
from converter.runtime.ports import Port, read_port
from converter.runtime.ranks import shaped_ports

Source = str | os.PathLike[str] | bytes


@dataclass(frozen=True)
class Options:
    """How a graph is opened; the arguments of Session say what each means."""

    optimised: bool = True
    threads: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    stream: int | None = None
    cuda_graph: bool = False
    tf32: bool = False
    memory_bytes: int | None = None
    provider_options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """An open graph: ONNX Runtime's session, what it declares, and what to call it in messages."""

    title: str
    raw: Any
    inputs: Mapping[str, Port]
    outputs: tuple[Port, ...]
    metadata: Mapping[str, str]
    options: Options

    @property
    def is_bindable(self) -> bool:
        """Whether every input and output can be bound."""
        return all(port.is_bindable for port in (*self.inputs.values(), *self.outputs))

    @property
    def is_native(self) -> bool:
        """Whether ONNX Runtime's plain call takes every input and gives every output that is a tensor."""
        return all(port.is_native or port.dtype is None for port in (*self.inputs.values(), *self.outputs))

    def failure(self, error: Exception) -> GraphError:
        """What a failed run means to the caller."""
        hint = "look at the values and at the lengths of the free axes; Session(…, optimised=False) tells whether an optimisation is at fault"
        return GraphError(f"{self.title} fails on these inputs: {ort.reason(error)}", hint=hint)


def open_graph(source: Source, device: Device, options: Options) -> Opened:
    """Open a graph from a file or from its bytes.

    Raises:
        SourceNotFound: there is no such file.
        GraphError: ONNX Runtime cannot load it.
        DeviceUnavailable: ONNX Runtime loaded it, but not on the device.
        UsageError: `threads` is no positive number, or the source is neither path nor bytes.
    """
    place, title = _located(source)
    try:
        session = onnxruntime.InferenceSession(
            place if isinstance(place, bytes) else str(place),
            _session_options(options),
            providers=device.provider_list(options.provider_options),
            enable_fallback=0,
        )
    except ort.FAILURES as error:
        raise GraphError(f"ONNX Runtime cannot load {title}: {ort.reason(error)}", hint=_hint(error)) from error
    if session.get_providers()[0] != device.providers[0]:
        raise DeviceUnavailable(f"device {device.name} did not start for {title}: ONNX Runtime fell back to {session.get_providers()[0]}", hint=HINT)
    raw = ort.inner(session)
    shaped = shaped_ports(place) if any(port.shape == [] for port in (*raw.inputs_meta, *raw.outputs_meta)) else frozenset[str]()
    inputs = {port.name: port for port in (read_port(declared, shaped) for declared in raw.inputs_meta)}
    outputs = tuple(read_port(declared, shaped) for declared in raw.outputs_meta)
    return Opened(title, raw, inputs, outputs, dict(raw.model_meta.custom_metadata_map), options)


def _located(source: Source) -> tuple[Path | bytes, str]:
    if isinstance(source, bytes):
        return source, "the graph in memory"
    if not isinstance(source, (str, os.PathLike)):
        raise UsageError(f"a Session opens a path or bytes, not {type(source).__name__}", hint="an onnx.ModelProto has model.SerializeToString()")
    path = Path(source)
    if not path.exists():
        raise SourceNotFound(str(path), hint="check the path; converter convert makes an ONNX file")
    if path.is_dir():
        raise GraphError(f"{path} is a folder, not an ONNX file", hint="name the file in it")
    return path, str(path)


def _session_options(options: Options) -> Any:
    session = onnxruntime.SessionOptions()
    session.log_severity_level = 4  # failures arrive as exceptions; else they are printed on stderr as well
    if not options.optimised:
        session.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if options.threads is not None:
        if options.threads < 1:
            raise UsageError(f"threads is {options.threads}", hint="give a positive number; without it ONNX Runtime uses every core")
        session.intra_op_num_threads = options.threads
    return session


def _hint(error: Exception) -> str:
    if isinstance(error, ort.InvalidProtobuf):
        return "it is cut short, or no ONNX file at all: write it again"
    if isinstance(error, ort.NotImplementedYet):
        return f"onnxruntime {onnxruntime.__version__} lacks that operator for its dtype; another exporter, opset or dtype may avoid it"
    return "converter inspect shows what is in it"
