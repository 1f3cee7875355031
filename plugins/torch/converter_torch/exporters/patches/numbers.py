"""Python's numbers that stay symbolic: `int`, `len`, `min`, `math.sqrt` and their kin would fix a free size at the example's.

The builtins are laid over by globals of the Python modules that the model's classes come from; functions of math and numpy are
replaced wherever they are held.
"""

from __future__ import annotations

import builtins
import contextlib
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from converter_torch.exporters.patches.replacing import attributes, everywhere

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes

Function = Callable[..., Any]

_SYMBOLS = (torch.SymInt, torch.SymFloat, torch.SymBool)
_TORCH = ("torch", "converter_torch", "builtins")


@contextlib.contextmanager
def symbolic_numbers(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Lay stand-ins over the builtins, and replace functions of math and numpy."""
    over = {name: _noting(name, getattr(builtins, name), stand_in, notes) for name, stand_in in _FUNCTIONS.items()}
    over |= {"int": _type_over(int, _as_int, torch.SymInt, notes), "float": _type_over(float, torch.sym_float, torch.SymFloat, notes)}
    over["len"] = _length(notes)
    functions = {own: _noting(name, own, stand_in, notes) for (name, own), stand_in in _OF_LIBRARIES.items()}
    with contextlib.ExitStack() as stack:
        stack.enter_context(everywhere(functions))
        for each in _python_modules(module):
            own = {name: value for name, value in over.items() if name not in vars(each)}
            stack.enter_context(attributes(each, own))
        yield module


def _python_modules(module: nn.Module) -> list[ModuleType]:
    """Return the Python modules that the parts' classes come from, and those of the same package from which they hold something."""
    names = {kind.__module__ for part in module.modules() for kind in type(part).__mro__}
    names = {name for name in names if name.partition(".")[0] not in _TORCH}
    for name in list(names):
        package = name.partition(".")[0]
        held = [getattr(value, "__module__", None) for value in list(vars(sys.modules[name]).values())] if name in sys.modules else []
        names |= {other for other in held if isinstance(other, str) and other.partition(".")[0] == package}
    return [sys.modules[name] for name in sorted(names) if name in sys.modules]


def _type_over(kind: type, convert: Function, symbol: type, notes: Notes) -> type:
    """Return a class that stands for `int` or `float`: it calls, compares and names as the type, and converts symbols to symbols."""

    class Over(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, (kind, symbol))

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, kind)

        def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
            if arguments and isinstance(arguments[0], (torch.SymInt, torch.SymFloat)):
                notes.add(f"{kind.__name__}()")
                return convert(arguments[0])
            if arguments and isinstance(arguments[0], torch.Tensor) and arguments[0].numel() == 1:
                return convert(arguments[0].item())
            return kind(*arguments, **keywords)

        def __getattr__(cls, name: str) -> Any:
            return getattr(kind, name)

        def __eq__(cls, other: object) -> bool:
            return other is cls or other is kind

        def __hash__(cls) -> int:
            return hash(kind)

    return Over(kind.__name__, (), {"dtype": np.dtype(kind), "__module__": "builtins"})


def _length(notes: Notes) -> Function:
    """Return a `len` that gives the first size of a tensor as it is."""

    def length(of: Any) -> Any:
        if isinstance(of, torch.Tensor) and of.dim() and isinstance(of.shape[0], torch.SymInt):
            notes.add("len()")
            return of.shape[0]
        return len(of)

    return length


def _as_int(number: Any) -> Any:
    return torch.sym_int(number) if isinstance(number, (torch.SymInt, torch.SymFloat)) else int(number)  # type: ignore[no-untyped-call]


def _noting(name: str, own: Function, stand_in: Function, notes: Notes) -> Function:
    """Return a function that does as `own`, and as `stand_in` where an argument is symbolic."""

    def chosen(*arguments: Any, **keywords: Any) -> Any:
        if not _has_symbol(arguments):
            return own(*arguments, **keywords)
        notes.add(f"{name}()")
        return stand_in(*arguments, **keywords)

    return chosen


def _has_symbol(arguments: tuple[Any, ...]) -> bool:
    given = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list | tuple) else arguments
    return any(isinstance(each, _SYMBOLS) for each in given)


def _folding(combine: Function) -> Function:
    def folded(*arguments: Any) -> Any:
        values = list(arguments[0]) if len(arguments) == 1 else list(arguments)
        result = values[0]
        for value in values[1:]:
            result = combine(result, value)
        return result

    return folded


def _rounded(number: Any, digits: int | None = None) -> Any:
    if digits:
        scale = 10**digits
        return torch.sym_float(_rounded(number * scale)) / scale  # type: ignore[no-untyped-call]
    return number if isinstance(number, torch.SymInt) else round(number)


def _through_tensor(function: Function) -> Function:
    """Return a function of a symbolic number that a tensor computes."""
    return lambda number: function(torch.scalar_tensor(number, dtype=torch.float64)).item()


_SMALLEST, _LARGEST = _folding(torch.sym_min), _folding(torch.sym_max)
_FUNCTIONS: Mapping[str, Function] = MappingProxyType({"min": _SMALLEST, "max": _LARGEST, "round": _rounded})
_OF_LIBRARIES: Mapping[tuple[str, Function], Function] = MappingProxyType(
    {
        ("sqrt", math.sqrt): torch._sym_sqrt,  # type: ignore[attr-defined]
        ("log", math.log): _through_tensor(torch.log),
        ("log2", math.log2): _through_tensor(torch.log2),
        ("log10", math.log10): _through_tensor(torch.log10),
        ("exp", math.exp): _through_tensor(torch.exp),
        ("prod", math.prod): _folding(lambda one, other: one * other),
        ("prod", np.prod): _folding(lambda one, other: one * other),
        ("minimum", np.minimum): _SMALLEST,
        ("maximum", np.maximum): _LARGEST,
        ("ceil", np.ceil): math.ceil,
        ("floor", np.floor): math.floor,
        ("round", np.round): _rounded,
        ("sqrt", np.sqrt): torch._sym_sqrt,  # type: ignore[attr-defined]
        ("abs", np.abs): abs,
        ("log", np.log): _through_tensor(torch.log),
        ("log2", np.log2): _through_tensor(torch.log2),
    }
)
