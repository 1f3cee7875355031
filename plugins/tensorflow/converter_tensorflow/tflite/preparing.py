"""A file's signature in a form that tf2onnx reads right: the same computation, in a tree of its own."""

from __future__ import annotations

from typing import Any

from converter.plugin import ExportError
from converter_tensorflow.sources.tflite_files import TfliteSource
from converter_tensorflow.tflite.files import called_by, kind_of, reached, read
from converter_tensorflow.tflite.interface import Port
from converter_tensorflow.tflite.rewrites.borders import separate_outputs
from converter_tensorflow.tflite.rewrites.clipped import take_out_clipping
from converter_tensorflow.tflite.rewrites.hybrids import round_hybrid_inputs
from converter_tensorflow.tflite.rewrites.softmaxes import scale_scores
from converter_tensorflow.tflite.rewrites.transposed import add_biases

_REWRITES = (take_out_clipping, add_biases, scale_scores, round_hybrid_inputs)
SHOWN = 5


def prepared(source: TfliteSource) -> Any:
    """Return the tree of a file with this signature alone, its main subgraph first, with the declared names at its border and different ones inside."""
    model = read(source.path)
    _put_first(model, source.subgraph)
    main = model.subgraphs[0]
    main.inputs, main.outputs = _places(source.interface.taken), _places(source.interface.given)
    for graph in model.subgraphs:
        for rewrite in _REWRITES:
            rewrite(model, graph)
    separate_outputs(model, main)
    _rename(model, source)
    model.signatureDefs = None
    return model


def refuse_unknown(source: TfliteSource, known: frozenset[str], exporter: str) -> None:
    """Raise ExportError where the signature has operators other than the known ones, naming them and what they give."""
    model, found = source.model, {}
    for place, operator in reached(model, source.subgraph):
        kind = kind_of(model, operator)
        if kind not in known and not kind.startswith("Flex"):
            found[kind] = _given_by(model.subgraphs[place], operator)
    if found:
        named = [f"{kind} ({place})" for kind, place in sorted(found.items())]
        more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
        message = f"there is no ONNX form for the TensorFlow Lite operators {', '.join(named[:SHOWN])}{more}"
        raise ExportError("tensorflow", exporter, message, hint="convert the model that the file was made of: a .keras file or a SavedModel")


def _given_by(graph: Any, operator: Any) -> str:
    return str((graph.tensors[operator.outputs[0]].name or b"").decode()) if len(operator.outputs) else "no output"


def _places(ports: tuple[Port, ...]) -> list[int]:
    return [port.index for port in ports]


def _put_first(model: Any, place: int) -> None:
    """Exchange a subgraph with the first one, which tf2onnx takes for the main one."""
    graphs = model.subgraphs
    graphs[0], graphs[place] = graphs[place], graphs[0]
    moved = {0: place, place: 0}
    for graph in graphs:
        for operator in graph.operators or []:
            for option, index in called_by(operator).items():
                setattr(operator.builtinOptions, option, moved.get(index, index))


def _rename(model: Any, source: TfliteSource) -> None:
    """Names that differ: tf2onnx knows tensors and subgraphs by nothing else, and files need not have any."""
    for place, graph in enumerate(model.subgraphs):
        graph.name = f"subgraph_{place}".encode()
        for number, tensor in enumerate(graph.tensors):
            own = (tensor.name or b"").decode(errors="replace").partition(";")[0]
            tensor.name = f"{own}__{place}_{number}".encode()
    main = model.subgraphs[0]
    names = [*(each.name for each in source.interface.inputs), *(each.name for each in source.interface.outputs)]
    for tensor, name in zip([*main.inputs, *main.outputs], names, strict=True):
        main.tensors[tensor].name = name.encode()
