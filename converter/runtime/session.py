"""The face of a graph: open it once, call it with arrays of any library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from converter.errors import InputError
from converter.runtime.binding import BindingRoad
from converter.runtime.bound import Bound
from converter.runtime.devices import Device, choose_device
from converter.runtime.opening import Options, Source, open_graph
from converter.runtime.plain import PlainRoad
from converter.runtime.ports import Port
from converter.runtime.result import Result

_POOL_BYTES = 256 << 20


class Session:
    """An ONNX graph, open on one device.

    `session(images)`, `session(images=…)` and `session({"images": …})` run it. Arrays come from NumPy, PyTorch, CuPy, JAX or whatever speaks DLPack
    or an array interface; outputs come back in the library of the first input that is not NumPy's, on the session's device. A result never changes
    under a later call. Threads may share a session.
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
            device: `cpu`, `cuda`, `cuda:1`, or `auto`: CUDA where it really starts, the CPU elsewhere.
            optimised: False turns ONNX Runtime's graph optimisations off.
            threads: how many threads one operator may use; without it ONNX Runtime uses every core.
            sizes: fixes free axes, `{"batch": 8, "width": 100}`; ONNX Runtime then folds their arithmetic away.
            stream: the CUDA stream to run on: torch's, CuPy's, or its address; without it the session has one of its own.
            cuda_graph: bound loops are captured as CUDA graphs; every axis must be fixed by `sizes` or by the graph.
            tf32: CUDA's matrix products and convolutions may round their operands to 10 bits of mantissa, for speed.
            memory_bytes: the most that ONNX Runtime's arena may take on the CUDA device.
            provider_options: handed to ONNX Runtime's provider for the device, for example `{"use_tf32": 0}`.
            pool_bytes: how many bytes of device memory may wait for their next use.

        Raises:
            SourceNotFound: there is no such file.
            GraphError: ONNX Runtime cannot load it.
            DeviceUnavailable: the device does not start.
            UsageError: an argument makes no sense.
        """
        chosen = choose_device(device) if isinstance(device, str) else device
        self._device = chosen
        self._opened = open_graph(source, chosen, Options(optimised, threads, provider_options or {}))
        if self._opened.is_bindable and not (chosen.is_cpu and self._opened.is_native):
            road: PlainRoad | BindingRoad = BindingRoad(self._opened, chosen.memory, pool_bytes)
        else:
            road = PlainRoad(self._opened)
        self._call = road.call

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
        return self._call(self._named(args, feeds) if args else feeds)

    def run(self, feeds: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
        """Run once, from NumPy arrays by name to NumPy arrays by name, on whatever device.

        Raises:
            InputError: the graph cannot take the inputs.
            GraphError: the graph failed.
        """
        return self._call(feeds)._asdict()

    def bind(self, /, *args: Any, **buffers: Any) -> Bound:
        """Bind buffers once for a hot loop; the arguments are those of a call.

        Raises:
            InputError: a buffer is none that the graph takes, or cannot be read where it lies.
            GraphError: the graph failed.
        """
        return Bound(self._opened, self._device.memory, self._named(args, buffers) if args else buffers)

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
