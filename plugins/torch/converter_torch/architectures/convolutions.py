"""The convolutions of a text recogniser: read from a checkpoint's shapes, and built again.

They turn an image of 32 pixels' height into one row of features: four poolings halve the height, and the last convolution, 2×2 without
padding, takes the two rows that are left. The first two poolings halve the width as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

HEIGHT = 32  # pixels
_SQUARE_POOLS = 2

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Convolution:
    """One convolution, with what stands behind it."""

    inputs: int
    outputs: int
    kernel: int
    bias: bool
    normalised: bool
    pooled: bool

    @property
    def padding(self) -> int:
        """What keeps the size, for an odd kernel; none for the 2×2 one."""
        return (self.kernel - 1) // 2


def read_convolution(shapes: Shapes, key: str, norm: str, *, pooled: bool) -> Convolution | None:
    """Return the convolution whose weights lie under `key`, its batch norm under `norm`; None where there is no square one."""
    weight = shapes.get(f"{key}.weight", ())
    if len(weight) != 4 or weight[2] != weight[3]:
        return None
    return Convolution(weight[1], weight[0], weight[2], f"{key}.bias" in shapes, f"{norm}.running_mean" in shapes, pooled)


def make_one_row(convolutions: list[Convolution]) -> bool:
    """Tell whether an image of 32 pixels' height comes out one pixel high."""
    height = HEIGHT
    for each in convolutions:
        height = height + 2 * each.padding - each.kernel + 1
        height //= 2 if each.pooled else 1
    return height == 1


def stages(convolutions: list[Convolution], activation: nn.Module) -> list[dict[str, nn.Module]]:
    """Return the layers of each convolution by their role, in order: conv, batchnorm, relu, pooling."""
    made: list[dict[str, nn.Module]] = []
    pools = 0
    for each in convolutions:
        layers: dict[str, nn.Module] = {"conv": nn.Conv2d(each.inputs, each.outputs, each.kernel, padding=each.padding, bias=each.bias)}
        if each.normalised:
            layers["batchnorm"] = nn.BatchNorm2d(each.outputs)
        layers["relu"] = activation
        if each.pooled:
            layers["pooling"] = nn.MaxPool2d(2) if pools < _SQUARE_POOLS else nn.MaxPool2d((2, 2), (2, 1), (0, 1))
            pools += 1
        made.append(layers)
    return made


def in_words(convolutions: list[Convolution]) -> str:
    """Return the channels of the first and the last convolution: "VGG 64-512"."""
    return f"VGG {convolutions[0].outputs}-{convolutions[-1].outputs}"
