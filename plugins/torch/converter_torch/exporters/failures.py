"""What torch's exporters raise, told by its root: they wrap one error into the next, with pages of advice around each."""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING

from converter.plugin import ConverterError, ExportError

if TYPE_CHECKING:
    from torch.export import ExportedProgram

_UNTRANSLATED = re.compile(r"No ONNX function found for <OpOverload\(op='(?P<operator>[^']+)', overload='(?P<overload>[^']+)'\)>")
_WRAPPERS = re.compile(r"^(L\['self'\]\.?)?(module(\.|$))*")
_HINT = "--debug shows the traceback"
_LENGTH = 300


@contextlib.contextmanager
def explained(exporter: str, program: ExportedProgram | None = None) -> Iterator[None]:
    """Raise ExportError with the root of what the body raises; an operator of `program` without a translation is named with its module."""
    try:
        yield
    except (ConverterError, MemoryError):
        raise
    except Exception as error:
        root = _root(error)
        message, hint = _told(root, program)
        raise ExportError("torch", exporter, message, hint=hint, details="".join(traceback.format_exception(error))) from error


def _told(root: BaseException, program: ExportedProgram | None) -> tuple[str, str]:
    found = _UNTRANSLATED.search(str(root))
    if found is None:
        lines = str(root).strip().splitlines()
        told = " ".join(line.strip() for line in lines) if lines and lines[0].endswith(":") else "".join(lines[:1])
        return f"{type(root).__name__}: {told[:_LENGTH]}".removesuffix(": "), _HINT
    name = f"{found['operator'].replace('::', '.')}.{found['overload']}"
    place = _place(program, name)
    return (
        f"operator {name}{f' of {place}' if place else ''} has no translation to ONNX",
        f"write one: -O translation=module:TABLE, where TABLE = {{torch.ops.{name}: a function of onnxscript that takes the operator's arguments}}",
    )


def _root(error: BaseException) -> BaseException:
    seen = {id(error)}
    while (cause := error.__cause__) is not None and id(cause) not in seen:
        seen.add(id(cause))
        error = cause
    return error


def _place(program: ExportedProgram | None, operator: str) -> str:
    """Return the module that calls an operator first: "layers.3 (Scaled)"; "" where the program does not tell."""
    if program is None:
        return ""
    for node in program.graph.nodes:
        if node.op == "call_function" and str(node.target) == operator and (stack := node.meta.get("nn_module_stack")):
            path, kind = list(stack.values())[-1]
            named = _WRAPPERS.sub("", path)
            return f"{named} ({kind.rsplit('.', 1)[-1] if isinstance(kind, str) else kind.__name__})" if named else ""
    return ""
