"""Which opset tf2onnx writes."""

from __future__ import annotations

from converter.plugin import ExportError


def chosen_opset(wanted: int | None, exporter: str) -> int:
    """Return the wanted opset, or the highest that tf2onnx writes; raises ExportError where it is above that."""
    from tf2onnx.constants import OPSET_TO_IR_VERSION

    highest = max(OPSET_TO_IR_VERSION)
    if wanted is not None and wanted > highest:
        raise ExportError("tensorflow", exporter, f"tf2onnx writes opsets up to {highest}, not {wanted}", hint=f"--opset {highest}, or leave it out")
    return wanted or highest
