"""Graphs without functions: frozen ones (`.pb`) and checkpoints of TensorFlow 1 (`.meta` beside `.index` and `.data`), which are frozen on the way.

What they take and give is said by `-O inputs=` and `-O outputs=`, else by the graph: its placeholders, and what nothing reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from converter.plugin import Input, LoadRequest, MissingInputs, SourceError, UnknownName, UnreadableSource
from converter_tensorflow.reasons import reason_of
from converter_tensorflow.sources.libraries import library_hint, named
from converter_tensorflow.sources.operations import unknown_operations
from converter_tensorflow.sources.signatures import Signature
from converter_tensorflow.state.variables import STATE_HINT

tf1 = tf.compat.v1
SHOWN = 5

_PLACEHOLDER = "Placeholder"
_DEFAULT = "PlaceholderWithDefault"  # stays at its default unless it is asked for
_VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})
_GRADIENTS = "gradients"  # the scope that training writes into
_NO_ANSWERS = frozenset({"NoOp", "Const", "Assert", "Print", "PrintV2", "Shape", "Size", "Rank", _PLACEHOLDER, _DEFAULT, *_VARIABLES})
_UPKEEP = ("Assign", "Save", "Restore", "Resource", "Apply", "Summary", "Write", "Merge", "ShardedFilename")  # what training and saving left there


def load_frozen_graph(path: Path, request: LoadRequest) -> Signature:
    """Return the function of a frozen GraphDef.

    Raises UnreadableSource where the file is none, SourceError where it holds variables or operations that TensorFlow does not know,
    UnknownName for a wrong `inputs` or `outputs`, and MissingInputs for a placeholder of unknown rank that `request.inputs` does not describe.
    """
    graph = _parsed(tf1.GraphDef(), path, "a frozen graph")
    if variables := [node.name for node in graph.node if node.op in _VARIABLES]:
        hint = "freeze it with its weights (tf.compat.v1.graph_util.convert_variables_to_constants), or convert the checkpoint's .meta file"
        raise SourceError(f"{path.name} is a graph without its weights: {_shown(variables)} {_are(variables)} not in it", hint=hint)
    _refuse_unknown(graph, path)
    return _function(graph, path, request, _listed(request, "outputs") or _unread(graph))


def load_checkpoint(path: Path, request: LoadRequest) -> Signature:
    """Return the function of a checkpoint's graph, with its weights as constants.

    Raises as `load_frozen_graph`; UnreadableSource where the weights are missing, and SourceError where nothing says which of several tensors is the answer,
    or where the answer changes variables.
    """
    graph = _parsed(tf1.MetaGraphDef(), path, "the graph of a checkpoint").graph_def
    _refuse_unknown(graph, path)
    outputs = _listed(request, "outputs")
    if not outputs:
        outputs = _unread(graph)
        if len(outputs) != 1:
            hint = f"-O outputs={outputs[0] if outputs else 'NAME'} names the answer, several with commas"
            raise SourceError(f"{path.name} does not say which of its tensors is the answer: nothing reads {_shown(outputs) or 'none'}", hint=hint)
    _tensors(graph, outputs, "output")
    _refuse_states(graph, path, outputs)
    return _function(_with_weights(path, [_node_of(each) for each in outputs]), path, request, outputs)


def _parsed(message: Any, path: Path, what: str) -> Any:
    from google.protobuf.message import DecodeError

    try:
        message.ParseFromString(path.read_bytes())
    except DecodeError:
        raise UnreadableSource(f"{path} is not {what}: it is cut off, damaged, or another format", hint="copy or download it again") from None
    return message


def _refuse_unknown(graph: Any, path: Path) -> None:
    if unknown := unknown_operations(graph):
        raise SourceError(f"{path.name} has operations that TensorFlow does not know: {named(unknown[:SHOWN])}", hint=library_hint(unknown[0]))


def _refuse_states(graph: Any, path: Path, outputs: Sequence[str]) -> None:
    needed = _needed(graph, outputs)
    nodes = {node.name: node for node in graph.node if node.name in needed}
    changing = [name for name, node in nodes.items() if any(part in node.op for part in ("Assign", "Scatter", "Apply"))]
    variables = {name for name, node in nodes.items() if node.op in _VARIABLES}
    changed = sorted({found for name in changing for found in [_node_of(nodes[name].input[0])] if found in variables})
    if changed:
        hint = f"{STATE_HINT}, and -O state=explicit converts that"
        raise SourceError(f"{path.name} is stateful: its answer changes the variables {_shown(changed)}, and a graph cannot", hint=hint)


def _with_weights(path: Path, nodes: list[str]) -> Any:
    """The part of a checkpoint's graph that these nodes need, its variables replaced by what the files beside it hold."""
    try:
        with tf.Graph().as_default() as graph, tf1.Session() as session:
            saver = tf1.train.import_meta_graph(str(path), clear_devices=True)
            saver.restore(session, str(path.with_suffix("")))
            return tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), nodes)
    except Exception as error:
        hint = f"{path.stem}.index and {path.stem}.data-… belong beside it, as they were written"
        raise UnreadableSource(f"TensorFlow {tf.__version__} cannot restore {path.name}: {reason_of(error)}", hint=hint) from error


