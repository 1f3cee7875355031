"""One input, as the values of one type and dtype are read from main memory for ONNX Runtime's plain call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.runtime.arrays.libraries import library_of, read_host, refusal
from converter.runtime.arrays.library import REFUSALS, Library
from converter.runtime.arrays.places import HOST
from converter.runtime.inputs.checks import check_feed, check_text
from converter.runtime.inputs.literals import literal
from converter.runtime.inputs.values import read_value
from converter.runtime.opening.ports import Port

READY = 0x101  # ndarray.flags.num: C-contiguous and aligned


@dataclass(frozen=True)
class Reader:
    """Reads values of one input; `library` is None for lists, numbers, and what is no dense tensor."""

    port: Port
    library: Library | None

    @classmethod
    def of(cls, port: Port, value: object) -> Reader:
        """The reader of an input for values like this one."""
        return cls(port, library_of(value) if port.dtype is not None else None)

    def first(self, value: Any) -> Any:
        """Read a value with every check.

        Raises:
            InputError: the graph cannot take it, or its library refuses.
        """
        if self.port.dtype is None:
            return read_value(self.port, value)
        array = literal(self.port, value) if self.library is None else read_host(self.port.name, self.library, value)
        check_feed(self.port, array.dtype, array.shape)
        return self._ready(array)

    def again(self, value: Any) -> np.ndarray[Any, Any]:
        """Read a value of a type, dtype and shape that passed the checks before.

        Raises:
            InputError: its library refuses, or an item of it is no text.
        """
        assert self.library is not None
        try:
            return self._ready(self.library.host(value))
        except REFUSALS as error:
            raise refusal(self.port.name, self.library, value, HOST, error) from error

    def viewer(self, value: Any) -> Callable[[Any], Any] | None:
        """What views such values as arrays, quickly; None where they are."""
        assert self.library is not None
        return self.library.viewer(value)

    def _ready(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Contiguous, aligned, of the declared dtype in native byte order; copied only where it is not."""
        if array.flags.num & READY != READY or array.dtype != self.port.dtype:
            array = np.require(array, self.port.dtype, ("C", "A"))
        if self.port.is_string:
            check_text(self.port, array)
        return array
