"""The road of main memory: every check once a signature, then a call in slots where all is small, or ONNX Runtime's plain call."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from converter.errors import InputError
from converter.runtime import ort_private as ort
from converter.runtime.arrays.library import NUMPY
from converter.runtime.inputs.checks import check_axes, check_names
from converter.runtime.opening.graph import Opened
from converter.runtime.opening.ports import STRING
from converter.runtime.plain.plans import Feeds, Plan, Plans, Signature, signature_of
from converter.runtime.plain.reading import READY, Reader
from converter.runtime.plain.staged import SMALL, staged
from converter.runtime.result import Result, result_type

Give = Callable[[Any], Any] | None
"""How an output becomes the caller's array; None where it is one."""


class PlainRoad:
    """Calls a graph on arrays in main memory: the CPU's road, and on every device that of NumPy's arrays, strings and sequences."""

    def __init__(self, opened: Opened, pool_bytes: int) -> None:
        self.plans = Plans(pool_bytes)
        self._opened, self._run, self._options = opened, opened.plain_run, opened.order.complete
        self._names = [port.name for port in opened.outputs]
        self._result = result_type(self._names)
        # Slots bind every value, which strings and sequences do not allow; and an input that is an output too comes back as the slot's own memory.
        is_separate = not any(name in opened.inputs for name in self._names)
        self._has_slots = opened.order.memory.place.is_host and opened.is_bindable and opened.is_native and is_separate

    @property
    def known(self) -> dict[Signature, Plan]:
        """The plans by signature."""
        return self.plans.known

    def call(self, feeds: Feeds, *, varies: bool = False) -> Result:
        """Make every check, run, and plan the next call of the same signature.

        Args:
            feeds: the inputs by name.
            varies: the feeds failed in a slot; where they run now, the shapes of outputs depend on the data.

        Raises:
            InputError: the graph cannot take the feeds.
            GraphError: the graph failed.
        """
        ports = self._opened.inputs
        check_names(ports, feeds)
        readers = {name: Reader.of(ports[name], value) for name, value in feeds.items()}
        arrays = {name: readers[name].first(value) for name, value in feeds.items()}
        check_axes(ports, {name: array.shape for name, array in arrays.items() if ports[name].dtype is not None})
        give = self._giver(readers)
        values = self._execute(arrays)
        if all(reader.library for reader in readers.values()):
            is_small = all(array.nbytes <= SMALL for array in (*arrays.values(), *values)) if self._has_slots and not varies else False
            with contextlib.suppress(AttributeError, TypeError):  # an array of an unknown library may have no dtype, or one that is not hashable
                self._plan(feeds, readers, give, is_small=is_small)
        return self._result(values if give is None else map(give, values))

    def _plan(self, feeds: Feeds, readers: Mapping[str, Reader], give: Give, *, is_small: bool) -> None:
        signature = signature_of(feeds)
        if is_small:
            viewers = [readers[name].viewer(value) for name, value in feeds.items()]
            plan = staged(self._opened, viewers, give, self._result, partial(self.plans.grow, signature), partial(self.call, varies=True))
        else:
            is_bare = all(
                type(value) is np.ndarray and value.dtype == readers[name].port.dtype and value.dtype != STRING for name, value in feeds.items()
            )
            plan = self._direct(readers, give, is_bare=is_bare)
        self.plans.keep(signature, plan)

    def _direct(self, readers: Mapping[str, Reader], give: Give, *, is_bare: bool) -> Plan:
        """A plan through the plain call; `is_bare`: the feeds are NumPy arrays that ONNX Runtime reads as they are, if contiguous and aligned."""
        execute, result = self._execute, self._result

        def call(feeds: Feeds) -> Result:
            arrays = feeds
            for value in feeds.values() if is_bare else (None,):
                if value is None or value.flags.num & READY != READY:
                    arrays = {name: readers[name].again(value) for name, value in feeds.items()}
                    break
            values = execute(arrays)
            return result(values if give is None else map(give, values))

        return call

    def _execute(self, arrays: Mapping[str, Any]) -> list[Any]:
        try:
            values: list[Any] = self._run(self._names, arrays, self._options)
        except UnicodeEncodeError as error:
            raise InputError(f"a string is not Unicode text: {error}", hint="text.encode('utf-8', 'replace').decode() replaces the fault") from error
        except ort.FAILURES as error:
            raise self._opened.failure(error) from error
        return values

    def _giver(self, readers: Mapping[str, Reader]) -> Give:
        """How outputs become the caller's arrays; strings, sequences and maps stay what ONNX Runtime makes of them."""
        give = next((reader.library.from_host for reader in readers.values() if reader.library not in {None, NUMPY}), None)
        if give is None or all(port.is_bindable for port in self._opened.outputs):
            return give
        return lambda value: give(value) if type(value) is np.ndarray and value.dtype != object else value
