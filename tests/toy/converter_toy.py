"""A small framework of its own, to try the host with: affine models in JSON, and exporters that are wrong in every way that matters.

A `.toy` file is {"weight": [[…]], "bias": […], "load": "" | "raise" | "abort" | "hang" | "greedy" | "random"}.
The model maps x float32 [batch, width, n] to y = mean over width of x @ weight + bias, and z = y + 1.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from converter.plugin import Axis, Exporter, ExportRequest, Framework, Input, LoadRequest, Match, Option, Output, Source, SourceModel, hookimpl


class ToyModel(SourceModel):
    """An affine model over a free width."""

    def __init__(self, weight: Any, bias: Any, exporters: str = "right", behaviour: str = "") -> None:
        self.weight, self.bias = np.asarray(weight, np.float32), np.asarray(bias, np.float32)
        self.behaviour = behaviour
        self.inputs = (Input("x", "float32", ("batch", "width", self.weight.shape[0])),)
        self.outputs = (Output("y"), Output("z"))
        self.axes = {"batch": Axis(1, 64), "width": Axis(1, 64)}
        self.exporters = tuple(Exporter(name, EXPORTERS[name](self)) for name in exporters.split(","))
        self.metadata = {"toy": "affine"}
        self.summary = f"affine {self.weight.shape[0]} to {self.weight.shape[1]}"

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """See SourceModel."""
        print("noise on stdout", flush=True)
        if self.behaviour == "hang":
            time.sleep(600)
        y = (feeds["x"] @ self.weight).mean(1) + self.bias
        if self.behaviour == "random":
            y = y + np.float32(time.perf_counter_ns() % 1000)
        return {"y": y, "z": y + 1}


def write_graph(path: Any, weight: np.ndarray, bias: np.ndarray, *, baked: int | None = None, swapped: bool = False) -> None:
    """Write the model's graph; `baked` divides by that width whatever the width is."""
    from onnx import TensorProto, helper, numpy_helper, save

    weights = {"w": weight, "b": bias, "one": np.float32(1), "axes": np.array([1]), "n": np.float32(baked or 0)}
    mean = helper.make_node("ReduceMean", ["xw", "axes"], ["m"], keepdims=0)
    if baked:
        mean = helper.make_node("ReduceSum", ["xw", "axes"], ["s"], keepdims=0)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["xw"]), mean]
    if baked:
        nodes.append(helper.make_node("Div", ["s", "n"], ["m"]))
    first, second = ("z", "y") if swapped else ("y", "z")
    nodes += [helper.make_node("Add", ["m", "b"], [first]), helper.make_node("Add", [first, "one"], [second])]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["d0", "d1", weight.shape[0]])]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "z")]
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    save(helper.make_model(helper.make_graph(nodes, "toy", inputs, outputs, initializers), opset_imports=[helper.make_opsetid("", 20)]), path)


def _writes(**changes: Any) -> Callable[[ToyModel], Callable[[ExportRequest], None]]:
    bias, factor = changes.pop("bias", 0.0), changes.pop("factor", 1.0)

    def exporter(model: ToyModel) -> Callable[[ExportRequest], None]:
        def write(request: ExportRequest) -> None:
            weight = model.weight * np.float32(factor)
            write_graph(request.path, weight, model.bias + np.float32(bias), **changes)

        return write

    return exporter


def _does(action: Callable[[], Any]) -> Callable[[ToyModel], Callable[[ExportRequest], None]]:
    return lambda _model: lambda _request: action()


def _raise() -> None:
    raise RuntimeError("the toy exporter broke")


def _exhaust() -> None:
    hoard = []
    while True:
        hoard.append(np.ones(10_000_000))


EXPORTERS = {
    "right": _writes(),
    "biased": _writes(bias=1e-3),
    "baked": _writes(baked=7),
    "nan": _writes(factor=float("nan")),
    "swapped": _writes(swapped=True),
    "raises": _does(_raise),
    "silent": _does(lambda: None),
    "abort": _does(os.abort),
    "hang": _does(lambda: time.sleep(600)),
    "greedy": _does(_exhaust),
}


class Toy(Framework):
    """The light half."""

    name = "toy"
    requires = ("numpy",)
    packages = ("numpy",)
    types = ("converter_toy.ToyModel",)
    sources: ClassVar[Mapping[str, str]] = {"*.toy": "an affine model in JSON"}
    exporters: ClassVar[Mapping[str, str]] = {name: f"the {name} exporter" for name in EXPORTERS}
    options = (Option("exporters", "which exporters, best first", "right"), Option("scale", "multiplies the weight", 1), Option("shout", "a switch", False))

    def match(self, source: Source) -> Match:
        """See Framework."""
        return Match.SUFFIX if source.suffix == ".toy" else Match.NO

    def load(self, request: LoadRequest) -> SourceModel:
        """See Framework."""
        live = request.source.live
        if live is not None:
            return live  # type: ignore[no-any-return]
        assert request.source.path is not None
        document = json.loads(request.source.path.read_text())
        behaviour = document.get("load", "")
        if behaviour == "raise":
            raise ValueError("the toy file is odd")
        if behaviour == "abort":
            os.abort()
        weight = np.asarray(document["weight"]) * request.options["scale"]
        return ToyModel(weight, document["bias"], request.options["exporters"], behaviour)


@hookimpl
def converter_frameworks() -> list[Framework]:
    """See converter.hookspecs."""
    return [Toy()]
