"""One bare `torch.onnx.export(dynamo=True)`, for conversion.py: `python benchmarks/conversion_bare.py module:Class OUT.onnx INPUT…`.

The module is built without arguments; the inputs are written as for `--input`, and their free axes are free here too.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import torch
from torch.export import Dim

from converter.plugin import Input, parse_inputs

EXAMPLE = 16  # the size of every free axis but the batch
BATCH = 2


def main() -> None:
    """Export."""
    source, destination, *given = sys.argv[1:]
    module, _, attribute = source.partition(":")
    inputs, _ = parse_inputs(given)
    torch.onnx.export(
        getattr(importlib.import_module(module), attribute)().eval(),
        tuple(example(each) for each in inputs),
        Path(destination),
        dynamo=True,
        dynamic_shapes=tuple({place: Dim.DYNAMIC for place, dim in enumerate(each.dims) if isinstance(dim, str)} for each in inputs),
        input_names=[each.name for each in inputs],
        opset_version=20,
        verbose=False,
    )


def example(given: Input) -> torch.Tensor:
    """Return a tensor for an input."""
    sizes = [dim if isinstance(dim, int) else BATCH if dim == "batch" else EXAMPLE for dim in given.dims]
    return torch.rand(sizes) if given.dtype == "float32" else torch.ones(sizes, dtype=getattr(torch, given.dtype))


if __name__ == "__main__":
    main()
