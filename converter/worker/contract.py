"""What a plugin promises about a model, checked once when the model is loaded: a fault is told there, and not three stages later as something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from converter import dtypes
from converter.errors import PluginError
from converter.specs import Axis, ModelSpec, terms

HINT = "the plugin's SourceModel must be mended; see converter.framework"


def check_spec(plugin: str, spec: ModelSpec) -> None:
    """Raise PluginError with the first promise that the spec breaks."""
    for fault in faults(spec):
        raise PluginError(plugin, "load", f"the model breaks the contract: {fault}", hint=HINT)


def faults(spec: ModelSpec) -> Iterator[str]:
    """Give what is wrong with a spec, a sentence each."""
    if not spec.outputs:
        yield "it has no outputs"
    for name, count in Counter([*(each.name for each in spec.inputs), *(each.name for each in spec.outputs)]).items():
        if count > 1:
            yield f"two of its inputs and outputs are called '{name}'"
    for axis, size in spec.axes.items():
        if not isinstance(size, Axis):
            yield f"axis '{axis}' is {size!r}, not an Axis"
    for each in spec.inputs:
        if each.dtype not in dtypes.ALL:
            yield f"input '{each.name}' has unknown dtype '{each.dtype}'"
        for axis in (term for dim in each.dims if isinstance(dim, str) for term in terms(dim) if not term.isdigit() and term not in spec.axes):
            yield f"input '{each.name}' names axis '{axis}', which has no range"
    names = {output.name for output in spec.outputs}
    for output in spec.outputs:
        if output.label_of and output.label_of not in names:
            yield f"output '{output.name}' is the label of '{output.label_of}', which is no output"
    for key, value in spec.metadata.items():
        if not isinstance(value, str):
            yield f"metadata '{key}' is {value!r}, not a text"
