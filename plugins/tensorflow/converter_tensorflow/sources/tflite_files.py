"""TensorFlow Lite models, opened by TensorFlow's own interpreter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from converter.plugin import LoadRequest, SourceError, UnreadableSource
from converter_tensorflow.tflite.files import is_custom, kind_of, reached, read
from converter_tensorflow.tflite.interface import Interface, interface_of
from converter_tensorflow.tflite.interpreter import Interpreter, InterpreterRefusal
from converter_tensorflow.tflite.rewrites.hybrids import is_hybrid
from converter_tensorflow.tflite.steps import step_of

_ASSIGNS = "ASSIGN_VARIABLE"
_FLEX = "Flex"  # what TensorFlow Lite calls an operation that TensorFlow's own kernel runs
_KNOWN_CUSTOM = frozenset({"TFLite_Detection_PostProcess", "NumericVerify", "AudioSpectrogram", "Mfcc"})  # that the interpreter brings kernels for


@dataclass(frozen=True)
class TfliteSource:
    """An opened file: the interpreter that answers for it, one signature's interface, and the file as the schema has it.

    `subgraph` is the place of the signature's subgraph in `model`.
    """

    path: Path
    interpreter: Interpreter
    interface: Interface
    model: Any
    subgraph: int

    @property
    def is_hybrid(self) -> bool:
        """Whether an operator rounds its float inputs at run time."""
        return any(is_hybrid(self.model, self.model.subgraphs[place], operator) for place, operator in reached(self.model, self.subgraph))

    @property
    def kinds(self) -> list[str]:
        """The operators that the signature runs."""
        return [kind_of(self.model, operator) for _place, operator in reached(self.model, self.subgraph)]


def load_tflite(path: Path, request: LoadRequest) -> TfliteSource:
    """Return the opened file.

    Raises UnreadableSource where it is damaged or another format, SourceError where it keeps variables or has custom operators, UnknownName for
    a wrong `signature`.
    """
    model = read(path)
    interpreter = Interpreter(path)
    try:
        described = interpreter.describe()
    except InterpreterRefusal as error:
        raise UnreadableSource(f"{path} is cut off or damaged: {error.reason}", hint="copy or download it again") from None
    interface = interface_of(described, request.options.get("signature", ""))
    subgraph = _subgraph_of(model, interface.signature)
    _refuse_custom(path, model, subgraph)
    _refuse_states(path, model, subgraph)
    outputs = tuple(replace(each, step=step_of(model, subgraph, port)) for each, port in zip(interface.outputs, interface.given, strict=True))
    return TfliteSource(path, interpreter, replace(interface, outputs=outputs), model, subgraph)


def _subgraph_of(model: Any, signature: str) -> int:
    found = {each.signatureKey.decode(): each.subgraphIndex for each in model.signatureDefs or []}
    return int(found.get(signature, 0))


def _refuse_custom(path: Path, model: Any, subgraph: int) -> None:
    custom = {kind_of(model, each) for _place, each in reached(model, subgraph) if is_custom(model, each)}
    if unknown := sorted(name for name in custom - _KNOWN_CUSTOM if not name.startswith(_FLEX)):
        hint = "they are code of the model's author or of another library (audio frontends, tokenizers): convert the model without them"
        raise SourceError(f"{path.name} has custom operators that TensorFlow's interpreter does not know: {', '.join(unknown)}", hint=hint)


def _refuse_states(path: Path, model: Any, subgraph: int) -> None:
    assigned = [(place, each.inputs[0]) for place, each in reached(model, subgraph) if kind_of(model, each) == _ASSIGNS]
    if assigned:
        names = ", ".join(sorted({_variable(model, place, index) for place, index in assigned}))
        hint = "let the model take the state as an input and return the new one"
        raise SourceError(f"{path.name} is stateful: it assigns to {names} ({_ASSIGNS}), and a graph has no memory", hint=hint)


def _variable(model: Any, place: int, index: int) -> str:
    """The name of a variable: its handle's, else that of the tensor that holds the handle."""
    graph = model.subgraphs[place]
    handles: Iterable[Any] = (each for each in graph.operators if index in each.outputs and each.builtinOptions is not None)
    shared = next((getattr(each.builtinOptions, "sharedName", None) for each in handles), None)
    return str((shared or graph.tensors[index].name or b"a variable").decode())
