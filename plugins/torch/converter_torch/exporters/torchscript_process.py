"""The exporting process of the torchscript exporter.

    python -P -m converter_torch.exporters.torchscript_process FOLDER

FOLDER holds the traced module, its example and the job; the graph goes where the job says.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import torch

TRACED = "traced.pt"
EXAMPLE = "example.pt"
JOB = "job.json"


def export(folder: Path) -> None:
    """Do the job that lies in the folder."""
    job = json.loads((folder / JOB).read_text("utf-8"))
    warnings.simplefilter("ignore")
    torch.onnx.export(
        torch.jit.load(folder / TRACED),  # type: ignore[no-untyped-call]
        tuple(torch.load(folder / EXAMPLE, weights_only=True)),
        job["path"],
        dynamo=False,
        input_names=job["inputs"],
        output_names=job["outputs"],
        dynamic_axes={name: {int(place): axis for place, axis in dims.items()} for name, dims in job["axes"].items()},
        opset_version=job["opset"],
    )


if __name__ == "__main__":
    export(Path(sys.argv[1]))
