"""Operations that tf2onnx has no form for, written in those that it has; one kind a file.

They are written in TensorFlow, so each can be held against the operation that it stands for, and dtypes and shapes look after themselves.

arithmetic.py     functions of single values
searching.py      buckets and sorted tables
reductions.py     sums, norms and segments
layout.py         where values go: slices, diagonals, copies
colours.py        RGB and HSV
convolutions.py   grouped convolutions
gradients.py      derivatives inside a model
"""

from __future__ import annotations

from collections.abc import Mapping

from converter_tensorflow.exporters.handlers import arithmetic, colours, convolutions, gradients, layout, reductions, searching
from converter_tensorflow.state.replaying import Handler

_ALWAYS = (arithmetic, searching, reductions, colours, gradients)

HANDLERS: Mapping[str, Handler] = {
    **{name: Handler(write) for module in _ALWAYS for name, write in module.HANDLERS.items()},
    **layout.HANDLERS,
    **convolutions.HANDLERS,
}
"""By the name of the operation."""
