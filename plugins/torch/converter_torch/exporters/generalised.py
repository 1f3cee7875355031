"""Several static exports at several sizes, laid over each other: each constant that follows an axis becomes arithmetic on that axis.

The last resort, and named as such in the report: the graph is inferred from a few sizes, and only the proof tells whether it holds at others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import onnx

from converter.plugin import ExportError, example_sizes
from converter_torch.exporters.capturing import capture_fixed
from converter_torch.exporters.failures import explained
from converter_torch.exporters.patches import patched
from converter_torch.exporters.translating import EXTERNAL_DATA_FROM, translate
from converter_torch.generalising.constants import CannotGeneralise
from converter_torch.generalising.graphs import generalise
from converter_torch.quiet import quiet
from converter_torch.signature.flat import evaluating, size_in_bytes

if TYPE_CHECKING:
    from converter.plugin import Axis, ExportRequest
    from converter_torch.model import TorchModel

NAME = "generalised"
STRIDES = ((1, 3), (2, 6))  # steps from the example's size to the others: of both parities, or, where the structure follows it, of one


def write_generalised(model: TorchModel, request: ExportRequest) -> str:
    """Write the model's graph to `request.path`; return a note that says what it comes from.

    Raises ExportError where a static export fails, or the graphs differ in what has no expression.
    """
    if size_in_bytes(model.flat) >= EXTERNAL_DATA_FROM:
        raise ExportError("torch", NAME, "the weights are too large to be exported several times", hint="-e names another exporter")
    found = _axes_of(model)
    for strides in STRIDES:
        sizes = _sizes(model.axes, strides)
        graphs = [_export(model, request, each) for each in sizes]
        try:
            count = generalise(graphs, sizes, found)
        except CannotGeneralise as error:
            failure = error
        else:
            onnx.save(graphs[0], request.path)
            return f"generalised from {len(graphs)} static exports, {count} constants"
    raise ExportError("torch", NAME, str(failure), hint="export a part of the model, or write what follows the size with tensors")


def _axes_of(model: TorchModel) -> dict[str, tuple[str, int]]:
    """Return an input and its dim for each axis; raises ExportError for one that no dim has for itself."""
    found = {dim: (each.name, place) for each in reversed(model.inputs) for place, dim in enumerate(each.dims) if isinstance(dim, str)}
    if missing := [axis for axis in model.axes if axis not in found]:
        raise ExportError("torch", NAME, f"no dim of an input has axis {missing[0]} for itself", hint="-e names another exporter")
    return found


def _sizes(axes: Mapping[str, Axis], strides: Sequence[int]) -> list[dict[str, int]]:
    base = example_sizes(axes)
    others = [{**base, name: _at(axis, base[name], stride)} for name, axis in axes.items() for stride in strides]
    return [base, *(each for each in others if each != base)]


def _at(axis: Axis, base: int, stride: int) -> int:
    size = base + stride * axis.step
    return size if size <= axis.high else max(base - stride * axis.step, axis.low)


def _export(model: TorchModel, request: ExportRequest, sizes: Mapping[str, int]) -> onnx.ModelProto:
    with quiet(), evaluating(model.flat), patched(model.flat) as (prepared, _):
        with explained(NAME):
            program = capture_fixed(prepared, model.example(sizes))
        return translate(program, model, request, NAME).model_proto
