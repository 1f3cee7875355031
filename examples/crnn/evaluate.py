"""Measure a checkpoint: the share of unseen rendered words that it reads exactly, in fonts it was trained on and in others.

Run it as `python examples/crnn/evaluate.py`; `--help` names the settings.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from dataset import ALPHABET, FAMILIAR, PREPARATION, UNFAMILIAR, Recipe, Words, render_words
from fonts import Face, find_faces, system_folders
from model import Crnn

if TYPE_CHECKING:
    import numpy as np

HERE = Path(__file__).parent


def normalise(pixels: torch.Tensor) -> torch.Tensor:
    """Return pixels [batch, 3, height, width], 0 to 255, as the network wants them: what ImagePreparation does last."""
    mean, std = torch.tensor(PREPARATION.mean), torch.tensor(PREPARATION.std)
    return (pixels.float() / 255 - mean[:, None, None]) / std[:, None, None]


@torch.inference_mode()
def read(model: Crnn, pixels: np.ndarray) -> list[str]:
    """Return what the network reads in images, uint8 [batch, 3, 32, 100]."""
    model.eval()
    return [text for part in torch.split(torch.from_numpy(pixels), 250) for text in ALPHABET.decode(model(normalise(part)).numpy())]


def exact(model: Crnn, words: Words) -> float:
    """Return the share of words read exactly."""
    return sum(said == truth for said, truth in zip(read(model, words.pixels), words.truth, strict=True)) / len(words.truth)


def report(model: Crnn, faces: list[Face], seed: int, count: int) -> list[str]:
    """Return a line for each kind of face: how many of `count` words that were kept from training are read exactly."""
    kinds = (("fonts of the training", FAMILIAR, False), ("families held out", UNFAMILIAR, True))
    lines = []
    for name, stream, held_out in kinds:
        chosen = [face for face in faces if face.held_out == held_out]
        if chosen:
            share = exact(model, render_words(Recipe(chosen, seed, stream, held_out=True), count))
            lines.append(f"{count} unseen words, {len(chosen)} faces, {name}: {share:.1%} read exactly")
    return lines


def main() -> None:
    """Print the figures of a checkpoint."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkpoint", type=Path, nargs="?", default=HERE / "crnn.pth")
    parser.add_argument("--fonts", type=Path, nargs="+", default=system_folders(), help="folders of fonts (default: the system's)")
    parser.add_argument("--words", type=int, default=500, help="words of each kind (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    arguments = parser.parse_args()
    print(*report(Crnn.load(arguments.checkpoint), find_faces(arguments.fonts), arguments.seed, arguments.words), sep="\n")


if __name__ == "__main__":
    main()
