"""Render the example images again: words, and looks of them, that no training has seen.

Run it as `python examples/crnn/example_words.py`; `--help` names the settings.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from dataset import EXAMPLES
from fonts import find_faces, system_folders
from render import render

HERE = Path(__file__).parent
TEXTS = (
    *("Street", "KITCHEN", "1989", "Gate11", "power", "CENTER", "Monkey", "business", "Beyond", "2052"),
    *("ROOM42", "flight68", "Building", "Apache", "cholesky", "star", "bottom", "applications", "POSSIBILITY", "Responsible"),
)


def main() -> None:
    """Write words/NN-word.png, one for each text."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=HERE / "words", help="(default: %(default)s)")
    parser.add_argument("--fonts", type=Path, nargs="+", default=system_folders(), help="folders of fonts (default: the system's)")
    parser.add_argument("--seed", type=int, default=2026, help="(default: %(default)s)")
    arguments = parser.parse_args()
    faces = find_faces(arguments.fonts)
    arguments.output.mkdir(exist_ok=True)
    for number, text in enumerate(TEXTS, 1):
        rng = np.random.default_rng((arguments.seed, EXAMPLES, number))
        image = render(text, faces[rng.integers(len(faces))], rng)
        image.save(arguments.output / f"{number:02d}-{text.lower()}.png", optimize=True)


if __name__ == "__main__":
    main()
