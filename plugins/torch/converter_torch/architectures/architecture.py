"""What an architecture is: it looks at a checkpoint's keys and shapes and, if they are its own, builds the module that they fill.

A distribution adds its own through an entry point:

    [project.entry-points."converter_torch.architectures"]
    mynet = "mypackage.architectures:MyNet"      # a class without arguments, or an instance
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import torch
    from torch import nn

    from converter.plugin import Axis, Input


@dataclass(frozen=True)
class Evidence:
    """What is known of a checkpoint: the shape behind each key (without prefixes such as `module.`), what else it held, the user's options."""

    shapes: Mapping[str, tuple[int, ...]]
    extras: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, weights: Mapping[str, torch.Tensor], extras: Mapping[str, Any], options: Mapping[str, Any]) -> Self:
        """Return what these weights show."""
        return cls({key: tuple(getattr(weight, "shape", ())) for key, weight in weights.items()}, extras, options)


@dataclass(frozen=True)
class Recognised:
    """A network as the checkpoint has it: the module, its weights not loaded yet, and everything that is known of it.

    `outputs` names the tensors that the forward returns, in order. `metadata` goes into the graph.
    """

    module: nn.Module
    inputs: tuple[Input, ...]
    axes: Mapping[str, Axis]
    outputs: tuple[str, ...]
    summary: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class Architecture(Protocol):
    """One layout of checkpoints."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def options(self) -> tuple[str, ...]:
        """Those of the plugin's options that it takes."""

    def recognise(self, evidence: Evidence) -> Recognised | None:
        """Return the network if the checkpoint is of this layout, else None; raises UsageError for an option that does not fit it."""
