"""A TensorFlow signature as a plain function of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from converter.plugin import Domain, Input, LoadRequest, MissingInputs, Output, SourceError
from converter_tensorflow.faces.exported import inputs_of_the_model, layers_of_the_outputs
from converter_tensorflow.faces.naming import dims_of, joined, output_names, unique
from converter_tensorflow.faces.overriding import overridden
from converter_tensorflow.functions.function import Declared, TensorFunction
from converter_tensorflow.plugin import EXPLICIT
from converter_tensorflow.sources.signatures import Signature
from converter_tensorflow.state.explicit import explicit, traced_of, with_batch_of
from converter_tensorflow.state.variables import STATE_HINT, changed_by, changes_in, old_variables_changed


@dataclass(frozen=True)
class SignatureFunction(TensorFunction):
    """Calls the signature with its nested arguments."""

    signature: Signature

    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        """Return the signature's flat answers."""
        function = self.signature.function
        given = iter(tensors)
        leaves = [next(given) if _is_tensor(leaf) else leaf for leaf in tf.nest.flatten(function.structured_input_signature)]
        args, kwargs = tf.nest.pack_sequence_as(function.structured_input_signature, leaves)
        return [tensor for tensor in tf.nest.flatten(function(*args, **kwargs)) if tensor is not None]


def signature_function(signature: Signature, request: LoadRequest) -> TensorFunction:
    """Return the signature as a function; with the option `state=explicit` the variables that it changes are inputs and outputs.

    Raises SourceError for one that changes variables without that, or takes other than dense tensors, MissingInputs for an unknown rank,
    and UsageError where `request.inputs` are not its own.
    """
    inputs = overridden(_inputs(signature.function), request.inputs)
    function = SignatureFunction(Declared(inputs, _outputs(signature.function, inputs), _summary(signature)), signature)
    if not changes_in(signature.function.graph):
        return function
    traced = traced_of(function)
    if old := old_variables_changed(traced.graph):
        raise _stateful(signature, old, STATE_HINT)
    states = changed_by(traced, signature.owner)
    if not states:
        return function
    if request.options.get("state") == EXPLICIT:
        return explicit(with_batch_of(states, function), states)
    hint = f"-O state={EXPLICIT} makes them inputs and outputs of the graph; or let the function take the state and return the new one"
    raise _stateful(signature, [each.name for each in states], hint)


def _stateful(signature: Signature, variables: Sequence[str], hint: str) -> SourceError:
    return SourceError(f"{signature.name} is stateful: it changes its variables {', '.join(variables)}, and a graph cannot", hint=hint)


def _inputs(function: Any) -> tuple[Input, ...]:
    leaves = [(path, leaf) for path, leaf in _named_leaves(function) if _is_tensor(leaf)]
    for path, spec in leaves:
        if not isinstance(spec, tf.TensorSpec) or spec.dtype in {tf.resource, tf.variant}:
            raise SourceError(f"input '{joined(path)}' is a {type(spec).__name__}, and ONNX has dense tensors", hint="convert it inside the function")
        if spec.shape.rank is None:
            raise MissingInputs(f"the rank of input '{joined(path)}' is not known", hint="save the function with an input signature that has shapes")
    names = unique(inputs_of_the_model([spec.name if len(path) == 1 and spec.name else joined(path) for path, spec in leaves]))
    dims = dims_of([(name, spec.shape.as_list()) for name, (_path, spec) in zip(names, leaves, strict=True)])
    domains = [Domain(0, 255) if spec.dtype == tf.uint8 else Domain() for _path, spec in leaves]
    return tuple(Input(name, leaf[1].dtype.name, dims, domain) for name, leaf, dims, domain in zip(names, leaves, dims, domains, strict=True))


def _named_leaves(function: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """The leaves of the arguments in TensorFlow's order, each with its path: the argument's name, then keys and positions."""
    args, kwargs = function.structured_input_signature
    parameters = list(function.function_type.parameters)
    nests = [*zip(parameters, args, strict=False), *sorted(kwargs.items())]
    return [((name, *path), leaf) for name, nest in nests for path, leaf in flat_with_path(nest)]


def flat_with_path(nest: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return the leaves of a nest in the order of `tf.nest.flatten`, each with its path."""
    if isinstance(nest, dict):
        return [((key, *path), leaf) for key in sorted(nest) for path, leaf in flat_with_path(nest[key])]
    if isinstance(nest, tuple) and hasattr(nest, "_fields"):
        return [((key, *path), leaf) for key in nest._fields for path, leaf in flat_with_path(getattr(nest, key))]
    if isinstance(nest, list | tuple):
        return [((position, *path), leaf) for position, each in enumerate(nest) for path, leaf in flat_with_path(each)]
    return [((), nest)]


def _is_tensor(leaf: Any) -> bool:
    return isinstance(leaf, tf.TypeSpec)


def _outputs(function: Any, inputs: Sequence[Input]) -> tuple[Output, ...]:
    leaves = [(path, leaf) for path, leaf in flat_with_path(function.structured_outputs) if leaf is not None]
    taken = [each.name for each in inputs]
    names = unique(layers_of_the_outputs(output_names([path for path, _leaf in leaves], taken), function), taken)
    return tuple(Output(name, leaf.dtype.name) for name, (_path, leaf) in zip(names, leaves, strict=True))


def _summary(signature: Signature) -> str:
    variables = signature.function.graph.variables
    parameters = sum(variable.shape.num_elements() or 0 for variable in variables)
    return f"TensorFlow function {signature.name}, {len(variables)} variables, {parameters:,} parameters"
