"""A graph opened by ONNX Runtime on one device."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnxruntime

from converter.errors import DeviceUnavailable, GraphError, SourceNotFound, UsageError
from converter.runtime import ort_private as ort
from converter.runtime.device.streams import Order
from converter.runtime.opening.axes import Axes, read_axes
from converter.runtime.opening.devices import HINT, Device, choose_device
from converter.runtime.opening.options import Options
from converter.runtime.opening.placement import RECORD, is_whole, placement
from converter.runtime.opening.ports import Port, read_port
from converter.runtime.opening.providers import CPU_PROVIDER, check_provider_options
from converter.runtime.opening.ranks import shaped_ports

Source = str | os.PathLike[str] | bytes

_MOST_SHOWN = 8  # nodes that a message names


@dataclass(frozen=True)
class Opened:
    """An open graph: ONNX Runtime's session, what it declares, and what to call it in messages."""

    title: str
    raw: Any
    inputs: Mapping[str, Port]
    outputs: tuple[Port, ...]
    metadata: Mapping[str, str]
    options: Options
    order: Order
    """Of its runs, in the device's memory, with the work of others."""

    @property
    def is_bindable(self) -> bool:
        """Whether every input and output can be bound."""
        return all(port.is_bindable for port in (*self.inputs.values(), *self.outputs))

    @property
    def is_native(self) -> bool:
        """Whether ONNX Runtime's plain call takes every input and gives every output that is a tensor."""
        return all(port.is_native or port.dtype is None for port in (*self.inputs.values(), *self.outputs))

    @property
    def plain_run(self) -> Callable[[list[str], Mapping[str, Any], Any], list[Any]]:
        """ONNX Runtime's plain call; runs that share a CUDA stream take turns."""
        run: Callable[..., list[Any]] = self.raw.run
        if self.order.memory.place.is_host:
            return run

        def in_turn(*arguments: Any) -> list[Any]:
            with self.order.turn:
                return run(*arguments)

        return in_turn

    def failure(self, error: Exception) -> GraphError:
        """What a failed run means to the caller."""
        hint = "look at the values and at the lengths of the free axes; Session(…, optimised=False) tells whether an optimisation is at fault"
        return GraphError(f"{self.title} fails on these inputs: {ort.reason(error)}", hint=hint)


def open_graph(source: Source, device: Device, options: Options) -> Opened:
    """Open a graph from a file or from its bytes.

    Raises:
        SourceNotFound: there is no such file.
        GraphError: ONNX Runtime cannot load it, or cannot capture it.
        DeviceUnavailable: ONNX Runtime loaded it, but not on the device.
        UnknownName: the graph has no axis of a name in `sizes`.
        UsageError: an option makes no sense, or none on this device, or the source is neither path nor bytes.
    """
    _check(device, options)
    place, title = _located(source)
    axes = read_axes(place, options.sizes) if options.sizes or not device.is_cpu else Axes({}, {})
    if options.cuda_graph:
        _check_capturable(title, axes.free)
    memory = device.memory.with_stream(options.stream, options.stream_owner, captures=options.cuda_graph)
    options = replace(options, stream=memory.stream.address if memory.stream else options.stream)
    raw = ort.inner(_open(place, title, device, options, axes))
    axes.check_known(options.sizes)
    shaped = shaped_ports(place) if any(port.shape == [] for port in (*raw.inputs_meta, *raw.outputs_meta)) else frozenset[str]()
    inputs = {port.name: port for port in (read_port(declared, shaped) for declared in raw.inputs_meta)}
    outputs = tuple(read_port(declared, shaped) for declared in raw.outputs_meta)
    order = Order(memory, raw, inputs, is_whole=is_whole(raw), captures=options.cuda_graph)
    return Opened(title, raw, inputs, outputs, dict(raw.model_meta.custom_metadata_map), options, order)


def open_somewhere(source: Source, device: str | Device, options: Options) -> tuple[Device, Opened]:
    """Open a graph on a device, given or named. `auto` takes the CPU for a graph of which no node would run on CUDA.

    Raises:
        UnknownName: there is no device of that name.
        SourceNotFound, GraphError, DeviceUnavailable, UsageError: see open_graph.
    """
    chosen = choose_device(device) if isinstance(device, str) else device
    opened = open_graph(source, chosen, options)
    if device == "auto" and not options.cuda_only and _gains_nothing(opened.raw, chosen):
        chosen = choose_device("cpu")
        opened = open_graph(source, chosen, options)
    return chosen, opened


