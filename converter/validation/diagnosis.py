"""What is wrong with a graph that disagrees, in one sentence that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converter.cases import Case
from converter.validation.comparison import Agreement

_NOISE = 10  # times what is allowed


def diagnose(agreements: Sequence[Agreement], cases: Sequence[Case]) -> str:
    """Return "" where everything agrees, else the fault: a baked-in axis by its name, swapped outputs, NaN, or the worst difference."""
    wrong = [each for each in agreements if not each.agrees]
    if not wrong:
        return ""
    names = {each.case for each in wrong}
    sizes = {case.name: case.sizes for case in cases}
    for axis in next(iter(sizes.values()), {}) if any(map(_is_much, wrong)) else ():
        if (size := _only_right_size(axis, sizes, names)) is not None:
            example = next((each for each in wrong if sizes[each.case][axis] != size), wrong[0])
            return f"axis {axis} is baked in: right at {axis} {size}, at {axis} {sizes[example.case][axis]} {_what(example)}"
    return _worst(wrong, agreements, {case.name: case.title for case in cases})


def _is_much(agreement: Agreement) -> bool:
    """Whether more is wrong than rounding explains, which differs from size to size as it likes."""
    return agreement.fault != "value" or agreement.beyond > _NOISE


def _only_right_size(axis: str, sizes: Mapping[str, Mapping[str, int]], wrong: set[str]) -> int | None:
    """Return the one size of the axis at which cases are right, where every case of another size is wrong."""
    right = {size[axis] for name, size in sizes.items() if name not in wrong}
    others = {size[axis] for name, size in sizes.items() if name in wrong}
    return next(iter(right)) if len(right) == 1 and others - right else None


def _what(agreement: Agreement) -> str:
    return f"output {agreement.output} {_sentence(agreement)}" if agreement.output else agreement.detail


def _sentence(agreement: Agreement) -> str:
    return agreement.detail if agreement.fault == "value" else f"is wrong: {agreement.detail}"


def _worst(wrong: Sequence[Agreement], agreements: Sequence[Agreement], titles: Mapping[str, str]) -> str:
    order = ["run", "swapped", "shape", "dtype", "nan", "value"]
    first = min(wrong, key=lambda each: (order.index(each.fault), -each.max_abs))
    share = f"{len({each.case for each in wrong})} of {len({each.case for each in agreements})} cases"
    plan = "" if first.optimised else ", without ONNX Runtime's optimisations"
    return f"{_what(first)} (in {share}; this one: {titles[first.case]}{plan})"
