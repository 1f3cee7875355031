"""The finish stage: from whatever an exporter wrote to a graph that keeps the model's promises, or a GraphError that says which it cannot keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import onnx_ir as ir

from converter import dtypes
from converter.cases import Case
from converter.errors import GraphError
from converter.graph import documents
from converter.graph.canonical import canonicalise
from converter.graph.dims import in_axes, measured_dims
from converter.graph.documents import Document
from converter.graph.quirks import sidestep
from converter.specs import Dim, Input, ModelSpec
from converter.version import __version__

STANDARD_DOMAINS = frozenset({"", "ai.onnx.ml"})
_RANK_HINT = "a squeeze without its dims drops the batch where that is 1; name the dims"
OLDEST_IR_VERSION = 10  # what every supported ONNX Runtime loads; newer only where the opset demands it
WEIGHTS_IR_VERSION = 4  # the first in which a weight need not be an input as well


@dataclass(frozen=True)
class Graph:
    """A finished graph on disk: `path`, the data file of a large one, and what it is made of."""

    path: Path
    data: Path | None
    outputs: Mapping[str, tuple[str, tuple[Dim | None, ...]]]  # name → dtype, dims
    opset: int
    nodes: int


def finish(raw: Path, spec: ModelSpec, cases: Sequence[Case], metadata: Mapping[str, str], domains: Sequence[str] = ()) -> Graph:
    """Write the finished graph beside `raw` and return it.

    It carries the spec's names and axes, output dims that hold in every case, operators of standard domains and of `domains` only,
    no more IR version than it needs, `metadata`, and it passes ONNX's checker. Raises GraphError where the exporter's graph cannot be made so.
    """
    document = documents.read(raw)
    model = document.model
    hints = _bind_outputs(model, spec)
    symbols = _bind_inputs(model.graph, spec)
    _canonicalise(model)
    _check_domains(model, domains)
    outputs = _declare_outputs(model.graph, spec, cases, {name: [in_axes(dim, symbols) for dim in dims] for name, dims in hints.items()})
    model.producer_name, model.producer_version, model.doc_string, model.model_version = "onnx-converter", __version__, None, None
    model.domain = None
    newest = max(OLDEST_IR_VERSION, _needed_ir_version(model.opset_imports))
    model.ir_version = min(max(model.ir_version, WEIGHTS_IR_VERSION), newest)
    model.metadata_props.clear()
    model.metadata_props.update(metadata)
    path = raw.with_name("finished.onnx")
    try:
        data = _write(document, path)
    except GraphError:  # perhaps since it gives other shapes than the model; then it is for the comparison to say so
        outputs = _declare_what_it_gives(document, path, outputs)
        data = _write(document, path)
    return Graph(path, data, outputs, model.opset_imports.get("", 0), model.graph.num_nodes())


def _canonicalise(model: ir.Model) -> None:
    try:
        sidestep(model)
        canonicalise(model)
    except Exception as error:  # a pass of onnx-ir raises what it likes on a graph that breaks ONNX's rules
        raise GraphError(f"the graph cannot be put in order: {error}", hint="the exporter wrote it; another one may do better") from error


def _write(document: Document, path: Path) -> Path | None:
    data = documents.write(document, path)
    documents.check(path)
    return data


def _bind_outputs(model: ir.Model, spec: ModelSpec) -> dict[str, list[str | int | None]]:
    """Keep the declared outputs in their order, found by name, or by position if there are as many; return the exporter's dims of each."""
    graph = model.graph
    by_name = {value.name: value for value in graph.outputs}
    names = [output.name for output in spec.outputs]
    if all(name in by_name for name in names):
        chosen = [by_name[name] for name in names]
    elif len(graph.outputs) == len(names):
        chosen = list(graph.outputs)
    else:
        raise GraphError(f"the graph has outputs {sorted(map(str, by_name))}, the model has {names}", hint="the exporter names its outputs otherwise")
    hints = {name: documents.dims_of(value) for name, value in zip(names, chosen, strict=True)}
    graph.outputs.clear()
    graph.outputs.extend(_own_value(graph, value) for value in chosen)
    _rename(graph, list(zip(graph.outputs, names, strict=True)))
    return hints


def _own_value(graph: ir.Graph, value: ir.Value) -> ir.Value:
    """An output needs a value of its own: one that is also an input, a weight or another output goes through Identity."""
    if value.producer() is not None and value not in graph.outputs:
        return value
    node = ir.node("Identity", [value])
    node.outputs[0].type = value.type
    graph.append(node)
    return node.outputs[0]


