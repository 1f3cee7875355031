"""Exported programs: their inputs and axes, from the placeholders and the ranges of their symbolic sizes.

A program keeps no names for its free sizes. The first dim of an input is called `batch`, any other `<input>_<place>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sympy  # type: ignore[import-untyped]
import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import ConstantArgument, InputKind, TensorArgument

from converter.plugin import Axis, Dim, Input, UnreadableSource, UsageError
from converter_torch.quiet import quiet
from converter_torch.signature.binding import ByStructure
from converter_torch.sources.vetting import vet
from converter_torch.tensors import dtype_name

BATCH = "batch"
USUAL_SPAN = 64  # the sizes tried above the smallest where a program names no bound
BOUND = 4096  # a program's own bound above this one is taken for none


def read_program(path: Path, *, trust: bool) -> ExportedProgram:
    """Return the program in a `.pt2` file.

    Raises UntrustedSource where loading it could execute code and `trust` is False, UnreadableSource where torch cannot load it.
    """
    if not trust:
        vet(path)
    try:
        with quiet(), path.open("rb") as file:
            return torch.export.load(file)
    except Exception as error:
        raise UnreadableSource(
            f"{path.name} is an exported program that torch {torch.__version__} cannot load: {type(error).__name__}: {error}",
            hint="save it with torch.export.save under the torch that is installed here",
        ) from error


def inputs_of(program: ExportedProgram) -> tuple[tuple[Input, ...], dict[str, Axis]]:
    """Return the tensor inputs of a program and their axes; raises UsageError for a size that is no sum of free ones."""
    names: dict[sympy.Symbol, str] = {}
    inputs = tuple(_input(name, tensor, names) for name, tensor in tensor_placeholders(program).items())
    return inputs, {name: _axis(program.range_constraints.get(symbol)) for symbol, name in names.items()}


def binding_of(program: ExportedProgram) -> ByStructure:
    """Return how a program's tensor inputs, in order, become the arguments of its call; raises UsageError for an input that is a number."""
    leaves: list[int | None] = []
    constants: list[Any] = []
    count = 0
    for argument in _user_inputs(program):
        if isinstance(argument, ConstantArgument):
            leaves.append(None)
            constants.append(argument.value)
        elif isinstance(argument, TensorArgument):
            leaves.append(count)
            constants.append(None)
            count += 1
        else:
            raise UsageError(f"the program's input {argument.name} is a Python number with a free value", hint="export it as a tensor")
    return ByStructure(program.call_spec.in_spec, tuple(leaves), tuple(constants))


def tensor_placeholders(program: ExportedProgram) -> dict[str, torch.Tensor]:
    """Return the program's tensor inputs in order, each a tensor without values that knows its shape and dtype."""
    wanted = [argument.name for argument in _user_inputs(program) if isinstance(argument, TensorArgument)]
    values = {node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder" and node.name in wanted}
    return {name: values[name] for name in wanted}


def _user_inputs(program: ExportedProgram) -> list[Any]:
    return [each.arg for each in program.graph_signature.input_specs if each.kind is InputKind.USER_INPUT]


def _input(name: str, tensor: torch.Tensor, names: dict[sympy.Symbol, str]) -> Input:
    dims = tuple(_dim(size, name, place, names) for place, size in enumerate(tensor.shape))
    return Input(name, dtype_name(tensor.dtype), dims)


def _dim(size: int | torch.SymInt, name: str, place: int, names: dict[sympy.Symbol, str]) -> Dim:
    """Return a size as a length or as a sum of axes; a symbol that is met for the first time gets its name here."""
    if isinstance(size, int):
        return size
    parts: Mapping[Any, Any] = size.node.expr.as_coefficients_dict()
    if not all((part == 1 or part.is_Symbol) and factor.is_Integer and factor > 0 for part, factor in parts.items()):
        raise UsageError(
            f"dim {place} of {name} is {size.node.expr}, which is no sum of free sizes", hint=f"say what it is: --input '{name}:…[batch,…]'"
        )
    for symbol in sorted((part for part in parts if part != 1), key=str):
        names.setdefault(symbol, _unused(BATCH if place == 0 else f"{name}_{place}", names))
    terms = [str(factor) if part == 1 else " + ".join([names[part]] * int(factor)) for part, factor in parts.items()]
    return " + ".join(sorted(terms, key=str.isdigit))


def _unused(name: str, names: Mapping[Any, str]) -> str:
    taken = set(names.values())
    if name not in taken:
        return name
    return next(candidate for number in range(2, len(taken) + 3) if (candidate := f"{name}_{number}") not in taken)


def _axis(bounds: Any) -> Axis:
    """Return the range of a symbolic size, from torch's value range."""
    low = max(1, int(bounds.lower)) if bounds is not None else 1
    bounded = bounds is not None and bounds.upper.is_Integer and bounds.upper <= BOUND
    return Axis(low, int(bounds.upper) if bounded else low + USUAL_SPAN - 1)
