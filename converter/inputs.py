"""The syntax of `--input`: NAME:DTYPE[DIMS]{DOMAIN}.

images:float32[batch,3,32,width=32..1024]      axes by name; a range where the default 1..64 does not do
ids:int64[batch,length=1..512/8]{0..30521}     steps of 8; the values that may occur
past:float32[batch,8,past + length,64]         a sum of axes
scale:float32[]                                a scalar
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from converter import dtypes
from converter.errors import InputSyntaxError
from converter.specs import Axis, Dim, Domain, Input, terms

EXAMPLE = "--input 'images:float32[batch,3,224,width=32..1024]'"
_INPUT = re.compile(r"(?P<name>[^:\[\]{}\s]+):(?P<dtype>\w+)\[(?P<dims>[^\[\]{}]*)\](?:\{(?P<domain>[^{}]*)\})?")
_NAME = r"[A-Za-z_]\w*"
_LENGTH = r"[0-9]{1,18}"  # what an ONNX dim holds
_AXIS = re.compile(rf"(?P<name>{_NAME})=(?P<low>{_LENGTH})\.\.(?P<high>{_LENGTH})(?:/(?P<step>{_LENGTH}))?")
_SUM = re.compile(rf"{_NAME}(\s*\+\s*(?:{_NAME}|{_LENGTH}))*")
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})")


def parse_inputs(texts: Iterable[str]) -> tuple[tuple[Input, ...], dict[str, Axis]]:
    """Return the inputs and every axis that they name; an axis's range may be given once, at any of them.

    Raises InputSyntaxError where a text cannot be read, and where two texts name one input or give one axis two ranges.
    """
    inputs: list[Input] = []
    ranges: dict[str, Axis] = {}
    for text in texts:
        parsed, given = _parse_input(text)
        if any(each.name == parsed.name for each in inputs):
            raise InputSyntaxError(f"input '{parsed.name}' is given twice", hint="each --input names another input")
        for name, axis in given.items():
            _give_range(ranges, name, axis)
        inputs.append(parsed)
    names = [term for each in inputs for dim in each.dims if isinstance(dim, str) for term in terms(dim) if not term.isdigit()]
    return tuple(inputs), {name: ranges.get(name, Axis()) for name in dict.fromkeys(names)}


def format_input(each: Input, axes: Mapping[str, Axis]) -> str:
    """Return the text that `parse_inputs` reads as this input; every axis with its range, the domain where it is a range or words."""
    dims = [f"{dim}={_shown(axes[dim])}" if isinstance(dim, str) and dim in axes else str(dim) for dim in each.dims]
    return f"{each.name}:{each.dtype}[{','.join(dims)}]{_shown_domain(each)}"


def _shown_domain(each: Input) -> str:
    low, high, values = each.domain.low, each.domain.high, each.domain.values
    if values and each.dtype == dtypes.STRING:
        return f"{{{','.join(values)}}}"
    return f"{{{_shown_number(low)}..{_shown_number(high)}}}" if low is not None and high is not None else ""


def _shown_number(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(float(number))


def _shown(axis: Axis) -> str:
    return f"{axis.low}..{axis.high}" + (f"/{axis.step}" if axis.step > 1 else "")


def _parse_input(text: str) -> tuple[Input, dict[str, Axis]]:
    match = _INPUT.fullmatch(text.strip())
    if match is None:
        raise InputSyntaxError(f"cannot read the input '{text}': it is not NAME:DTYPE[DIMS]", hint=EXAMPLE)
    try:
        dtype = dtypes.canonical(match["dtype"])
    except ValueError:
        raise InputSyntaxError(f"input '{match['name']}': unknown dtype '{match['dtype']}'", hint=f"one of: {', '.join(dtypes.ALL)}") from None
    dims: list[Dim] = []
    axes: dict[str, Axis] = {}
    for part in filter(None, (part.strip() for part in match["dims"].split(","))):
        dim, axis = _parse_dim(part, text)
        dims.append(dim)
        if axis is not None:
            _give_range(axes, str(dim), axis)
    return Input(match["name"], dtype, tuple(dims), _parse_domain(match["domain"], text, dtype)), axes


def _give_range(ranges: dict[str, Axis], name: str, axis: Axis) -> None:
    if ranges.setdefault(name, axis) != axis:
        raise InputSyntaxError(f"axis '{name}' has two ranges: {_shown(ranges[name])} and {_shown(axis)}", hint="give the range once")


def _parse_dim(part: str, text: str) -> tuple[Dim, Axis | None]:
    if re.fullmatch(_LENGTH, part):
        return int(part), None
    if ranged := _AXIS.fullmatch(part):
        try:
            return ranged["name"], Axis(int(ranged["low"]), int(ranged["high"]), int(ranged["step"] or 1))
        except ValueError as error:
            raise InputSyntaxError(f"cannot read the dim '{part}' of '{text}': {error}", hint=f"{ranged['name']}=16..512") from None
    if _SUM.fullmatch(part):
        return " + ".join(terms(part)), None
    raise InputSyntaxError(
        f"cannot read the dim '{part}' of '{text}'", hint=f"a number, a name, or a name with its range: width=16..512; as in {EXAMPLE}"
    )


def _parse_domain(text: str | None, whole: str, dtype: str) -> Domain:
    if not text:
        return Domain()
    if match := _RANGE.fullmatch(text.strip()):
        low, high = float(match["low"]), float(match["high"])
        if low > high or math.isinf(low) or math.isinf(high):
            reason = f"{low:g} is above {high:g}" if low > high else "its ends are finite"
            raise InputSyntaxError(f"cannot read the values '{{{text}}}' of '{whole}': {reason}", hint="{LOW..HIGH}")
        return Domain(low, high)
    if dtype == dtypes.STRING:
        return Domain(values=tuple(item.strip() for item in text.split(",")))
    raise InputSyntaxError(f"cannot read the values '{{{text}}}' of '{whole}'", hint="a range: {0..30521}; for strings the words: {red,green,blue}")