def _function(graph: Any, path: Path, request: LoadRequest, outputs: Sequence[str]) -> Signature:
    inputs = _listed(request, "inputs") or [node.name for node in graph.node if node.op == _PLACEHOLDER and node.name in _needed(graph, outputs)]
    _tensors(graph, inputs, "input")
    _tensors(graph, outputs, "output")
    whole = tf1.wrap_function(lambda: tf1.import_graph_def(graph, name=""), [])
    taken, given = ([whole.graph.get_tensor_by_name(_full(each)) for each in names] for names in (inputs, outputs))
    pruned = whole.prune(taken, given)
    specs = [_spec(name, tensor, request.inputs) for name, tensor in zip(inputs, taken, strict=True)]
    names = [each.removesuffix(":0") for each in outputs]
    function = tf.function(lambda *tensors: dict(zip(names, pruned(*tensors), strict=True)), input_signature=specs, autograph=False)
    return Signature(path.stem, function.get_concrete_function(), pruned)


def _spec(name: str, tensor: Any, given: Sequence[Input]) -> tf.TensorSpec:
    """What an input takes; a placeholder without a shape has that which the user gives."""
    name = name.removesuffix(":0")
    if tensor.shape.rank is not None:
        return tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
    described = next((each for each in given if each.name == name), None)
    if described is None:
        hint = f"--input '{name}:{tensor.dtype.name}[batch,…]' gives its dims"
        raise MissingInputs(f"the graph does not say how many dims its input '{name}' has", hint=hint)
    return tf.TensorSpec([None if isinstance(dim, str) else dim for dim in described.dims], tensor.dtype, name=name)


def _unread(graph: Any) -> list[str]:
    """The nodes that no other node reads, and that give something which follows from a placeholder."""
    read = {_node_of(each) for node in graph.node for each in node.input}
    placeholders = {node.name for node in graph.node if node.op in {_PLACEHOLDER, _DEFAULT}}
    loose = [node.name for node in graph.node if node.name not in read and not _is_upkeep(node) and _GRADIENTS not in node.name.split("/")]
    return [name for name in loose if placeholders & _needed(graph, [name])]


def _is_upkeep(node: Any) -> bool:
    return node.op in _NO_ANSWERS or any(part in node.op for part in _UPKEEP)


def _needed(graph: Any, outputs: Iterable[str]) -> set[str]:
    """The nodes that the outputs follow from."""
    inputs = {node.name: [_node_of(each) for each in node.input] for node in graph.node}
    found: set[str] = set()
    waiting = [_node_of(each) for each in outputs]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += inputs.get(name, [])
    return found


def _listed(request: LoadRequest, option: str) -> list[str]:
    return [name for each in str(request.options.get(option) or "").split(",") if (name := each.strip().removesuffix(":0"))]


def _tensors(graph: Any, names: Sequence[str], what: str) -> None:
    known = [node.name for node in graph.node]
    for name in names:
        if _node_of(name) not in known:
            raise UnknownName(f"{what} of the graph", name, known)


def _node_of(tensor: str) -> str:
    """The node of a tensor's name, as nodes list them: `^node` is read for its effects alone, `node:1` is the second output."""
    return tensor.removeprefix("^").partition(":")[0]


def _full(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
