"""The process in which torch.onnx's older exporter runs.

    python -P -m converter_torch.exporters.older_process FOLDER

FOLDER holds the TorchScript module, its example and the job; the graph goes where the job says.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch

from converter_torch.exporters import older_cells
from converter_torch.exporters.children import JOB, leave_error
from converter_torch.tensors import to_array

SCRIPT = "script.pt"
EXAMPLE = "example.pt"


def main(folder: Path) -> None:
    """Do the job; what it raises is left in the folder in one line, beside the traceback on stderr."""
    try:
        export(folder)
    except Exception as error:
        leave_error(folder, error)
        raise


def export(folder: Path) -> None:
    """Do the job that lies in the folder."""
    job = json.loads((folder / JOB).read_text("utf-8"))
    example = tuple(torch.load(folder / EXAMPLE, weights_only=True))
    warnings.simplefilter("ignore")
    sys.path += [folder for folder in job["folders"] if folder not in sys.path]
    for package in job["packages"]:
        with contextlib.suppress(Exception):  # one that is only to be had where the model is, and most have no operators
            importlib.import_module(package)
    older_cells.register(job["opset"])
    torch.onnx.register_custom_op_symbolic("aten::__contains_", _is_in, job["opset"])  # type: ignore[attr-defined]
    torch.onnx.export(
        torch.jit.load(folder / SCRIPT),  # type: ignore[no-untyped-call]
        example,
        job["path"],
        dynamo=False,
        input_names=job["inputs"],
        output_names=job["outputs"],
        dynamic_axes={name: {int(place): axis for place, axis in dims.items()} for name, dims in job["axes"].items()},
        opset_version=job["opset"],
    )
    _declare_dropped_inputs(Path(job["path"]), dict(zip(job["inputs"], example, strict=True)))


def _is_in(graph: Any, items: Any, item: Any) -> Any:
    """Write `item in items` for whole numbers, which torch's cells ask of their input's dims; torch's own wants the list unfolded."""
    equal = graph.op("Cast", graph.op("Equal", _vector(graph, items), item), to_i=onnx.TensorProto.INT64)
    return graph.op("Cast", graph.op("ReduceMax", equal, keepdims_i=0), to_i=onnx.TensorProto.BOOL)


def _vector(graph: Any, items: Any) -> Any:
    if items.node().kind() != "prim::ListConstruct":
        return items
    one = graph.op("Constant", value_t=torch.tensor([1]))
    return graph.op("Concat", *(graph.op("Reshape", each, one) for each in items.node().inputs()), axis_i=0)


def _declare_dropped_inputs(path: Path, example: Mapping[str, torch.Tensor]) -> None:
    """Declare the inputs that the exporter dropped since nothing reads them: a caller gives them all the same."""
    graph = onnx.load(path, load_external_data=False)
    kept = {each.name: each for each in graph.graph.input}
    if len(kept) == len(example):
        return
    del graph.graph.input[:]
    for name, tensor in example.items():
        element = onnx.helper.np_dtype_to_tensor_dtype(to_array(tensor).dtype)
        graph.graph.input.append(kept.get(name) or onnx.helper.make_tensor_value_info(name, element, [None] * tensor.ndim))
    onnx.save(graph, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
