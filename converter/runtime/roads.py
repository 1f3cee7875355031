"""The ways on which a call reaches ONNX Runtime, and which one it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from converter.runtime.arrays.libraries import library_of
from converter.runtime.arrays.library import NUMPY
from converter.runtime.binding.road import BindingRoad
from converter.runtime.opening.graph import Opened
from converter.runtime.plain.plans import Plan, Signature
from converter.runtime.plain.road import PlainRoad
from converter.runtime.result import Result


class Road(Protocol):
    """A way of calling a graph."""

    @property
    def known(self) -> dict[Signature, Plan]:
        """How to run feeds of the signatures that it has met; a call of one of them may skip `call`."""
        ...

    def call(self, feeds: Mapping[str, Any]) -> Result:
        """Make every check and run.

        Raises:
            InputError: the graph cannot take the feeds.
            GraphError: the graph failed.
        """
        ...


class DeviceRoads:
    """The two roads of a device: arrays in main memory that come back there, and arrays that stay where they are.

    ONNX Runtime's plain call copies NumPy's arrays there and back in a fifth of the time that binding them takes.
    """

    def __init__(self, opened: Opened, pool_bytes: int) -> None:
        self.plain, self.binding = PlainRoad(opened, pool_bytes), BindingRoad(opened, pool_bytes)

    @property
    def known(self) -> dict[Signature, Plan]:
        """The plans of the plain road."""
        return self.plain.known

    def call(self, feeds: Mapping[str, Any]) -> Result:
        """Run on the road of the feeds: one array that is not NumPy's, and all stays on the device."""
        is_plain = all(library_of(value) in {None, NUMPY} for value in feeds.values())
        return self.plain.call(feeds) if is_plain else self.binding.call(feeds)


def road_of(opened: Opened, pool_bytes: int) -> Road:
    """The road of a graph's calls, with this many bytes for what waits for its next use.

    Strings and sequences cannot be bound; bfloat16 and float8 cannot be called plainly.
    """
    if not opened.is_bindable:
        return PlainRoad(opened, pool_bytes)
    if not opened.is_native:
        return BindingRoad(opened, pool_bytes)
    return PlainRoad(opened, pool_bytes) if opened.order.memory.place.is_host else DeviceRoads(opened, pool_bytes)
