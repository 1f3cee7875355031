"""The road of main memory: every check once a signature, then ONNX Runtime's plain call, whose results are memory of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from converter.errors import InputError
from converter.runtime import ort_private as ort
from converter.runtime.arrays import NUMPY, REFUSALS, Library, library_of, read_host, refusal
from converter.runtime.checks import check_axes, check_feed, check_names, check_text
from converter.runtime.literals import literal
from converter.runtime.opening import Opened
from converter.runtime.places import HOST
from converter.runtime.ports import Port
from converter.runtime.result import Result, result_type

_READY = 0x101  # ndarray.flags.num: C-contiguous and aligned
_MOST_PLANS = 4096  # signatures remembered; with one more all are forgotten, which costs one check each

Feeds = Mapping[str, Any]


class PlainRoad:
    """Calls a graph through `run`: the CPU's road, and that of strings and sequences everywhere."""

    def __init__(self, opened: Opened) -> None:
        self._opened, self._run = opened, opened.raw.run
        self._names = [port.name for port in opened.outputs]
        self._result = result_type(self._names)
        self._plans: dict[Any, _Plan] = {}

    def call(self, feeds: Feeds) -> Result:
        """Run once.

        Raises:
            InputError: the graph cannot take the feeds.
            GraphError: the graph failed.
        """
        try:  # the look-up proves names, dtypes, byte order, ranks and dims; spelled out, since calling _signature costs as much
            plan = self._plans[tuple([(name, type(value), value.dtype, value.shape) for name, value in feeds.items()])]
        except (AttributeError, KeyError, TypeError):  # a list has no dtype, and an unknown array's dtype may not be hashable
            feeds, plan = self._learn(feeds)
        arrays = feeds
        for value in feeds.values() if plan.is_direct else (None,):
            if value is None or value.flags.num & _READY != _READY:
                arrays = _ready(plan.inputs, feeds)
                break
        try:
            values = self._run(self._names, arrays, ort.OPTIONS)
        except UnicodeEncodeError as error:
            raise InputError(f"a string is not Unicode text: {error}", hint="text.encode('utf-8', 'replace').decode() replaces the fault") from error
        except ort.FAILURES as error:
            raise self._opened.failure(error) from error
        return self._result(values if plan.give is None else map(plan.give, values))

    def _learn(self, feeds: Feeds) -> tuple[Feeds, _Plan]:
        """Make every check; what cannot change while types, dtypes and shapes stay is remembered."""
        ports = self._opened.inputs
        check_names(ports, feeds)
        libraries = {name: library_of(value) for name, value in feeds.items()}
        feeds = {name: value if libraries[name] else literal(ports[name], value) for name, value in feeds.items()}
        arrays = {name: read_host(name, libraries[name] or NUMPY, value) for name, value in feeds.items()}
        for name, array in arrays.items():
            check_feed(ports[name], array.dtype, array.shape)
        check_axes(ports, {name: array.shape for name, array in arrays.items()})
        inputs = {name: _Input(ports[name], libraries[name] or NUMPY, is_exact=_is_exact(ports[name], array)) for name, array in arrays.items()}
        plan = _Plan(inputs, all(one.is_exact and type(feeds[name]) is np.ndarray for name, one in inputs.items()), self._giver(inputs))
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        with contextlib.suppress(AttributeError, TypeError):
            self._plans[_signature(feeds)] = plan
        return feeds, plan

    def _giver(self, inputs: Mapping[str, _Input]) -> Callable[[Any], Any] | None:
        """How outputs become the caller's arrays; strings, sequences and maps stay what ONNX Runtime makes of them."""
        give = next((one.library.from_host for one in inputs.values() if one.library is not NUMPY), None)
        if give is None or all(port.is_bindable for port in self._opened.outputs):
            return give
        return lambda value: give(value) if type(value) is np.ndarray and value.dtype != object else value


class _Input(NamedTuple):
    """How the values of one input are read; `is_exact`: they need neither cast nor byte swap nor a look at every item."""

    port: Port
    library: Library
    is_exact: bool


class _Plan(NamedTuple):
    """What is known of feeds of one signature; `is_direct`: they are NumPy arrays that ONNX Runtime reads as they are, if contiguous."""

    inputs: Mapping[str, _Input]
    is_direct: bool
    give: Callable[[Any], Any] | None


def _signature(feeds: Feeds) -> tuple[Any, ...]:
    return tuple([(name, type(value), value.dtype, value.shape) for name, value in feeds.items()])


def _is_exact(port: Port, array: np.ndarray[Any, Any]) -> bool:
    return array.dtype == port.dtype and not port.is_string


def _ready(inputs: Mapping[str, _Input], feeds: Feeds) -> dict[str, np.ndarray[Any, Any]]:
    """The feeds as contiguous, aligned arrays of the declared dtypes in native byte order; copied only where they are not."""
    arrays = {}
    for name, value in feeds.items():
        port, library, is_exact = inputs[name]
        try:
            array = library.host(value)
        except REFUSALS as error:
            raise refusal(name, library, value, HOST, error) from error
        if not is_exact or array.flags.num & _READY != _READY:
            array = np.require(array, port.dtype, ("C", "A"))
            if port.is_string:
                check_text(port, array)
        arrays[name] = array
    return arrays
