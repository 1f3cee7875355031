"""What text recognisers trained with CTC have in common: how they give their scores, and what a reader of the graph needs to know.

Class 0 is the blank. The graph's metadata carries the alphabet (`ctc`) and the preparation of images (`image`), so that it reads without further ado.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from converter.plugin import CTC_METADATA, IMAGE_METADATA, Axis, CtcAlphabet, ImagePreparation, Input, UsageError
from converter_torch.architectures.architecture import Recognised
from converter_torch.architectures.convolutions import HEIGHT
from converter_torch.sources.modules import parameters_in_words

if TYPE_CHECKING:
    import torch

    from converter_torch.architectures.architecture import Evidence

IMAGES = "images"  # also the parameter of the forward
WIDTH = 100  # pixels: the images that these networks are trained on
DIGITS_AND_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
OPTIONS = ("batch_first", "softmax", "charset")


@dataclass(frozen=True)
class Readout:
    """How the scores leave the network."""

    batch_first: bool = False
    softmax: bool = False

    @staticmethod
    def of(options: Mapping[str, Any]) -> Readout:
        """Return what the user's options say."""
        return Readout(bool(options.get("batch_first")), bool(options.get("softmax")))

    @property
    def output(self) -> str:
        """What the output is called."""
        return "probabilities" if self.softmax else "logits"

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        """Return logits [steps, batch, classes] as the user wants them."""
        scores = logits.softmax(-1) if self.softmax else logits
        return scores.transpose(0, 1) if self.batch_first else scores


class Recogniser(nn.Module):
    """Images [batch, channels, 32, width] to scores of the classes at each step along the width."""

    def __init__(self, readout: Readout) -> None:
        super().__init__()
        self.readout = readout

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return scores [steps, batch, classes], or as the readout has them."""
        return self.readout(self.logits(images))

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits [steps, batch, classes]."""
        raise NotImplementedError


def describe(
    module: Recogniser, evidence: Evidence, *, channels: int, classes: int, summary: str, preparation: ImagePreparation | None
) -> Recognised:
    """Return the recogniser with its input, its free axes and its metadata; raises UsageError for a charset that does not fit."""
    readout = module.readout
    metadata = {} if preparation is None else {IMAGE_METADATA: preparation.to_json()}
    if charset := _charset(evidence, classes):
        metadata[CTC_METADATA] = CtcAlphabet(output=readout.output, charset=charset, blank=0, batch_first=readout.batch_first).to_json()
    return Recognised(
        module=module,
        inputs=(Input(IMAGES, "float32", ("batch", channels, HEIGHT, "width")),),
        axes={"batch": Axis(), "width": Axis(low=16, high=1024, usual=WIDTH)},
        outputs=(readout.output,),
        summary=f"{summary}, {classes} classes, {parameters_in_words(module)}",
        metadata=metadata,
    )


def _charset(evidence: Evidence, classes: int) -> str:
    """Return the characters of the classes behind the blank, from the checkpoint, else the option, else digits and letters if they are as many; else ""."""
    own = evidence.extras.get("charset", "")
    held = own if isinstance(own, str) else "".join(own) if isinstance(own, list | tuple) and all(isinstance(each, str) for each in own) else ""
    given = str(evidence.options.get("charset") or "")
    if held and given and held != given:
        raise UsageError(f"the checkpoint holds the charset '{held}', not '{given}'", hint="leave out -O charset")
    charset = held or given
    if charset and len(charset) != classes - 1:
        where = "the checkpoint's" if held else "this"
        raise UsageError(
            f"{where} charset has {len(charset)} characters, and the network has {classes - 1} classes beside the blank",
            hint="-O charset=… names every class in order, without the blank",
        )
    if not charset and classes == len(DIGITS_AND_LETTERS) + 1:
        return DIGITS_AND_LETTERS
    return charset
