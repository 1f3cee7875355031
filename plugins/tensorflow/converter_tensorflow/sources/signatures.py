"""The function of a SavedModel, a tf.Module or a tf.function that is to be converted, as TensorFlow's ConcreteFunction."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from converter.plugin import Input, MissingInputs, SourceError, UnknownName, UnreadableSource
from converter_tensorflow.plugin import SAVED_MODEL
from converter_tensorflow.reasons import reason_of
from converter_tensorflow.sources.libraries import library_hint, named
from converter_tensorflow.sources.listing import functions_of
from converter_tensorflow.sources.operations import unknown_operations
from converter_tensorflow.sources.optimizers import strange_optimizers

SHOWN = 5
PREFERRED = ("serving_default", "__call__")
EXAMPLE = "--input 'x:float32[batch,3]' gives them; or @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])"


@dataclass(frozen=True)
class Signature:
    """A function with fixed input types. `owner` keeps its variables alive, which the function itself refers to weakly."""

    name: str
    function: Any  # tf.types.experimental.ConcreteFunction
    owner: Any


def load_saved_model(folder: Path, wanted: str) -> Signature:
    """Return the wanted signature of a SavedModel folder.

    Raises UnreadableSource where the folder is damaged, SourceError where it has operations of another library, and what `signature_of` raises.
    """
    file = folder / SAVED_MODEL
    if not file.stat().st_size:
        raise UnreadableSource(f"{file} is empty", hint="the file was not written to its end; copy or download it again")
    functions_of(file)
    try:
        with strange_optimizers():
            loaded = tf.saved_model.load(str(folder))
    except Exception as error:
        raise _explained(error, folder) from error
    return signature_of(loaded, wanted, ())


def _explained(error: Exception, folder: Path) -> SourceError:
    saved = SavedModel.FromString((folder / SAVED_MODEL).read_bytes())
    if unknown := sorted({name for graph in saved.meta_graphs for name in unknown_operations(graph.graph_def)}):
        message = f"{folder.name} has operations that TensorFlow does not know: {named(unknown[:SHOWN])}"
        return SourceError(message, hint=library_hint(unknown[0]))
    index = folder / "variables" / "variables.index"
    missing = "" if index.is_file() else f"; {index} does not exist"
    hint = "it wants saved_model.pb and the folder variables as they were written; copy it again"
    return UnreadableSource(f"TensorFlow {tf.__version__} cannot load {folder.name}: {reason_of(error)}{missing}", hint=hint)


def signature_of(found: Any, wanted: str, inputs: Sequence[Input]) -> Signature:
    """Return the function of an object: itself, the one named `wanted`, serving_default, __call__, or the only one.

    Raises UnknownName for a wrong name, SourceError where there is none or the choice is open, MissingInputs where its input types are not known.
    """
    if isinstance(found, tf.types.experimental.ConcreteFunction):
        return Signature(found.name, found, found)
    if isinstance(found, tf.types.experimental.PolymorphicFunction):
        return Signature(_name_of(found), _concrete(found, inputs), found)
    functions = _functions(found)
    name = _choose(wanted, functions, type(found).__name__)
    return Signature(name, _concrete(functions[name], inputs), found)


def _functions(found: Any) -> dict[str, Any]:
    """The tf.functions of an object, and a SavedModel's signatures."""
    names = [name for name in dir(found) if name == "__call__" or not name.startswith("_")]
    functions = {name: value for name in names if isinstance(value := _attribute(found, name), tf.types.experimental.PolymorphicFunction)}
    signatures = getattr(found, "signatures", None)
    return {**functions, **signatures} if isinstance(signatures, Mapping) else functions


def _attribute(found: Any, name: str) -> Any:
    """The attribute, or None for a property that raises."""
    with contextlib.suppress(Exception):
        return getattr(found, name)
    return None


def _choose(wanted: str, functions: Mapping[str, Any], owner: str) -> str:
    if wanted:
        if wanted not in functions:
            raise UnknownName("signature", wanted, sorted(functions))
        return wanted
    names = [name for name in sorted(functions) if _is_typed(functions[name])] or sorted(functions)
    for name in PREFERRED:
        if name in names:
            return name
    if len(names) == 1:
        return names[0]
    if not names:
        raise SourceError(
            f"the {owner} has no tf.function to convert", hint="decorate one with @tf.function; a SavedModel is saved with signatures=…"
        )
    raise SourceError(f"the {owner} has several functions: {', '.join(names)}", hint=f"-O signature={names[0]} names the one to convert")


def _is_typed(function: Any) -> bool:
    """Tell whether its input types are known: a signature, one that a SavedModel kept, or a tf.function that declares them."""
    if isinstance(function, tf.types.experimental.ConcreteFunction) or len(getattr(function, "concrete_functions", ())) == 1:
        return True
    return getattr(function, "input_signature", None) is not None


def _concrete(function: Any, inputs: Sequence[Input]) -> Any:
    if isinstance(function, tf.types.experimental.ConcreteFunction):
        return function
    kept = list(getattr(function, "concrete_functions", ()))
    if len(kept) == 1:
        return kept[0]
    if getattr(function, "input_signature", None) is not None:
        return function.get_concrete_function()
    if not inputs:
        raise MissingInputs(f"the input types of {_name_of(function)} are not known: it has no input signature", hint=EXAMPLE)
    specs = {each.name: tf.TensorSpec([None if isinstance(dim, str) else dim for dim in each.dims], each.dtype) for each in inputs}
    return _traced(function, specs)


def _traced(function: Any, specs: Mapping[str, Any]) -> Any:
    try:
        return function.get_concrete_function(**specs)
    except TypeError as error:
        names = list(function.function_spec.fullargspec.args)
        raise MissingInputs(f"{_name_of(function)} does not take the inputs {', '.join(specs)}", hint=f"its arguments: {', '.join(names)}") from error


def _name_of(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))
