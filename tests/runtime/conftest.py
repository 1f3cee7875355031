"""Graphs written as text, and a device that takes the road of CUDA on memory of the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx.parser
import pytest

from converter.runtime import Device, Session
from converter.runtime.arrays.places import CUDA, Place
from converter.runtime.device.memory import Buffer, OrtMemory

HEADER = '<ir_version: 10, opset_import: ["" : 20, "ai.onnx.ml" : 3]>'


def graph(text: str) -> bytes:
    """The bytes of a graph in ONNX's own text form; for its grammar see onnx.parser."""
    model: bytes = onnx.parser.parse_model(f"{HEADER} {text}").SerializeToString()
    return model


@pytest.fixture(name="graph", scope="session")
def graph_fixture() -> Callable[[str], bytes]:
    """Make a graph of text."""
    return graph


@pytest.fixture
def cpu() -> Callable[..., Session]:
    """Open a graph of text on the CPU."""
    return lambda text, **options: Session(graph(text), device="cpu", threads=1, **options)


class HostAsCuda(OrtMemory):
    """Memory of the CPU that says it were a CUDA device's."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Place(CUDA, 0)
        self.log: list[str] = []

    def with_stream(self, address: int | None, owner: object, *, captures: bool) -> HostAsCuda:
        del address, owner, captures
        return self

    def write(self, buffer: Buffer, array: np.ndarray) -> None:
        self.log.append("write")
        super().write(buffer, array)

    def wait(self, binding: Any) -> None:
        self.log.append("wait")
        super().wait(binding)

    def run(self, raw: Any, binding: Any, options: Any) -> None:
        self.log.append("run")
        super().run(raw, binding, options)


def pretended_cuda() -> Device:
    return Device("cuda:0", ("CPUExecutionProvider",), HostAsCuda(), {})


@pytest.fixture(scope="session")
def device_as_cuda() -> Callable[[], Device]:
    """Make a pretended CUDA device."""
    return pretended_cuda


@pytest.fixture
def as_cuda() -> Callable[..., Session]:
    """Open a graph of text on a pretended CUDA device."""
    return lambda text, **options: Session(graph(text), device=pretended_cuda(), threads=1, **options)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
