"""What ONNX Runtime computes otherwise than ONNX says, or far less exactly than it could: written so that it does not.

The graph stays plain ONNX and means what it meant. Each quirk has its file, with the version that it was measured with; a test runs the graph
as it was, so that it fails when a new version no longer has the quirk.
"""

from __future__ import annotations

import onnx_ir as ir

from converter.graph.quirks.filters import sum_in_parts
from converter.graph.quirks.pooling import keep_padding_apart
from converter.graph.quirks.transforms import widen_transforms


def sidestep(model: ir.Model) -> None:
    """Rewrite a graph in place."""
    for graph in (model.graph, *model.graph.subgraphs()):
        keep_padding_apart(graph)
        widen_transforms(graph)
        sum_in_parts(graph)
