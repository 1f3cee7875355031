"""The road of main memory: every check once a signature, then ONNX Runtime's plain call, whose results are memory of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from converter.errors import InputError
from converter.runtime import ort_private as ort
from converter.runtime.arrays import NUMPY, Library, library_of, read_host
from converter.runtime.checks import check_axes, check_feed, check_names, check_text
from converter.runtime.literals import literal
from converter.runtime.opening import Opened
from converter.runtime.ports import STRING, Port
from converter.runtime.result import result_type

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

    def __call__(self, feeds: Feeds) -> Any:
        """Run once.

        Raises:
            InputError: the graph cannot take the feeds.
            GraphError: the graph failed.
        """
        try:
            plan = self._plans[_signature(feeds)]
        except (AttributeError, KeyError, TypeError):  # a list has no dtype, and an unknown array's dtype may not be hashable
            feeds, plan = self._learn(feeds)
        try:
            values = self._run(self._names, plan.arrays(feeds), ort.OPTIONS)
        except UnicodeEncodeError as error:
            raise InputError(f"a string is not Unicode text: {error}", hint="text.encode('utf-8', 'replace').decode() replaces the fault") from error
        except ort.FAILURES as error:
            raise self._opened.failure(error) from error
        return self._result(values if plan.give is None else map(plan.give, values))

    def _learn(self, feeds: Feeds) -> tuple[Feeds, _Plan]:
        """Make every check; what cannot change while types, dtypes and shapes stay is remembered."""
        inputs = self._opened.inputs
        check_names(inputs, feeds)
        libraries = {name: library_of(value) for name, value in feeds.items()}
        feeds = {name: value if libraries[name] else literal(inputs[name], value) for name, value in feeds.items()}
        used = {name: (inputs[name], library or NUMPY) for name, library in libraries.items()}
        arrays = {name: read_host(name, library, feeds[name]) for name, (_, library) in used.items()}
        for name, array in arrays.items():
            check_feed(inputs[name], array.dtype, array.shape)
        check_axes(inputs, {name: array.shape for name, array in arrays.items()})
        plan = _Plan(used, feeds)
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        with contextlib.suppress(AttributeError, TypeError):
            self._plans[_signature(feeds)] = plan
        return feeds, plan


def _signature(feeds: Feeds) -> tuple[Any, ...]:
    return tuple([(name, type(value), value.dtype, value.shape) for name, value in feeds.items()])


class _Plan:
    """How the feeds of one signature become arrays that ONNX Runtime may read in place, and its arrays the caller's."""

    __slots__ = ("_inputs", "_is_exact", "give")

    def __init__(self, inputs: dict[str, tuple[Port, Library]], feeds: Feeds) -> None:
        self._inputs = inputs
        self._is_exact = all(type(feeds[name]) is np.ndarray and feeds[name].dtype == port.dtype != STRING for name, (port, _) in inputs.items())
        self.give = next((_giver(library) for _, library in inputs.values() if library is not NUMPY), None)

    def arrays(self, feeds: Feeds) -> Feeds:
        """The feeds as contiguous, aligned arrays of the declared dtypes in native byte order; copied only where they are not."""
        if self._is_exact:
            for value in feeds.values():
                if value.flags.num & _READY != _READY:
                    break
            else:
                return feeds
        return {name: self._ready(*self._inputs[name], value) for name, value in feeds.items()}

    def _ready(self, port: Port, library: Library, value: Any) -> np.ndarray[Any, Any]:
        array = read_host(port.name, library, value)
        if array.flags.num & _READY != _READY or array.dtype != port.dtype:
            array = np.require(array, port.dtype, ("C", "A"))
        if port.is_string:
            check_text(port, array)
        return array


def _giver(library: Library) -> Callable[[Any], Any]:
    """Hand arrays of numbers over in the caller's library; strings, sequences and maps stay what ONNX Runtime makes of them."""
    from_host = library.from_host
    return lambda value: from_host(value) if type(value) is np.ndarray and value.dtype != object else value