def _bind_inputs(graph: ir.Graph, spec: ModelSpec) -> dict[str, str]:
    """Give the graph the declared inputs, in their order, names, dtypes and dims; one that it ignores is declared all the same.

    Returns the axis that each of the exporter's own dim names stands for: {"s77": "width"}.
    """
    weights = set(graph.initializers)
    given = [value for value in graph.inputs if value.name not in weights]
    by_name = {value.name: value for value in given}
    names = [each.name for each in spec.inputs]
    if unknown := sorted(str(name) for name in by_name if name not in names):
        if len(given) != len(names):
            raise GraphError(f"the graph wants inputs {unknown}, the model takes {names}", hint="the exporter turned something else into an input")
        by_name = dict(zip(names, given, strict=True))
    chosen = [by_name.get(each.name) or ir.Value(name=each.name) for each in spec.inputs]
    graph.inputs.clear()
    graph.inputs.extend(chosen)
    _rename(graph, list(zip(chosen, names, strict=True)))
    symbols: dict[str, str] = {}
    for each, value in zip(spec.inputs, chosen, strict=True):
        symbols |= {old: new for old, new in zip(documents.dims_of(value), each.dims, strict=False) if isinstance(old, str) and isinstance(new, str)}
        _declare_input(each, value)
    return symbols


def _declare_input(each: Input, value: ir.Value) -> None:
    wanted = ir.DataType[dtypes.onnx_name(each.dtype)]
    if value.dtype is not None and value.dtype != wanted:
        raise GraphError(
            f"the graph takes '{each.name}' as {documents.dtype_of(value)}, the model takes {each.dtype}",
            hint="the exporter changed the input's dtype",
        )
    value.type = ir.TensorType(wanted)
    value.shape = ir.Shape(each.dims)


def _rename(graph: ir.Graph, wanted: list[tuple[ir.Value, str]]) -> None:
    """Name these values; another value that holds one of the names gives it up."""
    targets = {name: value for value, name in wanted}
    for number, value in enumerate([*graph.inputs, *graph.initializers.values(), *(out for node in graph.all_nodes() for out in node.outputs)]):
        if value.name in targets and targets[value.name] is not value:
            value.name = f"{value.name}.{number}.moved"
    for value, name in wanted:
        value.name = name


def _check_domains(model: ir.Model, declared: Sequence[str]) -> None:
    allowed = STANDARD_DOMAINS.union(declared)
    strange = sorted({f"{node.domain}::{node.op_type}" for node in model.graph.all_nodes() if node.domain not in allowed})
    if strange:
        raise GraphError(f"the graph has operators outside ONNX: {', '.join(strange[:5])}", hint="the exporter found no ONNX operator for them")
    for domain in [domain for domain in model.opset_imports if domain not in allowed]:
        del model.opset_imports[domain]


def _declare_outputs(
    graph: ir.Graph, spec: ModelSpec, cases: Sequence[Case], hints: Mapping[str, Sequence[str | int | None]]
) -> dict[str, tuple[str, tuple[Dim | None, ...]]]:
    answers = [case.answers for case in cases]
    sizes = [case.sizes for case in cases]
    declared: dict[str, tuple[str, tuple[Dim | None, ...]]] = {}
    for output, value in zip(spec.outputs, graph.outputs, strict=True):
        shapes = [answer[output.name].shape for answer in answers]
        if len(ranks := sorted({len(shape) for shape in shapes})) > 1:
            raise GraphError(f"output '{output.name}' has {ranks[0]} to {ranks[-1]} dims, ONNX wants as many in every case", hint=_RANK_HINT)
        dims = measured_dims(output.name, shapes, sizes, hints[output.name])
        value.shape = ir.Shape(dims)
        dtype = documents.dtype_of(value)
        if not dtype:
            raise GraphError(f"the graph does not say the dtype of output '{output.name}'", hint="the exporter left its type out")
        if dtype not in dtypes.ALL:
            raise GraphError(
                f"the graph gives output '{output.name}' as {dtype}, which no model gives", hint="the exporter changed the output's dtype"
            )
        declared[output.name] = (dtype, dims)
    return declared


def _declare_what_it_gives(
    document: Document, path: Path, outputs: Mapping[str, tuple[str, tuple[Dim | None, ...]]]
) -> dict[str, tuple[str, tuple[Dim | None, ...]]]:
    """Give the outputs the dims that the graph itself leads to, where those can be told."""
    declared = document.model.graph.outputs
    measured = {value.name: value.shape for value in declared}
    for value in declared:
        value.shape = None
    documents.write(document, path)
    found = documents.inferred_dims(path)
    for value in declared:
        value.shape = ir.Shape(found[str(value.name)]) if value.name in found else measured[value.name]
    return {name: (dtype, tuple(found.get(name, dims))) for name, (dtype, dims) in outputs.items()}


def _needed_ir_version(opsets: Mapping[str, int]) -> int:
    imports = [onnx.helper.make_opsetid(domain, version) for domain, version in opsets.items() if domain in STANDARD_DOMAINS]
    return int(onnx.helper.find_min_ir_version_for(imports, ignore_unknown=True))
