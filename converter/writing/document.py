"""An ONNX graph that is written node by node."""

from __future__ import annotations

import hashlib
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from converter import dtypes
from converter.errors import UsageError
from converter.protobuf import head

_ML = "ai.onnx.ml"
_UNTIL_3 = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")  # operators that version 5 of ai.onnx.ml has no more
_LATEST = 5  # version of ai.onnx.ml
_IR_VERSION = 10

Kind = tuple[str, Sequence[int | str | None] | None]
"""The dtype and the dims of a value; dims of None are not known."""


WriteLast = Callable[[str, int], bytes]
"""Writes a node of ai.onnx.ml: from the name of its output and the version of the domain, 3 or 5, to its bytes."""


@dataclass(frozen=True, eq=False)
class _Node:
    """A node: the values that it gives and reads, those that its graphs read among them, and its bytes from the version of ai.onnx.ml."""

    gives: tuple[str, ...]
    reads: frozenset[str]
    write: Callable[[int], bytes]


class Document:
    """A graph in the making. Every method returns the name of the value that it adds; what is there already is not added again."""

    def __init__(self, opset: int) -> None:
        """Begin an empty graph of an opset of ONNX's own domain."""
        self.opset = opset
        self._nodes: list[_Node] = []
        self._constants: dict[bytes, tuple[str, bytes]] = {}
        self._inputs: list[bytes] = []
        self._outputs: dict[str, bytes] = {}
        self._needs: set[int] = set()  # versions of ai.onnx.ml
        self._foreign: set[str] = set()  # domains that are neither ONNX's own nor ai.onnx.ml
        self._seen: ChainMap[bytes, tuple[str, ...]] = ChainMap()
        self._count = 0

    def input(self, name: str, dtype: str, dims: Sequence[int | str]) -> str:
        """Declare an input."""
        self._inputs.append(_value_info(name, dtype, dims))
        return name

    def output(self, name: str, value: str, dtype: str, dims: Sequence[int | str | None]) -> None:
        """Declare a value as an output of the graph."""
        self._renamed(value, name)
        self._outputs[name] = _value_info(name, dtype, dims)

    def constant(self, array: np.ndarray[Any, Any]) -> str:
        """Add an array; object arrays are strings."""
        tensor = numpy_helper.from_array(array)
        key = digest(tensor.SerializeToString())
        if key not in self._constants:
            tensor.name = self._name("constant")
            self._constants[key] = tensor.name, tensor.SerializeToString()
        return self._constants[key][0]

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output."""
        return self.nodes(operator, *inputs, outputs=1, domain=domain, **attributes)[0]

    def nodes(self, operator: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any) -> tuple[str, ...]:
        """Add a node with several outputs; of a domain that is not ONNX's it is taken for version 1."""
        if domain == _ML and operator in _UNTIL_3:
            self._needs.add(3)
        elif domain not in {"", _ML}:
            self._foreign.add(domain)
        node = helper.make_node(operator, inputs, [], domain=domain, **attributes)
        key = digest(node.SerializeToString())
        if key not in self._seen:
            self._seen[key] = tuple(self._name(operator) for _ in range(outputs))
            node.output.extend(self._seen[key])
            self._add(node)
        return self._seen[key]

    def graph(self, write: Callable[..., str | Sequence[str]], inputs: Sequence[Kind] = ()) -> onnx.GraphProto:
        """Return what `write` adds as a graph of its own, for an attribute of a node; it may read every value around it.

        `write` is given a name for each of the inputs, and returns that of the output, or those of several.
        Nodes that are written last cannot be in it.
        """
        around, self._nodes, self._seen = self._nodes, [], self._seen.new_child()
        names = [self._name("input") for _ in inputs]
        written = write(*names)
        outputs = [self._renamed(each, self._name("output")) for each in ([written] if isinstance(written, str) else written)]
        inside, self._nodes, self._seen = self._nodes, around, self._seen.parents
        graph = onnx.GraphProto(name=self._name("graph"))
        graph.node.extend(onnx.NodeProto.FromString(each.write(_LATEST)) for each in _needed(inside, outputs))
        graph.input.extend(onnx.ValueInfoProto.FromString(_value_info(name, *kind)) for name, kind in zip(names, inputs, strict=True))
        graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
        return graph

    def last(self, word: str, key: bytes, write: WriteLast, version: int | None, reads: str) -> str:
        """Add a node of ai.onnx.ml that is written when all others are there, since the graph has one version of the domain for all.

        `word` begins the output's name, nodes of one `key` are one, `version` is the one that the node needs, 3 or 5, None if each will do,
        and `reads` is its input.
        """
        if version is not None:
            self._needs.add(version)
        if key not in self._seen:
            self._seen[key] = (self._name(word),)
            self._nodes.append(_Node(self._seen[key], frozenset([reads]), partial(write, self._seen[key][0])))
        return self._seen[key][0]

    def write(self, path: Path) -> None:
        """Write the graph: of the nodes and the constants those that an output needs.

        Raises:
            UsageError: float64 trees of one weight a leaf, and others that only float32's operator can hold, are in it.
        """
        if self._needs == {3, 5}:
            raise UsageError(
                "no version of ai.onnx.ml holds both float64 trees and float32 trees with several weights a leaf, or sets",
                hint="add all trees of a document with one dtype",
            )
        version = 3 if 3 in self._needs else _LATEST
        needed = _needed(self._nodes, self._outputs)
        read = frozenset[str]().union(*(each.reads for each in needed))
        constants = [constant for name, constant in self._constants.values() if name in read]
        parts = [(1, [each.write(version) for each in needed]), (2, [b"graph"]), (5, constants), (11, self._inputs), (12, [*self._outputs.values()])]
        graph = [piece for field, payloads in parts for payload in payloads for piece in (head(field, len(payload)), payload)]
        foreign = [helper.make_opsetid(domain, 1) for domain in sorted(self._foreign)]
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(_ML, version), *foreign]
        model = onnx.ModelProto(ir_version=_IR_VERSION, opset_import=opsets).SerializeToString()
        with path.open("wb") as file:
            file.writelines([model, head(7, sum(len(piece) for piece in graph)), *graph])

    def _renamed(self, value: str, name: str) -> str:
        """Add a value under another name, whoever has it already."""
        self._add(helper.make_node("Identity", [value], [name]))
        return name

    def _add(self, node: onnx.NodeProto) -> None:
        written = node.SerializeToString()
        self._nodes.append(_Node(tuple(node.output), frozenset(_read_by(node)), lambda _version: written))

    def _name(self, word: str) -> str:
        self._count += 1
        return f"{word}.{self._count}"


def digest(*pieces: bytes) -> bytes:
    """Return what tells these pieces from others."""
    found = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        found.update(len(piece).to_bytes(8, "little"))
        found.update(piece)
    return found.digest()


def _needed(nodes: Sequence[_Node], outputs: Iterable[str]) -> list[_Node]:
    """Return the nodes that the outputs need, in their order."""
    wanted, found = set(outputs), []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.gives):
            wanted |= node.reads
            found.append(node)
    return found[::-1]


def _read_by(node: onnx.NodeProto) -> Iterator[str]:
    """The names that a node and the graphs in it read."""
    yield from node.input
    for attribute in node.attribute:
        for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            yield from (each.name for each in graph.output)
            for inner in graph.node:
                yield from _read_by(inner)


def _value_info(name: str, dtype: str, dims: Sequence[int | str | None] | None) -> bytes:
    number = int(onnx.TensorProto.DataType.Value(dtypes.onnx_name(dtype)))
    info: bytes = helper.make_tensor_value_info(name, number, dims).SerializeToString()
    return info
