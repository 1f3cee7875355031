"""The face of a graph: open it once, call it with arrays of any library."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.errors import InputError, UsageError
from converter.runtime.binding.bound import Bound
from converter.runtime.opening.devices import Device
from converter.runtime.opening.graph import Source, open_somewhere
from converter.runtime.opening.handles import stream_address
from converter.runtime.opening.options import Options
from converter.runtime.opening.placement import Placement, placement
from converter.runtime.opening.ports import Port
from converter.runtime.result import Result
from converter.runtime.roads import road_of
from converter.runtime.tables.batches import Rows, map_batches
from converter.runtime.warming import warm_up

if TYPE_CHECKING:
    import pyarrow as pa

_POOL_BYTES = 256 << 20


class Session:
    """An ONNX graph, open on one device.

    `session(images)`, `session(images=…)` and `session({"images": …})` run it. Arrays come from NumPy, PyTorch, CuPy, JAX or whatever speaks DLPack
    or an array interface; outputs come back in the library of the first input that is not NumPy's, on the session's device. A result never changes
    under a later call. Threads may share a session; other processes open it anew when it is pickled, from the same path or, if it was opened from bytes,
    from those.
    """

    def __init__(
        self,
        source: Source,
        *,
        device: str | Device = "auto",
        optimised: bool = True,
        threads: int | None = None,
        sizes: Mapping[str, int] | None = None,
        stream: object = None,
        cuda_graph: bool = False,
        tf32: bool = False,
        memory_bytes: int | None = None,
        provider_options: Mapping[str, object] | None = None,
        pool_bytes: int = _POOL_BYTES,
    ) -> None:
        """Open a graph.

        Args:
            source: an ONNX file, or the bytes of one.
            device: `cpu`, `cuda`, `cuda:1`, `tensorrt`, or `auto`: CUDA where it really starts and has kernels for the graph, the CPU elsewhere.
            optimised: False turns ONNX Runtime's graph optimisations off.
            threads: how many threads one operator may use; without it ONNX Runtime uses every core.
            sizes: fixes free axes, `{"batch": 8, "width": 100}`; ONNX Runtime then folds their arithmetic away.
            stream: the CUDA stream to run on: torch's, CuPy's, whatever has `__cuda_stream__`, or an address; without it the session has one of its own.
            cuda_graph: bound loops are captured as CUDA graphs; every axis must be fixed by `sizes` or by the graph.
            tf32: CUDA's matrix products and convolutions may round their operands to 10 bits of mantissa, for speed; what the proof of a conversion
                said of the deviation then no longer holds. The CPU has no TF32, and TensorRT decides itself.
            memory_bytes: the most that ONNX Runtime's arena may take on the CUDA device.
            provider_options: handed to ONNX Runtime's provider for the device, over all of these, for example `{"prefer_nhwc": 1}`.
            pool_bytes: how many bytes of device memory may wait for their next use.

        Raises:
            SourceNotFound: there is no such file.
            GraphError: ONNX Runtime cannot load it, or cannot capture it.
            DeviceUnavailable: the device does not start.
            UsageError: an argument makes no sense, or none on this device.
        """
        self._pickled = {"device": device, "optimised": optimised, "threads": threads, "sizes": sizes, "stream": stream, "cuda_graph": cuda_graph}
        self._pickled |= {"tf32": tf32, "memory_bytes": memory_bytes, "provider_options": provider_options, "pool_bytes": pool_bytes}
        address = None if stream is None else stream_address(stream)
        options = Options(optimised, threads, sizes or {}, address, cuda_graph, tf32, memory_bytes, provider_options or {}, stream_owner=stream)
        self._device, self._opened = open_somewhere(source, device, options)
        self._source = source if isinstance(source, bytes) else Path(source).absolute()
        road = road_of(self._opened, pool_bytes)
        self._call, self._plans = road.call, road.known
        self._first = next(iter(self._opened.inputs), "")

    def __del__(self) -> None:
        """Give the graph's memory back at once, not when the collector comes: plans know the road that keeps them."""
        with contextlib.suppress(AttributeError):  # one that could not be opened has no plans
            self._plans.clear()

    @property
    def device(self) -> str:
        """What the device became: cpu, cuda:0."""
        return self._device.name

    @property
    def inputs(self) -> tuple[Port, ...]:
        """The declared inputs, in the graph's order."""
        return tuple(self._opened.inputs.values())

    @property
    def outputs(self) -> tuple[Port, ...]:
        """The declared outputs, in the graph's order."""
        return self._opened.outputs

    @property
    def metadata(self) -> dict[str, str]:
        """What the file's metadata_props say."""
        return dict(self._opened.metadata)

    def __call__(self, /, *args: Any, **feeds: Any) -> Result:
        """Run once.

        Args:
            args: the inputs in the graph's order, or one mapping of names to arrays.
            feeds: inputs by name.

        Returns:
            A Result: `out.logits`, `out["logits"]`, `out[0]`.

        Raises:
            InputError: the graph cannot take the inputs.
            GraphError: the graph failed.
        """
        if args:
            if len(args) == 1 and not feeds and type(args[0]) is dict:
                feeds = args[0]
            elif len(args) == 1 and not feeds and self._first and hasattr(args[0], "dtype"):
                feeds = {self._first: args[0]}
            else:
                feeds = dict(self._named(args, feeds))
        try:  # the look-up proves names, types, dtypes, byte orders, ranks and dims
            if len(feeds) == 1:
                for name, value in feeds.items():
                    signature = name, type(value), value.dtype, value.shape
            else:
                parts: list[Any] = []
                for name, value in feeds.items():
                    parts += name, type(value), value.dtype, value.shape
                signature = tuple(parts)
            plan = self._plans[signature]
        except (AttributeError, KeyError, TypeError):
            plan = self._call
        return plan(feeds)

    def run(self, feeds: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
        """Run once, from NumPy arrays by name to NumPy arrays by name, on whatever device.

        Raises:
            InputError: the graph cannot take the inputs.
            GraphError: the graph failed.
        """
        return self(feeds)._asdict()

    def map_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        *,
        keep: Sequence[str] = (),
        columns: Mapping[str, Sequence[str]] | None = None,
        constants: Mapping[str, Any] | None = None,
        fill: Mapping[str, Any] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Run the graph on every row of a stream of record batches, with one batch in memory at a time.

        An input [batch] or [batch, 1] is the column of its name; [batch, n] is a column of lists, or n columns: those that the graph's metadata or
        `columns` name, or `name_0`, `name_1` and so on, or all the columns where the graph has one input and they are that many. Floats are rounded
        to the input's dtype; whatever else would lose its value is refused. A missing float is NaN. An output [batch] or [batch, 1] becomes a
        column, [batch, n] a column of lists.

        Args:
            batches: record batches, of one schema or several.
            keep: the columns that pass through, before the outputs; `*` for all.
            columns: the columns of an input, `{"features": ["age", "height"]}`.
            constants: inputs that are the same for every row, `{"threshold": 0.5}`.
            fill: what stands for a missing value of a column, `{"town": ""}`.

        Yields:
            A record batch for each given one: the kept columns and one column for each output.

        Raises:
            InputError: the table lacks a column, or the graph cannot take a value.
            GraphError: the graph failed, or an output has no value for each row.
            UsageError: an argument names what does not exist.
            MissingPackage: pyarrow is not installed.
        """
        rows = Rows((keep,) if isinstance(keep, str) else tuple(keep), columns or {}, constants or {}, fill or {})
        return map_batches(self._opened, self._call, batches, rows)

    def bind(self, /, *args: Any, outputs: Any = None, **buffers: Any) -> Bound:
        """Bind buffers once for a hot loop.

        Args:
            args: the inputs in the graph's order, or one mapping of names to buffers.
            outputs: buffers for outputs by name, `{"logits": buffer}`; the others are allocated. An array is the buffer of an input named `outputs`.
            buffers: inputs by name.

        Raises:
            InputError: a buffer is none that the graph takes or gives, or cannot be used where it lies.
            GraphError: the graph failed, or cannot be captured.
        """
        if outputs is not None and not isinstance(outputs, Mapping):
            buffers["outputs"], outputs = outputs, None
        return Bound(self._opened, self._named(args, buffers) if args else buffers, outputs or {})

    def warmup(self, *sizes: Mapping[str, int]) -> None:
        """Run the graph at these sizes of its axes, so that the first real call is as fast as the others.

        The feeds are zeros, and empty strings. On CUDA each size is run from main memory and from the device, for callers of either kind.

        Args:
            sizes: one mapping, or several: `session.warmup({"batch": 1, "width": 100}, {"batch": 8, "width": 100})`; none for a graph without free axes.

        Raises:
            UnknownName: the graph has no such axis.
            UsageError: a size is missing or no positive whole number, or an input has a dimension that no axis names.
            GraphError: the graph fails on zeros.
        """
        warm_up(self._opened, self._call, sizes)

    def placement(self) -> Placement:
        """Which nodes of the graph run where; `print(session.placement())` shows it in a line.

        Raises:
            UsageError: the installed ONNX Runtime keeps no record.
        """
        return placement(self._opened.raw)

    def __reduce__(self) -> tuple[Any, ...]:
        if self._pickled["stream"] is not None or not isinstance(self._pickled["device"], str):
            raise UsageError("a Session on a stream or memory of this process cannot be pickled", hint="open one where it runs")
        return (_reopened, (self._source, self._pickled))

    def __repr__(self) -> str:
        return f"Session({self._opened.title} on {self.device}: {', '.join(map(str, self.inputs))} -> {', '.join(map(str, self.outputs))})"

    def _named(self, args: tuple[Any, ...], feeds: dict[str, Any]) -> Mapping[str, Any]:
        """Positional inputs by their names."""
        if len(args) == 1 and isinstance(args[0], Mapping):
            named: Mapping[str, Any] = args[0]
        elif len(args) > len(self._opened.inputs):
            raise InputError(f"{len(args)} inputs were given", hint=f"the graph takes {', '.join(map(str, self.inputs)) or 'no inputs'}")
        else:
            named = dict(zip(self._opened.inputs, args, strict=False))
        if not feeds:
            return named
        if twice := [name for name in named if name in feeds]:
            raise InputError(f"input '{twice[0]}' was given twice", hint="give each input by position or by name")
        return {**named, **feeds}


def _reopened(source: Source, arguments: dict[str, Any]) -> Session:
    return Session(source, **arguments)
