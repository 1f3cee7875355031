"""The ways to call a graph from Python, each on the same values: ONNX Runtime's own call, a Session, a Session bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from converter.benching.sampling import Turn
from converter.errors import GraphError, InputError
from converter.runtime import Block, Session
from converter.runtime import ort_private as ort
from converter.runtime.device.memory import Memory
from converter.runtime.opening.devices import choose_device
from converter.runtime.opening.options import Options
from converter.timing import time_calls

PLAIN, CALLED, BOUND = "session.run", "session", "bound"


@dataclass(frozen=True)
class Contender:
    """One way to get an answer; `turn` is None where it cannot, and `reason` says why."""

    name: str
    turn: Turn | None
    reason: str = ""


class GraphCalls:
    """A graph opened twice: by ONNX Runtime's public InferenceSession and as a Session, on one device and with the same options."""

    def __init__(self, path: Path, device: str, threads: int | None) -> None:
        """Open the graph; raises as Session."""
        self.session = Session(path, device=device, threads=threads)
        chosen = choose_device(self.session.device)
        self._memory = chosen.memory
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # a refusal is a row's reason, not a line on stderr
        if threads is not None:
            options.intra_op_num_threads = threads
        is_fixed = all(isinstance(dim, int) for port in self.session.inputs for dim in port.dims)
        providers = chosen.provider_list(Options(threads=threads), is_fixed=is_fixed)
        self._plain = onnxruntime.InferenceSession(str(path), options, providers=providers, enable_fallback=0)

    def contenders(self, feeds: Mapping[str, np.ndarray], sizes: str) -> list[Contender]:
        """Return the three ways, each tried once on these feeds; `sizes` names them in errors.

        Raises:
            InputError: the graph cannot take the feeds.
            GraphError: the graph fails on them.
        """
        try:
            self.session(feeds)
        except GraphError as error:
            hint = "--sizes AXIS=N,N gives sizes that the graph takes, --data real feeds, --input 'NAME:DTYPE[DIMS]{LOW..HIGH}' the values"
            raise GraphError(f"at {sizes}: {error.message}", hint=hint) from error
        return [self._try_plain(feeds), Contender(CALLED, _turn(partial(self.session, feeds))), self._try_bound(feeds)]

    def _try_plain(self, feeds: Mapping[str, np.ndarray]) -> Contender:
        call = partial(self._plain.run, None, dict(feeds))
        try:
            call()
        except ort.FAILURES as error:
            return Contender(PLAIN, None, ort.reason(error))
        return Contender(PLAIN, _turn(call))

    def _try_bound(self, feeds: Mapping[str, np.ndarray]) -> Contender:
        try:
            bound = self.session.bind({name: on_device(feed, self._memory) for name, feed in feeds.items()})
        except InputError as error:
            return Contender(BOUND, None, error.message)
        return Contender(BOUND, _turn(bound.run))


def on_device(array: np.ndarray, memory: Memory) -> np.ndarray | Block:
    """Return the array where a bound loop reads it: itself in main memory, a copy on any other device. Strings stay where they are."""
    if memory.place.is_host or array.dtype == object:
        return array
    contiguous = np.ascontiguousarray(array)
    buffer = memory.allocate(contiguous.nbytes)
    memory.write(buffer, contiguous)
    return Block(buffer.pointer, array.shape, array.dtype, memory.place, buffer)


def _turn(call: Any) -> Turn:
    return partial(time_calls, call)
