"""The CRNN of github.com/meijieru/crnn.pytorch and its many descendants: keys `cnn.conv0.*`, `cnn.batchnorm2.*`, `rnn.0.rnn.*`, `rnn.0.embedding.*`.

The poolings stand behind convolutions 0, 1, 3 and 5; every other size is read from the shapes. That the activations are leaky does not show
in a checkpoint: `-O leaky_relu=true` says so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from torch import nn

from converter.plugin import ImagePreparation
from converter_torch.architectures.convolutions import HEIGHT, Convolution, Shapes, in_words, make_one_row, read_convolution, stages
from converter_torch.architectures.ctc import IMAGES, OPTIONS, WIDTH, Readout, Recogniser, describe

if TYPE_CHECKING:
    import torch

    from converter_torch.architectures.architecture import Evidence, Recognised

POOLED = (0, 1, 3, 5)
SLOPE = 0.2  # of the leaky activations


class CrnnPytorch:
    """Recognises the layout."""

    name = "crnn_pytorch"
    options = (*OPTIONS, "leaky_relu")

    def recognise(self, evidence: Evidence) -> Recognised | None:
        """Return the network if the checkpoint is of this layout, else None; raises UsageError for a charset that does not fit."""
        convolutions, blocks = list(_convolutions(evidence.shapes)), list(_blocks(evidence.shapes))
        if not convolutions or not blocks or not make_one_row(convolutions):
            return None
        channels, classes = convolutions[0].inputs, blocks[-1][2]
        activation = nn.LeakyReLU(SLOPE) if evidence.options.get("leaky_relu") else nn.ReLU()
        module = CrnnPytorchModule(convolutions, blocks, activation, Readout.of(evidence.options))
        summary = f"CRNN (crnn.pytorch): {in_words(convolutions)}, {len(blocks)} × BiLSTM {blocks[0][1]}"
        return describe(module, evidence, channels=channels, classes=classes, summary=summary, preparation=_preparation(channels))


class CrnnPytorchModule(Recogniser):
    """The network."""

    def __init__(self, convolutions: list[Convolution], blocks: list[tuple[int, int, int]], activation: nn.Module, readout: Readout) -> None:
        super().__init__(readout)
        self.cnn = nn.Sequential()
        pools = itertools.count()
        for number, stage in enumerate(stages(convolutions, activation)):
            for role, layer in stage.items():
                self.cnn.add_module(f"{role}{next(pools) if role == 'pooling' else number}", layer)
        self.rnn = nn.Sequential(*(Block(*sizes) for sizes in blocks))

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits [steps, batch, classes]."""
        scores: torch.Tensor = self.rnn(self.cnn(images).squeeze(2).permute(2, 0, 1))
        return scores


class Block(nn.Module):
    """A bidirectional LSTM layer and a linear one."""

    def __init__(self, features: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.rnn = nn.LSTM(features, hidden, bidirectional=True)
        self.embedding = nn.Linear(2 * hidden, outputs)

    def forward(self, sequence: torch.Tensor) -> torch.Tensor:
        """Return [steps, batch, outputs] for [steps, batch, features]."""
        outputs: torch.Tensor = self.embedding(self.rnn(sequence)[0])
        return outputs


def _convolutions(shapes: Shapes) -> Iterator[Convolution]:
    for number in itertools.count():
        convolution = read_convolution(shapes, f"cnn.conv{number}", f"cnn.batchnorm{number}", pooled=number in POOLED)
        if convolution is None:
            return
        yield convolution


def _blocks(shapes: Shapes) -> Iterator[tuple[int, int, int]]:
    """Give the features, the hidden size and the outputs of each block."""
    for number in itertools.count():
        weights, outputs = shapes.get(f"rnn.{number}.rnn.weight_ih_l0", ()), shapes.get(f"rnn.{number}.embedding.weight", ())
        if len(weights) != 2 or len(outputs) != 2 or weights[0] % 4:
            return
        yield weights[1], weights[0] // 4, outputs[0]


def _preparation(channels: int) -> ImagePreparation | None:
    """Return how the project prepares its images, grey ones or colour; the original stretches to the width where this keeps the ratio and pads."""
    if channels not in {1, 3}:
        return None
    half = (0.5,) * channels
    return ImagePreparation(input=IMAGES, height=HEIGHT, width=WIDTH, mode="L" if channels == 1 else "RGB", mean=half, std=half)