def _gains_nothing(raw: Any, device: Device) -> bool:
    assigned = ort.assigned(raw)
    return not device.is_cpu and assigned is not None and all(provider == CPU_PROVIDER for provider, *_ in assigned)


def _check(device: Device, options: Options) -> None:
    options.check()
    check_provider_options(options.provider_options)
    if device.is_cpu and (asked := options.cuda_only):
        raise UsageError(f"{asked[0]} means nothing on the CPU", hint="leave it out, or name the device: Session(…, device='cuda')")
    if options.cuda_graph and device.name.startswith("tensorrt"):
        raise UsageError("cuda_graph captures what CUDA's own kernels do, not TensorRT's engines", hint="open it with device='cuda'")


def _check_capturable(title: str, free: list[str]) -> None:
    if free:
        raise UsageError(
            f"{title} cannot be captured as a CUDA graph, which has one shape: {', '.join(free)} may vary",
            hint="fix every axis: Session(…, cuda_graph=True, sizes={'batch': 8, …}); a dimension without a name needs one, or a length, in the graph",
        )


def _open(place: Path | bytes, title: str, device: Device, options: Options, axes: Axes) -> Any:
    try:
        session = _start(place, device, options, axes)
    except ort.FAILURES as error:
        reason = ort.reason(error)
        if "provider option" in reason.lower():
            raise UsageError(f"device {device.name}: {reason}", hint="provider_options takes the options of ONNX Runtime's provider") from error
        if options.cuda_graph and "graph capture" in reason:
            why = _in_the_way(place, device, options, axes) if "control flow" not in reason else ""
            hint = "leave cuda_graph out: a bound loop needs no capture"
            raise GraphError(f"{title} cannot be captured as a CUDA graph: {why or reason}", hint=hint) from error
        raise GraphError(f"ONNX Runtime cannot load {title}: {reason}", hint=_hint(error, options)) from error
    if session.get_providers()[0] != device.providers[0]:
        raise DeviceUnavailable(f"device {device.name} did not start for {title}: ONNX Runtime fell back to {session.get_providers()[0]}", hint=HINT)
    return session


def _start(place: Path | bytes, device: Device, options: Options, axes: Axes) -> Any:
    return onnxruntime.InferenceSession(
        place if isinstance(place, bytes) else str(place),
        _session_options(options, axes.fixed),
        providers=device.provider_list(options, is_fixed=not axes.free),
        enable_fallback=0,
    )


def _in_the_way(place: Path | bytes, device: Device, options: Options, axes: Axes) -> str:
    """Which nodes prevent a capture: opened again without one, the graph can be asked. Empty where that tells nothing."""
    with contextlib.suppress(*ort.FAILURES, UsageError):
        nodes = placement(ort.inner(_start(place, device, replace(options, cuda_graph=False), axes))).on_cpu
        shown = [*map(str, nodes[:_MOST_SHOWN]), *(["…"] if len(nodes) > _MOST_SHOWN else [])]
        return f"{len(nodes)} nodes run on the CPU: {', '.join(shown)}" if nodes else ""
    return ""


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


def _session_options(options: Options, fixed: Mapping[str, int]) -> Any:
    session = onnxruntime.SessionOptions()
    session.log_severity_level = 4  # failures arrive as exceptions; else they are printed on stderr as well
    session.add_session_config_entry(RECORD, "1")
    if not options.optimised:
        session.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if options.threads is not None:
        session.intra_op_num_threads = options.threads
    for dim, length in fixed.items():
        session.add_free_dimension_override_by_name(dim, length)
    return session


def _hint(error: Exception, options: Options) -> str:
    if isinstance(error, ort.InvalidProtobuf):
        return "it is cut short, or no ONNX file at all: write it again"
    if isinstance(error, ort.NotImplementedYet):
        return f"onnxruntime {onnxruntime.__version__} lacks that operator for its dtype; another exporter, opset or dtype may avoid it"
    if options.sizes:
        return "the graph may not work at these sizes; without sizes=… it tells whether it loads at all"
    return "converter inspect shows what is in it"
