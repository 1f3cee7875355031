"""What a graph that reads text must carry: its alphabet, and how an image becomes its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converter.plugin import CTC_METADATA, IMAGE_METADATA, CtcAlphabet, ImagePreparation, Input, UsageError

_PROPORTION = 100 / 32  # of an image of a word, where the width is free
_MODES = {1: "L", 3: "RGB"}


def metadata_of_a_recogniser(inputs: Sequence[Input], answers: Mapping[str, Sequence[int]], options: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata of a model that `-O charset` says reads text, {} for others.

    `answers` has the shape of each output in some call: the scores are [batch, steps, classes]. Pixels go in as they are, 0 to 255: Keras scales them in the model.

    Raises:
        UsageError: no output holds scores of that many classes, or several do.
    """
    charset = str(options.get("charset") or "")
    if not charset:
        return {}
    fitting = [name for name, shape in answers.items() if len(shape) == 3 and shape[2] == len(charset) + 1]
    if len(fitting) != 1:
        shown = ", ".join(f"{name} {list(shape)}" for name, shape in answers.items())
        wanted = f"scores [batch, steps, {len(charset) + 1}] of {len(charset)} characters and the blank"
        raise UsageError(
            f"{'several outputs are' if fitting else 'no output is'} {wanted}: {shown}",
            hint="-O charset=… names every class in order, without the blank",
        )
    blank = len(charset) if options.get("blank") == "last" else 0
    alphabet = CtcAlphabet(output=fitting[0], charset=charset, blank=blank, batch_first=True)
    preparation = _preparation(inputs, channels_last=options.get("layout") != "nchw")
    return {CTC_METADATA: alphabet.to_json(), **({} if preparation is None else {IMAGE_METADATA: preparation.to_json()})}


def _preparation(inputs: Sequence[Input], *, channels_last: bool) -> ImagePreparation | None:
    """The one input that is an image of a known height."""
    for each in inputs:
        if len(each.dims) != 4:
            continue
        height, width, channels = (each.dims[axis] for axis in ((1, 2, 3) if channels_last else (2, 3, 1)))
        if isinstance(height, int) and channels in _MODES:
            wide = width if isinstance(width, int) else round(height * _PROPORTION)
            count = int(channels)
            return ImagePreparation(each.name, height, wide, _MODES[count], mean=(0.0,) * count, std=(1 / 255,) * count, channels_last=channels_last)
    return None
