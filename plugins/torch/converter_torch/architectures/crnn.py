"""The CRNN with the keys `feat_extract.*`, `neck.encoder.bilstm.*` and `head.fc.*`.

Shi, Bai and Yao 2015, "An end-to-end trainable neural network for image-based sequence recognition". Every size is read from the shapes; where
the poolings stand is read from the gaps in the numbers of `feat_extract`: a convolution, its batch norm if any, an activation, and then a pooling
if there is room for one before the next convolution.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

from converter.plugin import ImagePreparation
from converter_torch.architectures.convolutions import HEIGHT, Convolution, Shapes, in_words, make_one_row, read_convolution, stages
from converter_torch.architectures.ctc import IMAGES, OPTIONS, WIDTH, Readout, Recogniser, describe

if TYPE_CHECKING:
    import torch

    from converter_torch.architectures.architecture import Evidence, Recognised

_FEATURES = "feat_extract"
_LSTM = "neck.encoder.bilstm"
_SCORES = "head.fc"


class Crnn:
    """Recognises the layout."""

    name = "crnn"
    options = OPTIONS

    def recognise(self, evidence: Evidence) -> Recognised | None:
        """Return the network if the checkpoint is of this layout, else None; raises UsageError for a charset that does not fit."""
        convolutions, recurrent = _convolutions(evidence.shapes), _recurrent(evidence.shapes)
        scores = evidence.shapes.get(f"{_SCORES}.weight", ())
        if recurrent is None or len(scores) != 2 or not make_one_row(convolutions):
            return None
        classes, channels = scores[0], convolutions[0].inputs
        module = CrnnModule(convolutions, recurrent, classes, Readout.of(evidence.options), bias=f"{_SCORES}.bias" in evidence.shapes)
        colour = ImagePreparation(input=IMAGES, height=HEIGHT, width=WIDTH)
        summary = f"CRNN: {in_words(convolutions)}, {recurrent.layers} × {'Bi' if recurrent.bidirectional else ''}LSTM {recurrent.hidden}"
        return describe(module, evidence, channels=channels, classes=classes, summary=summary, preparation=colour if channels == 3 else None)


@dataclass(frozen=True)
class _Recurrent:
    """The LSTM layers."""

    features: int
    hidden: int
    layers: int
    bidirectional: bool
    bias: bool


class CrnnModule(Recogniser):
    """The network."""

    def __init__(self, convolutions: list[Convolution], recurrent: _Recurrent, classes: int, readout: Readout, *, bias: bool) -> None:
        super().__init__(readout)
        self.feat_extract = nn.Sequential(*(layer for stage in stages(convolutions, nn.ReLU()) for layer in stage.values()))
        lstm = nn.LSTM(recurrent.features, recurrent.hidden, recurrent.layers, bias=recurrent.bias, bidirectional=recurrent.bidirectional)
        self.neck = nn.ModuleDict({"encoder": nn.ModuleDict({"bilstm": lstm})})
        self.head = nn.ModuleDict({"fc": nn.Linear((1 + recurrent.bidirectional) * recurrent.hidden, classes, bias=bias)})

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits [steps, batch, classes]."""
        features = self.feat_extract(images).squeeze(2).permute(2, 0, 1)
        context, _ = self.neck.get_submodule("encoder.bilstm")(features)
        scores: torch.Tensor = self.head["fc"](context)
        return scores


def _convolutions(shapes: Shapes) -> list[Convolution]:
    """Return the convolutions in order; none where a gap between two holds anything but an activation and a pooling."""
    numbers = sorted(
        int(found[1]) for key, shape in shapes.items() if len(shape) == 4 and (found := re.fullmatch(rf"{_FEATURES}\.(\d+)\.weight", key))
    )
    read = [read_convolution(shapes, f"{_FEATURES}.{number}", f"{_FEATURES}.{number + 1}", pooled=False) for number in numbers]
    convolutions = [each for each in read if each is not None]
    gaps = [after - before for before, after in pairwise(numbers)]
    rooms = [gap - 2 - each.normalised for gap, each in zip(gaps, convolutions, strict=False)]  # behind convolution, norm and activation
    if len(convolutions) != len(numbers) or not numbers or numbers[0] != 0 or not all(room in {0, 1} for room in rooms):
        return []
    return [replace(each, pooled=room == 1) for each, room in zip(convolutions, [*rooms, 0], strict=True)]


def _recurrent(shapes: Shapes) -> _Recurrent | None:
    weights = shapes.get(f"{_LSTM}.weight_ih_l0", ())
    if len(weights) != 2 or weights[0] % 4:
        return None
    layers = sum(re.fullmatch(rf"{re.escape(_LSTM)}\.weight_ih_l\d+", key) is not None for key in shapes)
    return _Recurrent(weights[1], weights[0] // 4, layers, f"{_LSTM}.weight_ih_l0_reverse" in shapes, f"{_LSTM}.bias_ih_l0" in shapes)
