"""Train the Keras CRNN on the rendered words of examples/crnn, in 20 to 30 minutes on two CPU cores: `python examples/keras_crnn/train.py`; `--help` names the settings.

Writes crnn.keras beside this file, without the optimizer's state, and prints how many unseen words it reads exactly.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import keras
import numpy as np

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "crnn"))  # its words, fonts and looks

from converter.ctc import CtcAlphabet
from dataset import ALPHABET, FAMILIAR, TRAINING, UNFAMILIAR, Recipe, Words, render_words
from fonts import Face, find_faces, system_folders
from model import crnn

CLASSES = len(ALPHABET.charset) + 1
READING = CtcAlphabet(output="scores", charset=ALPHABET.charset, batch_first=True)


def images_of(words: Words) -> np.ndarray:
    """Return the pixels channels last, uint8 [words, 32, 100, 3]."""
    return np.ascontiguousarray(words.pixels.transpose(0, 2, 3, 1))


def labels_of(words: Words) -> np.ndarray:
    """Return the classes of the characters, int32 [words, longest], filled up with 0, the blank."""
    labels = np.zeros((len(words.truth), max(map(len, words.truth))), np.int32)
    for row, word in zip(labels, words.truth, strict=True):
        row[: len(word)] = [READING.charset.index(character) + 1 for character in word]
    return labels


def train(words: Words, epochs: int, batch: int, rate: float) -> keras.Model:
    """Return the trained network, without its optimizer."""
    model = crnn(CLASSES)
    decay = keras.optimizers.schedules.CosineDecay(rate, epochs * -(-len(words.truth) // batch))
    model.compile(keras.optimizers.AdamW(decay, clipnorm=5.0), loss=keras.losses.CTC(), jit_compile=False)
    model.fit(images_of(words), labels_of(words), batch_size=batch, epochs=epochs, verbose=2)
    alone = crnn(CLASSES)
    alone.set_weights(model.get_weights())
    return alone


def save(model: keras.Model, path: Path) -> None:
    """Write the model beside its place, then rename it: a killed run leaves what was there."""
    beside = path.with_name(f".{os.getpid()}.{path.name}")
    model.save(beside)
    beside.replace(path)


def exact(model: keras.Model, words: Words) -> float:
    """Return the share of words read exactly."""
    read = READING.decode(model.predict(images_of(words), batch_size=250, verbose=0))
    return sum(said == truth for said, truth in zip(read, words.truth, strict=True)) / len(words.truth)


def report(model: keras.Model, faces: list[Face], seed: int, count: int) -> None:
    """Print how many of `count` unseen words are read exactly, in fonts of the training and in others."""
    for name, stream, held_out in (("fonts of the training", FAMILIAR, False), ("families held out", UNFAMILIAR, True)):
        chosen = [face for face in faces if face.held_out == held_out]
        if chosen:
            share = exact(model, render_words(Recipe(chosen, seed, stream, held_out=True), count))
            print(f"{count} unseen words, {len(chosen)} faces, {name}: {share:.1%} read exactly")


def main() -> None:
    """Render, train, save, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--words", type=int, default=50_000, help="words to train on (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--batch", type=int, default=32, help="(default: %(default)s)")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="largest learning rate (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--fonts", type=Path, nargs="+", default=system_folders(), help="folders of fonts (default: the system's)")
    parser.add_argument("--output", type=Path, default=HERE / "crnn.keras", help="(default: %(default)s)")
    given = parser.parse_args()
    keras.utils.set_random_seed(given.seed)
    faces = find_faces(given.fonts)
    recipe = Recipe([face for face in faces if not face.held_out], given.seed, TRAINING, held_out=False)
    model = train(render_words(recipe, given.words, os.cpu_count() or 1), given.epochs, given.batch, given.rate)
    save(model, given.output)
    report(model, faces, given.seed, 500)


if __name__ == "__main__":
    main()
