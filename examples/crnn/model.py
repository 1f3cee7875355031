"""The recogniser as a plain torch module: VGG convolutions, two bidirectional LSTMs, one linear layer.

Shi, Bai and Yao 2015, "An end-to-end trainable neural network for image-based sequence recognition".
A checkpoint is `{"model": state_dict}`; every size of the network can be read from the shapes in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from pathlib import Path

CHANNELS = (64, 128, 256, 256, 512, 512, 512)  # the full network's convolutions, the last one 2x2
NORMALISED = (2, 4, 6)  # which convolutions have a batch norm behind them, and so no bias


class Crnn(nn.Module):
    """Images float32 [batch, 3, 32, width] to scores float32 [width // 4 + 1, batch, classes]."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS, hidden: int = 256, classes: int = 37) -> None:
        super().__init__()
        self.feat_extract = convolutions(channels)
        self.neck = Neck(channels[-1], hidden)
        self.head = Head(2 * hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the scores of each step along the image's width, [steps, batch, classes], before softmax."""
        features = self.feat_extract(images).squeeze(2)
        scores: torch.Tensor = self.head(self.neck(features.permute(2, 0, 1)))
        return scores

    @staticmethod
    def load(path: Path) -> Crnn:
        """Return the network in a checkpoint, in evaluation mode."""
        state = torch.load(path, weights_only=True)["model"]
        channels = tuple(weight.shape[0] for name, weight in state.items() if name.startswith("feat_extract.") and weight.dim() == 4)
        classes, features = state["head.fc.weight"].shape
        model = Crnn(channels, features // 2, classes)
        model.load_state_dict(state)
        return model.eval()


class Neck(nn.Module):
    """Features [steps, batch, channels] to context [steps, batch, 2 * hidden]."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.encoder = Encoder(channels, hidden)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return each step's features, read from both sides."""
        context: torch.Tensor = self.encoder(features)
        return context


class Encoder(nn.Module):
    """The two bidirectional LSTM layers."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.bilstm = nn.LSTM(channels, hidden, num_layers=2, bidirectional=True)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the outputs of the last layer, [steps, batch, 2 * hidden]."""
        context: torch.Tensor = self.bilstm(features)[0]
        return context


class Head(nn.Module):
    """Context [steps, batch, features] to scores [steps, batch, classes]."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.fc = nn.Linear(features, classes)

    def forward(self, context: torch.Tensor) -> torch.Tensor:
        """Return one score for each class and step."""
        scores: torch.Tensor = self.fc(context)
        return scores


def convolutions(channels: tuple[int, ...]) -> nn.Sequential:
    """Return the layers that turn an image 32 pixels high into one row of features."""
    pools = {0: nn.MaxPool2d(2), 1: nn.MaxPool2d(2), 3: nn.MaxPool2d((2, 2), (2, 1), (0, 1)), 5: nn.MaxPool2d((2, 2), (2, 1), (0, 1))}
    layers: list[nn.Module] = []
    for number, (wide, narrow) in enumerate(zip(channels, (3, *channels), strict=False)):
        last = number == len(channels) - 1
        layers.append(nn.Conv2d(narrow, wide, 2 if last else 3, padding=0 if last else 1, bias=number not in NORMALISED))
        layers.extend([nn.BatchNorm2d(wide)] if number in NORMALISED else [])
        layers.append(nn.ReLU())
        layers.extend([pools[number]] if number in pools else [])
    return nn.Sequential(*layers)


def scaled(width: float, hidden: int, classes: int = 37) -> Crnn:
    """Return a network with `width` times the channels of the full one."""
    return Crnn(tuple(round(width * channels) for channels in CHANNELS), hidden, classes)
