"""The user's own translations of torch operators: `-O translation=module:TABLE`.

TABLE maps operators to functions of onnxscript, as torch.onnx.export's `custom_translation_table` does:
`{torch.ops.mine.scaled.default: scaled}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from converter.plugin import UsageError, import_attribute

if TYPE_CHECKING:
    from converter.plugin import LoadRequest

OPTION = "translation"
_EXAMPLE = "{torch.ops.mine.scaled.default: a function of onnxscript}"

Table = Mapping[Callable[..., Any], Callable[..., Any]]


def read_table(request: LoadRequest) -> Table | None:
    """Return the table that the option names, None where it is not given.

    Raises SourceNotFound where there is no such attribute, UsageError where it is no such table.
    """
    reference = request.options.get(OPTION)
    if not reference:
        return None
    if ":" not in reference:
        raise UsageError(f"option {OPTION} is module:TABLE, not '{reference}'", hint=f"-O {OPTION}=mypkg.operators:TABLE, where TABLE = {_EXAMPLE}")
    table = import_attribute(reference)
    if not isinstance(table, Mapping) or not table:
        raise UsageError(f"{reference} is a {type(table).__name__}, and no table of translations", hint=f"TABLE = {_EXAMPLE}")
    for operator, function in table.items():
        if not isinstance(operator, torch._ops.OpOverload):
            raise UsageError(f"{reference} translates {operator!r}, which is no overload of a torch operator", hint=_overload_hint(operator))
        if not callable(function):
            raise UsageError(f"{reference} translates {operator} by a {type(function).__name__}", hint=f"TABLE = {_EXAMPLE}")
    return dict(table)


def _overload_hint(operator: Any) -> str:
    if isinstance(operator, torch._ops.OpOverloadPacket):
        name = operator._qualified_op_name.replace("::", ".")
        return f"name its overload: {' or '.join(f'torch.ops.{name}.{each}' for each in operator.overloads())}"  # type: ignore[no-untyped-call]
    return f"TABLE = {_EXAMPLE}"
