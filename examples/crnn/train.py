"""Train the CRNN on rendered words of 0-9a-z: 12 to 18 minutes on two CPU cores with the default settings.

Run it as `python examples/crnn/train.py`; `--help` names the settings.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from dataset import ALPHABET, FAMILIAR, TRAINING, Recipe, Words, render_words
from evaluate import exact, normalise, report
from fonts import find_faces, system_folders
from model import Crnn, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
TEMPERATURE = 2.0


def fit(model: Crnn, words: Words, *, steps: int, batch: int, rate: float, on_step: Callable[[int, float], None]) -> None:
    """Train `model` with AdamW and one cycle of the learning rate; `on_step` is told the step and its loss."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    lengths = torch.tensor([len(word) for word in words.truth])
    targets = nn.utils.rnn.pad_sequence([encode(word) for word in words.truth], batch_first=True)
    for step, chosen in zip(range(1, steps + 1), batches(len(words.truth), batch), strict=False):
        model.train()
        scores = model(normalise(vary(torch.from_numpy(words.pixels[chosen.numpy()])))).log_softmax(-1)
        steps_of_image = torch.full((len(chosen),), len(scores))
        loss = functional.ctc_loss(scores, targets[chosen], steps_of_image, lengths[chosen])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        on_step(step, loss.item())


def encode(word: str) -> torch.Tensor:
    """Return the classes of a word's characters; 0 is the blank."""
    return torch.tensor([ALPHABET.charset.index(character) + 1 for character in word])


def batches(count: int, size: int) -> Iterator[torch.Tensor]:
    """Yield indices for ever: every word once an epoch, in a new order each time."""
    while True:
        yield from (chosen for chosen in torch.split(torch.randperm(count), size) if len(chosen) == min(size, count))


def vary(pixels: torch.Tensor) -> torch.Tensor:
    """Return the images, uint8 [batch, 3, 32, 100], changed cheaply, as float: a word is shown several times, never twice the same."""
    batch, channels, height, width = pixels.shape
    right, down = torch.randint(0, 5, (2,)).tolist()
    moved = functional.pad(pixels.float(), (2, 2, 2, 2), mode="replicate")[:, :, down : down + height, right : right + width]
    gain, shift = torch.empty(2, batch, 1, 1, 1).uniform_(-1, 1)
    grain = torch.randn(batch, 1, height, width) * torch.rand(batch, 1, 1, 1) * 4
    changed: torch.Tensor = (moved[:, torch.randperm(channels)] - 127.5) * (1 + 0.15 * gain) + 127.5 + 15 * shift + grain
    return changed.clamp(0, 255)


def soften(model: Crnn) -> None:
    """Divide the scores by TEMPERATURE. What is read stays the same, since the best class does; probabilities become less sure.

    A trained recogniser amplifies the rounding of float32: torch itself is up to 2e-5 from a double precision run at scores of 20. Smaller scores
    carry smaller errors, so that a proof in absolute figures says something about the graph and not about the scores' size.
    """
    with torch.no_grad():
        for parameter in model.head.fc.parameters():
            parameter.div_(TEMPERATURE)


def save(model: Crnn, path: Path) -> None:
    """Write the checkpoint beside its place, then rename it: a killed run leaves what was there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    torch.save({"model": {name: tensor.contiguous() for name, tensor in model.state_dict().items()}}, beside)
    beside.replace(path)


def parse() -> argparse.Namespace:
    """Return the settings of this run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=HERE / "crnn.pth", help="(default: %(default)s)")
    parser.add_argument("--fonts", type=Path, nargs="+", default=system_folders(), help="folders of fonts (default: the system's)")
    parser.add_argument("--width", type=float, default=0.25, help="channels as a share of the full network's (default: %(default)s)")
    parser.add_argument("--hidden", type=int, default=128, help="units of each LSTM, 256 in the full network (default: %(default)s)")
    parser.add_argument("--words", type=int, default=80_000, help="words to render and train on (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=12_000, help="(default: %(default)s)")
    parser.add_argument("--batch", type=int, default=48, help="words a step (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="threads, and processes that render (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    """Render, train, measure, save."""
    arguments = parse()
    started = time.perf_counter()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    faces = find_faces(arguments.fonts)
    known = [face for face in faces if not face.held_out]
    say(started, f"{len(known)} faces to train on, {len(faces) - len(known)} held out; rendering {arguments.words} words")
    words = render_words(Recipe(known, arguments.seed, TRAINING, held_out=False), arguments.words, arguments.threads)
    sample = render_words(Recipe(known, arguments.seed + 1, FAMILIAR, held_out=True), 300)

    model = scaled(arguments.width, arguments.hidden)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a fifth faster; torch's annotations leave it out
    losses: list[float] = []

    def on_step(step: int, loss: float) -> None:
        losses.append(loss)
        if step % 500 == 0:
            say(started, f"step {step}, loss {np.mean(losses[-500:]):.3f}, {exact(model, sample):.1%} of {len(sample.truth)} unseen words")

    fit(model, words, steps=arguments.steps, batch=arguments.batch, rate=arguments.rate, on_step=on_step)
    soften(model)
    save(model, arguments.output)
    for line in report(model, faces, arguments.seed, 500):
        say(started, line)
    say(started, f"wrote {arguments.output}, {arguments.output.stat().st_size / 1e6:.1f} MB")


def say(started: float, line: str) -> None:
    """Print a line of progress with the seconds since the start."""
    print(f"{time.perf_counter() - started:6.0f} s  {line}", flush=True)


if __name__ == "__main__":
    main()
