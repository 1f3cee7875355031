"""What a `.tflite` file takes and gives: the names of its signature, else of its tensors; free dims where its shapes have -1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.plugin import Domain, Input, Output, SourceError, UnknownName
from converter_tensorflow.faces.naming import dims_of, unique
from converter_tensorflow.sources.signatures import PREFERRED

_DTYPES = frozenset({"float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", "string"})


@dataclass(frozen=True)
class Port:
    """A tensor at the border: `key` is what the interpreter calls it, `index` its place in the subgraph, `step` the scale of its integers, 0 of floats."""

    key: str
    index: int
    step: float


@dataclass(frozen=True)
class Interface:
    """The inputs and outputs of one signature, "" for the main subgraph, each with its port in the same order."""

    signature: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    taken: tuple[Port, ...]
    given: tuple[Port, ...]


def interface_of(described: Mapping[str, Any], wanted: str) -> Interface:
    """Return the interface of the wanted signature, of serving_default, of the only one, or of the main subgraph where there are none.

    Raises UnknownName for a wrong name, SourceError where the choice is open or a tensor has a dtype that ONNX lacks.
    """
    signature = _choose(described["signatures"], wanted)
    found = described["signatures"][signature] if signature else described["main"]
    taken, given = found["inputs"], found["outputs"]
    for each in (*taken, *given):
        if each["dtype"] not in _DTYPES:
            raise SourceError(f"tensor '{each['name']}' holds {each['dtype']} values, and ONNX Runtime has none", hint="end the model before it")
    names = unique(_name(each, signature) for each in taken)
    dims = dims_of([(name, [None if size < 0 else size for size in each["signature"]]) for name, each in zip(names, taken, strict=True)])
    inputs = tuple(Input(name, each["dtype"], shape, _domain(each)) for name, each, shape in zip(names, taken, dims, strict=True))
    named = unique((_name(each, signature) for each in given), names)
    outputs = tuple(Output(name, each["dtype"]) for name, each in zip(named, given, strict=True))
    return Interface(signature, inputs, outputs, tuple(_port(each) for each in taken), tuple(_port(each) for each in given))


def _choose(signatures: Mapping[str, Any], wanted: str) -> str:
    names = sorted(signatures)
    if wanted:
        if wanted not in names:
            raise UnknownName("signature", wanted, names)
        return wanted
    found = [*(name for name in PREFERRED if name in names), *(names if len(names) == 1 else [])]
    if not found and names:
        raise SourceError(f"the file has several signatures: {', '.join(names)}", hint=f"-O signature={names[0]} names the one to convert")
    return found[0] if found else ""


def _name(tensor: Mapping[str, Any], signature: str) -> str:
    """The name that the signature gives it, else the tensor's own without what TensorFlow put around it."""
    name = tensor["key"] if signature else re.sub(r":0$", "", tensor["name"].partition(";")[0].removeprefix("serving_default_"))
    return re.sub(r"[^\w./-]", "_", name) or "tensor"


def _domain(tensor: Mapping[str, Any]) -> Domain:
    """Everything that an integer holds, where integers stand for numbers: quantised ones, and bytes."""
    if tensor["dtype"] == "uint8" or (tensor["scales"] and tensor["dtype"] in {"int8", "int16"}):
        limits = np.iinfo(tensor["dtype"])
        return Domain(int(limits.min), int(limits.max))
    return Domain()


def _port(tensor: Mapping[str, Any]) -> Port:
    return Port(tensor["key"], tensor["index"], tensor["scales"][0] if tensor["scales"] else 0.0)
