"""The heavy half: one loaded torch model, whatever it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from converter.plugin import Axis, Exporter, ExportRequest, Input, Output, PluginError, SourceModel, UsageError, example_sizes, format_input
from converter_torch.exporters.dynamo import write_dynamo
from converter_torch.exporters.generalised import write_generalised
from converter_torch.exporters.patched import write_patched
from converter_torch.exporters.program import write_program
from converter_torch.exporters.resized import write_resized
from converter_torch.exporters.script import write_script
from converter_torch.exporters.trace import write_trace
from converter_torch.exporters.widened import is_bfloat16, write_widened
from converter_torch.proposing.probing import working_axes
from converter_torch.rounding import errors
from converter_torch.signature.flat import device_of, evaluating
from converter_torch.tensors import dtype_name, to_array, to_tensor
from converter_torch.watching import first_run

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram

    from converter_torch.exporters.translations import Table
    from converter_torch.signature.flat import Flat

WRITERS: Mapping[str, Callable[[TorchModel, ExportRequest], str | None]] = MappingProxyType(
    {
        "patched": write_patched,
        "widened": write_widened,
        "resized": write_resized,
        "dynamo": write_dynamo,
        "script": write_script,
        "trace": write_trace,
        "generalised": write_generalised,
        "program": write_program,
    }
)
OF_MODULES = tuple(name for name in WRITERS if name != "program")
_NEED_AXES = frozenset({"resized", "generalised"})  # they work on what changes with a size


Sample: TypeAlias = Callable[[np.random.Generator, Mapping[str, int]], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Description:
    """What is known of a model beside its weights."""

    inputs: tuple[Input, ...]
    axes: Mapping[str, Axis]
    summary: str
    exporters: tuple[str, ...] = OF_MODULES
    output_names: tuple[str, ...] = ()  # () for the names that the forward itself gives
    metadata: Mapping[str, str] = field(default_factory=dict)
    program: ExportedProgram | None = None  # where the model is one: it is exported as it is
    sample: Sample | None = None  # feeds that are not drawn value by value


class TorchModel(SourceModel):
    """A torch model. It runs once when it is made, which tells its outputs."""

    def __init__(self, flat: Flat, description: Description) -> None:
        self.flat = flat
        self.program = description.program
        self.inputs = description.inputs
        self.axes = description.axes
        self.metadata = description.metadata
        self.summary = description.summary
        self._sample = description.sample
        self.translations: Table | None = None  # the user's own, of torch operators
        self.exporters = tuple(Exporter(name, partial(self._write, name)) for name in description.exporters if self._takes(name))
        self.outputs = self._find_outputs(description.output_names)

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the model's own answer."""
        with evaluating(self.flat):
            tensors = self.flat(*self.tensors(feeds))
        return {output.name: to_array(tensor) for output, tensor in zip(self.outputs, tensors, strict=True)}

    def rounding(self, feeds: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Return how far the answer is from that in float64."""
        found = errors(self.flat, self.tensors(feeds))
        return {} if found is None else {output.name: error for output, error in zip(self.outputs, found, strict=True)}

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random feeds in which each axis has the given size."""
        return super().sample(rng, sizes) if self._sample is None else self._sample(rng, sizes)

    def tensors(self, feeds: Mapping[str, np.ndarray]) -> tuple[torch.Tensor, ...]:
        """Return the feeds as tensors, in the order of the inputs, where the model is."""
        device = device_of(self.flat)
        return tuple(to_tensor(feeds[each.name], device) for each in self.inputs)

    def example(self, sizes: Mapping[str, int] | None = None) -> tuple[torch.Tensor, ...]:
        """Return the tensors that exporters take as their example: always the same, at sizes that are not 1 where it can be helped."""
        return self.tensors(self.sample(np.random.default_rng(0), sizes or example_sizes(self.axes)))

    def _write(self, exporter: str, request: ExportRequest) -> str:
        """Let an exporter write, and return its note and those on the model itself."""
        return "; ".join(filter(None, [WRITERS[exporter](self, request), *self._notes]))

    def _takes(self, exporter: str) -> bool:
        """Tell whether an exporter can do for this model what the ones before it did not."""
        if exporter == "widened":
            return is_bfloat16(self.flat)
        return bool(self.axes) or exporter not in _NEED_AXES

    def _find_outputs(self, names: Sequence[str]) -> tuple[Output, ...]:
        example = self.example()
        with evaluating(self.flat):
            try:
                found, self._notes = first_run(self.flat, example)
            except UsageError:
                raise
            except Exception as error:
                raise PluginError("torch", "first run", f"{type(error).__name__}: {error}", hint=self._hint(example)) from error
        if not found:
            raise UsageError("the forward returns no tensor", hint="a graph needs an output")
        if refused := next((f"output '{name}' is {dtype_name(tensor.dtype)}" for name, tensor in found if tensor.is_complex()), ""):
            raise UsageError(f"{refused}, and ONNX Runtime computes no complex numbers", hint="return torch.view_as_real(…) of it: [..., 2]")
        taken = {each.name for each in self.inputs}
        given = names or [name for name, _ in found]
        return tuple(
            Output(f"output.{name}" if name in taken else name, dtype_name(tensor.dtype)) for name, (_, tensor) in zip(given, found, strict=True)
        )

    def _hint(self, example: Sequence[torch.Tensor]) -> str:
        shown = ", ".join(f"{each.name} {list(tensor.shape)}" for each, tensor in zip(self.inputs, example, strict=True))
        narrower = working_axes(self._runs, self.axes, example_sizes(self.axes))
        inputs = " ".join(f"--input '{format_input(each, narrower or self.axes)}'" for each in self.inputs)
        told = "it runs at the sizes of" if narrower else "do the inputs say what it takes?"
        return f"the forward was called with {shown}; {told} {inputs}"

    def _runs(self, sizes: Mapping[str, int]) -> bool:
        try:
            return bool(self.flat.named(*self.example(sizes)))
        except Exception:  # noqa: BLE001 - what a module raises on what it does not take is its own affair
            return False
