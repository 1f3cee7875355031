"""A small framework of its own, to try the host with: affine models in JSON, and exporters that are wrong in every way that matters.

A `.toy` file is {"weight": [[…]], "bias": […], "does": "" | "raise in load" | "hang in run" | …}; see `behave` for what it may do.
The model maps x float32 [batch, width, n] to y = mean over width of x @ weight + bias, and z = y + 1.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from converter.plugin import Axis, Exporter, ExportRequest, Framework, Input, LoadRequest, Match, Option, Output, Source, SourceModel, hookimpl


def behave(does: str, place: str) -> None:
    """Misbehave if this is the place for it: "hang in load" hangs in load."""
    action, _, where = does.partition(" in ")
    if where == place:
        MISDEEDS[action]()


def _hang() -> None:
    if "TOY_HANGS" in os.environ:
        Path(os.environ["TOY_HANGS"]).touch()  # tells whoever waits that it is there
    time.sleep(600)


def _raise() -> None:
    raise RuntimeError("the toy broke")


def _exhaust() -> None:
    hoard = []
    while True:
        hoard.append(np.ones(10_000_000))


def _leave() -> None:
    os._exit(7)


MISDEEDS = {"hang": _hang, "raise": _raise, "exhaust": _exhaust, "abort": os.abort, "leave": _leave}


class ToyModel(SourceModel):
    """An affine model over a free width."""

    def __init__(self, weight: Any, bias: Any, exporters: str = "right", does: str = "") -> None:
        self.weight, self.bias, self.does = np.asarray(weight, np.float32), np.asarray(bias, np.float32), does
        self.inputs = (Input("x", "float32", ("batch", "width", self.weight.shape[0])),)
        self.outputs = (Output("y"), Output("z"))
        self.axes = {"batch": Axis(1, 64), "width": Axis(1, 64)}
        self.exporters = tuple(Exporter(name, EXPORTERS[name](self)) for name in exporters.split(",") if name)
        self.metadata = {"toy": "affine"}
        self.summary = f"affine {self.weight.shape[0]} to {self.weight.shape[1]}"

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """See SourceModel."""
        print("noise on stdout", flush=True)
        behave(self.does, "run")
        y = (feeds["x"] @ self.weight).mean(1) + self.bias
        if self.does == "random":
            y = y + np.float32(time.perf_counter_ns() % 1000)
        return {"y": y} if self.does == "forget z" else {"y": y, "z": y + 1}


def write_graph(
    path: Any,
    weight: np.ndarray,
    bias: np.ndarray,
    *,
    baked: int | None = None,
    swapped: bool = False,
    idle: int = 0,
    rounds: int = 0,
    domain: str = "",
) -> None:
    """Write the model's graph; `baked` divides by that width whatever the width is.

    `idle` Identity nodes make the graph long, `rounds` of a Loop make it slow; `domain` is where its Add comes from.
    """
    from onnx import TensorProto, helper, numpy_helper, save

    weights = {"w": weight, "b": bias, "one": np.float32(1), "axes": np.array([1]), "n": np.float32(baked or 0)}
    mean = helper.make_node("ReduceMean", ["xw", "axes"], ["m"], keepdims=0)
    if baked:
        mean = helper.make_node("ReduceSum", ["xw", "axes"], ["s"], keepdims=0)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["xw"]), mean]
    if baked:
        nodes.append(helper.make_node("Div", ["s", "n"], ["m"]))
    first, second = ("z", "y") if swapped else ("y", "z")
    nodes += [helper.make_node("Add", ["m", "b"], [f"{first}.0"])]
    nodes += [helper.make_node("Identity", [f"{first}.{number}"], [f"{first}.{number + 1}"]) for number in range(idle)]
    if rounds:
        weights |= {"rounds": np.int64(rounds), "go": np.array(True), "zero": np.float32(0)}
        nodes.append(helper.make_node("Loop", ["rounds", "go", f"{first}.{idle}"], [first], body=_round()))
    else:
        nodes.append(helper.make_node("Identity", [f"{first}.{idle}"], [first]))
    nodes.append(helper.make_node("Add", [first, "one"], [second], domain=domain))
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["d0", "d1", weight.shape[0]])]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "z")]
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    opsets = [helper.make_opsetid("", 20), *([helper.make_opsetid(domain, 1)] if domain else [])]
    save(helper.make_model(helper.make_graph(nodes, "toy", inputs, outputs, initializers), opset_imports=opsets), path)


def _round() -> Any:
    """The body of a Loop that changes nothing, slowly."""
    from onnx import TensorProto, helper

    nodes = [helper.make_node("Identity", ["going"], ["goes_on"]), helper.make_node("Add", ["before", "zero"], ["after"])]
    inputs = [helper.make_tensor_value_info("number", TensorProto.INT64, []), helper.make_tensor_value_info("going", TensorProto.BOOL, [])]
    inputs.append(helper.make_tensor_value_info("before", TensorProto.FLOAT, None))
    outputs = [helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []), helper.make_tensor_value_info("after", TensorProto.FLOAT, None)]
    return helper.make_graph(nodes, "round", inputs, outputs)


def _writes(*, bias: float = 0.0, factor: float = 1.0, note: str = "", **changes: Any) -> Callable[[ToyModel], Callable[[ExportRequest], str]]:
    def exporter(model: ToyModel) -> Callable[[ExportRequest], str]:
        def write(request: ExportRequest) -> str:
            write_graph(request.path, model.weight * np.float32(factor), model.bias + np.float32(bias), **changes)
            return note

        return write

    return exporter


def _does(action: Callable[[], Any]) -> Callable[[ToyModel], Callable[[ExportRequest], None]]:
    return lambda _model: lambda _request: action()


EXPORTERS = {
    "right": _writes(),
    "noted": _writes(note="weights as they are"),
    "biased": _writes(bias=1e-3),
    "baked": _writes(baked=7),
    "nan": _writes(factor=float("nan")),
    "swapped": _writes(swapped=True),
    "foreign": _writes(domain="toy.ops"),
    "long": _writes(idle=20_000),
    "slow": _writes(rounds=200_000),
    "silent": _does(lambda: None),
    **{action: _does(misdeed) for action, misdeed in MISDEEDS.items()},
}


class Toy(Framework):
    """The light half."""

    name = "toy"
    requires = ("numpy",)
    packages = ("numpy",)
    types = ("converter_toy.ToyModel",)
    sources: ClassVar[Mapping[str, str]] = {"*.toy": "an affine model in JSON"}
    exporters: ClassVar[Mapping[str, str]] = {name: f"the {name} exporter" for name in EXPORTERS}
    options = (
        Option("exporters", "which exporters, best first", "right"),
        Option("scale", "multiplies the weight", 1),
        Option("negate", "turns the weight's sign", False),
        Option("flavour", "changes nothing", "plain", ("plain", "salted")),
    )

    def match(self, source: Source) -> Match:
        """See Framework."""
        if source.suffix != ".toy":
            return Match.NO
        if b"in match" in source.head:
            behave(json.loads(source.head)["does"], "match")
        return Match.SUFFIX

    def load(self, request: LoadRequest) -> SourceModel:
        """See Framework."""
        live = request.source.live
        if live is not None:
            return live  # type: ignore[no-any-return]
        assert request.source.path is not None
        document = json.loads(request.source.path.read_text())
        does = document.get("does", "")
        behave(does, "load")
        sign = -1 if request.options["negate"] else 1
        weight = np.asarray(document["weight"]) * request.options["scale"] * sign
        return ToyModel(weight, document["bias"], request.options["exporters"], does)


@hookimpl
def converter_frameworks() -> list[Framework]:
    """See converter.hookspecs."""
    return [Toy()]
