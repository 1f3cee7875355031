"""A text model is looked at before LightGBM reads it, wherever it comes from: LightGBM itself dies on some that are damaged."""

from __future__ import annotations

import re

from converter.plugin import UnreadableSource
from converter_lightgbm import model_text
from converter_lightgbm.model_text import ModelText
from converter_lightgbm.objectives import KNOWN, Objective

SAVE_AGAIN = "copy or download it again, or save the model again with Booster.save_model"
_NEWEST = 4  # the format version of the text that LightGBM 4 writes; what is newer may mean something else by the same words


def vetted(text: str, name: str) -> ModelText:
    """Read a text model; raises UnreadableSource where it is damaged, of a newer format, or of an objective that nobody knows."""
    header = model_text.header_of(text.replace("\r\n", "\n"))
    version = re.fullmatch(r"v(\d+)", header.get("version", "v1"))
    if version is None or int(version[1]) > _NEWEST:
        hint = "a newer onnx-converter-lightgbm may know it; or save the model with LightGBM 4"
        raise UnreadableSource(f"{name} is of the format version {header['version']}; known is up to v{_NEWEST}", hint=hint)
    try:
        Objective.of(header.get("objective", ""))
    except KeyError as error:
        raise UnreadableSource(
            f"{name} has the objective '{error.args[0]}', which LightGBM 4 does not know", hint=f"known: {', '.join(KNOWN)}"
        ) from None
    try:
        return model_text.read(text)
    except ValueError as error:
        raise UnreadableSource(f"{name} is a text model of LightGBM that is cut off or damaged: {error}", hint=SAVE_AGAIN) from error
