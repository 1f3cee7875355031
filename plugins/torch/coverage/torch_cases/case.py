"""A case: a module, the inputs that it is declared with, and the row of the table that it counts in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.plugin import Axis, Input, LoadRequest, Source, parse_inputs
from converter_torch.plugin import Torch

if TYPE_CHECKING:
    import numpy as np

    from converter_torch.model import TorchModel


@dataclass(frozen=True)
class Case:
    """One setting of one row: how its module is made, its inputs and their axes, and feeds of its own where drawn ones do not do.

    A case that is `saved` is converted from the folder that `save_pretrained` writes, with its `options`, and the plugin finds its inputs itself.
    """

    row: str
    setting: str
    make: Callable[[], Any]
    inputs: tuple[Input, ...] = ()
    axes: Mapping[str, Axis] = field(default_factory=dict)
    feeds: Mapping[str, np.ndarray] | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    is_saved: bool = False

    @property
    def title(self) -> str:
        """The row and the setting."""
        return f"{self.row}({self.setting})"

    def source(self, folder: Path) -> Source:
        """Return what is converted: the module, in evaluation mode, or the folder that it is saved in."""
        import torch

        torch.manual_seed(0)
        module = self.make().eval()
        if not self.is_saved:
            return Source.of(module)
        module.save_pretrained(folder / "model")
        return Source.of(folder / "model")

    def load(self, folder: Path) -> TorchModel:
        """Return the loaded model."""
        options = {option.name: option.default for option in Torch.options}
        request = LoadRequest(self.source(folder), inputs=self.inputs, axes=self.axes, options={**options, **self.options})
        return Torch().load(request)


Rows = Mapping[str, Callable[[], list[Case]]]
"""The rows of a part by name, each made when it is asked for."""


def declared(row: str, make: Callable[[], Any], *inputs: str, setting: str = "default") -> Case:
    """Return a case whose inputs are written as for `--input`."""
    parsed, axes = parse_inputs(inputs)
    return Case(row, setting, make, parsed, axes)
