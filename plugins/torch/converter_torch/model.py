"""The heavy half: one loaded torch model, whatever it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from converter.plugin import Axis, Exporter, ExportRequest, Input, Output, PluginError, SourceModel, UsageError, example_sizes, format_input
from converter_torch.exporters.dynamo import write_dynamo
from converter_torch.exporters.torchscript import write_torchscript
from converter_torch.exporters.widened import is_bfloat16, write_widened
from converter_torch.flat import device_of, evaluating
from converter_torch.tensors import dtype_name, to_array, to_tensor

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram

    from converter_torch.flat import Flat

WRITERS: Mapping[str, Callable[[TorchModel, ExportRequest], None]] = MappingProxyType(
    {"dynamo": write_dynamo, "widened": write_widened, "torchscript": write_torchscript}
)


@dataclass(frozen=True)
class Description:
    """What is known of a model beside its weights."""

    inputs: tuple[Input, ...]
    axes: Mapping[str, Axis]
    summary: str
    exporters: tuple[str, ...] = tuple(WRITERS)
    output_names: tuple[str, ...] = ()  # () for the names that the forward itself gives
    metadata: Mapping[str, str] = field(default_factory=dict)
    program: ExportedProgram | None = None  # where the model is one: it is exported as it is


class TorchModel(SourceModel):
    """A torch model. It runs once when it is made, which tells its outputs."""

    def __init__(self, flat: Flat, description: Description) -> None:
        self.flat = flat
        self.program = description.program
        self.inputs = description.inputs
        self.axes = description.axes
        self.metadata = description.metadata
        self.summary = description.summary
        names = [name for name in description.exporters if name != "widened" or is_bfloat16(flat)]
        self.exporters = tuple(Exporter(name, partial(WRITERS[name], self)) for name in names)
        self.outputs = self._find_outputs(description.output_names)

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the model's own answer."""
        with evaluating(self.flat):
            tensors = self.flat(*self.tensors(feeds))
        return {output.name: to_array(tensor) for output, tensor in zip(self.outputs, tensors, strict=True)}

    def tensors(self, feeds: Mapping[str, np.ndarray]) -> tuple[torch.Tensor, ...]:
        """Return the feeds as tensors, in the order of the inputs, where the model is."""
        device = device_of(self.flat)
        return tuple(to_tensor(feeds[each.name], device) for each in self.inputs)

    def example(self) -> tuple[torch.Tensor, ...]:
        """Return the tensors that exporters take as their example: always the same, at sizes that are not 1 where it can be helped."""
        return self.tensors(self.sample(np.random.default_rng(0), example_sizes(self.axes)))

    def _find_outputs(self, names: Sequence[str]) -> tuple[Output, ...]:
        example = self.example()
        with evaluating(self.flat):
            try:
                found = self.flat.named(*example)
            except UsageError:
                raise
            except Exception as error:
                raise PluginError("torch", "first run", f"{type(error).__name__}: {error}", hint=self._hint(example)) from error
        if not found:
            raise UsageError("the forward returns no tensor", hint="a graph needs an output")
        taken = {each.name for each in self.inputs}
        given = names or [name for name, _ in found]
        return tuple(
            Output(f"output.{name}" if name in taken else name, dtype_name(tensor.dtype)) for name, (_, tensor) in zip(given, found, strict=True)
        )

    def _hint(self, example: Sequence[torch.Tensor]) -> str:
        shown = ", ".join(f"{each.name} {list(tensor.shape)}" for each, tensor in zip(self.inputs, example, strict=True))
        inputs = " ".join(f"--input '{format_input(each, self.axes)}'" for each in self.inputs)
        return f"the forward was called with {shown}; do the inputs say what it takes? {inputs}"
