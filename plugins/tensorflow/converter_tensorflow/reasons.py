"""What went wrong, in one line, from TensorFlow's and Keras's long errors."""

from __future__ import annotations

import re

_COLOUR = re.compile(r"\x1b\[\d*m")
_WRAPPED = re.compile(r"Exception encountered when calling (?P<layer>\S+?)\.call\(\)\.\s*(?P<reason>.+)", re.DOTALL)
_KERNEL = re.compile(r"\{\{[^}]*\}\}\s*|\s*\[Op:\w+\].*")
LONGEST = 300  # characters


def reason_of(error: BaseException) -> str:
    """Return the first line that says something; a layer's wrapping, colours and kernel names are left out, the layer's name is kept."""
    text = _COLOUR.sub("", str(error)).strip()
    layer = ""
    while wrapped := _WRAPPED.match(text):
        layer, text = wrapped["layer"], wrapped["reason"]
    line = _KERNEL.sub("", text.strip().splitlines()[0])[:LONGEST] if text.strip() else type(error).__name__
    return f"{line} (in {layer})" if layer else line
