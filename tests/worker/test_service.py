"""The verbs in one process: references are resolved, plugins' failures keep their traceback, contracts are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.errors import ConverterError, ExportError, PluginError, SourceNotFound, UnrecognisedSource
from converter.framework import LoadRequest
from converter.source import Source
from converter.specs import Axis, Input, Output
from converter.worker import arrays
from converter.worker.service import Service, resolve

WEIGHT = [[1.0, 2.0], [3.0, 4.0]]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy: Any) -> Callable[[str], None]:
    """Write mymodels.py into the working directory."""
    del toy
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(code: str) -> None:
        monkeypatch.delitem(__import__("sys").modules, "mymodels", raising=False)
        (tmp_path / "mymodels.py").write_text(f"from converter_toy import ToyModel\nW, B = [[1.0, 2.0], [3.0, 4.0]], [0.0, 0.0]\n{code}")

    return write


def loaded(source: Any) -> Service:
    service = Service()
    service.load(LoadRequest(Source.of(source)), "")
    return service


CODE = """
def build(bias=0.0): return ToyModel(W, [bias, bias])
def broken(depth=1): raise ValueError(f"no such depth: {depth}\\nmore")
class Mine(ToyModel):
    def __init__(self): super().__init__(W, B)
    @classmethod
    def make(cls): return cls()
instance = Mine()
number = 7
"""


@pytest.mark.parametrize(("attribute", "arguments"), [("build", {}), ("build", {"bias": 2.0}), ("Mine", {}), ("Mine.make", {}), ("instance", {})])
def test_classes_factories_and_instances(module: Callable[[str], None], attribute: str, arguments: dict[str, Any]) -> None:
    module(CODE)
    service = Service()
    framework = service.match(Source(reference=f"mymodels:{attribute}"), "", arguments)
    spec = service.load(LoadRequest(Source(reference=f"mymodels:{attribute}")), framework.name)
    assert (framework.name, spec.summary) == ("toy", "affine 2 to 2")
    assert service._loaded()[1].bias[0] == arguments.get("bias", 0.0)  # type: ignore[attr-defined]


def test_a_factory_that_raises(module: Callable[[str], None]) -> None:
    module(CODE)
    with pytest.raises(ConverterError) as caught:
        resolve(Source(reference="mymodels:broken"), {"depth": 3})
    assert caught.value.message == "mymodels:broken(depth=3) raised ValueError: no such depth: 3"
    assert caught.value.hint == "--model-args '{\"depth\": 3}' passes arguments; --debug shows the traceback"


def test_a_module_that_raises(module: Callable[[str], None]) -> None:
    module("1 / 0")
    with pytest.raises(ConverterError) as caught:
        resolve(Source(reference="mymodels:build"), {})
    assert caught.value.message == "importing mymodels:build raised ZeroDivisionError: division by zero"
    assert caught.value.hint == "--debug shows the traceback"


def test_what_is_not_there_or_no_model(module: Callable[[str], None]) -> None:
    module(CODE)
    with pytest.raises(SourceNotFound, match="module 'mymodels' has no 'biuld'"):
        resolve(Source(reference="mymodels:biuld"), {})
    with pytest.raises(UnrecognisedSource, match="no installed framework recognises int"):
        Service().match(Source(reference="mymodels:number"), "", {})


def test_answers_and_feeds_are_written(toy: Any, tmp_path: Path) -> None:
    service = loaded(toy.ToyModel(WEIGHT, [0.0, 0.0]))
    service.record(tmp_path / "a", 1, {"batch": 2, "width": 3})
    service.record(tmp_path / "b", 1, {"batch": 2, "width": 3})
    assert np.array_equal(arrays.read(tmp_path / "a" / "inputs")["x"], arrays.read(tmp_path / "b" / "inputs")["x"])
    assert not (tmp_path / "a" / "again").exists()


def test_a_model_may_work_in_place(toy: Any, tmp_path: Path) -> None:
    class Greedy(toy.ToyModel):  # type: ignore[misc, name-defined]
        def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            answer: dict[str, np.ndarray] = super().run(feeds)
            feeds["x"][:] = 0
            return answer

    toy.Toy.types = (f"{__name__}.test_a_model_may_work_in_place.<locals>.Greedy",)
    service = loaded(Greedy(WEIGHT, [0.0, 0.0]))
    service.record(tmp_path / "a", 1, {"batch": 2, "width": 3}, twice=True)
    assert arrays.read(tmp_path / "a" / "inputs")["x"].any()
    assert np.array_equal(arrays.read(tmp_path / "a" / "outputs")["y"], arrays.read(tmp_path / "a" / "again")["y"])


def test_a_model_that_raises_says_at_which_sizes(toy: Any, tmp_path: Path) -> None:
    service = loaded(toy.ToyModel(WEIGHT, [0.0, 0.0], does="raise in run"))
    with pytest.raises(PluginError) as caught:
        service.record(tmp_path / "a", 1, {"batch": 2, "width": 3})
    assert caught.value.message == "toy, the model's answer at batch 2, width 3: RuntimeError: the toy broke"
    assert "the toy broke" in caught.value.details


def test_a_model_that_forgets_an_output(toy: Any, tmp_path: Path) -> None:
    service = loaded(toy.ToyModel(WEIGHT, [0.0, 0.0], does="forget z"))
    with pytest.raises(PluginError) as caught:
        service.record(tmp_path / "a", 1, {"batch": 2, "width": 3})
    assert caught.value.message == "toy, the model's answer at batch 2, width 3: ValueError: run gave ['y'], and not the declared output 'z'"


def test_timed_calls_run_on_private_copies_of_the_recorded_feeds(toy: Any, tmp_path: Path) -> None:
    seen: list[np.ndarray] = []

    class Greedy(toy.ToyModel):  # type: ignore[misc, name-defined]
        def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            answer: dict[str, np.ndarray] = super().run(feeds)
            seen.append(feeds["x"].copy())
            feeds["x"][:] = 0
            return answer

    toy.Toy.types = (f"{__name__}.test_timed_calls_run_on_private_copies_of_the_recorded_feeds.<locals>.Greedy",)
    service = loaded(Greedy(WEIGHT, [0.0, 0.0]))
    service.record(tmp_path / "a", 1, {"batch": 2, "width": 3})
    for count in (1, 3):
        seconds = service.time(tmp_path / "a", count)
        assert len(seconds) == count
        assert min(seconds) >= 0
        assert np.array_equal(seen[-count], arrays.read(tmp_path / "a" / "inputs")["x"])


def test_a_timed_call_that_raises(toy: Any, tmp_path: Path) -> None:
    model = toy.ToyModel(WEIGHT, [0.0, 0.0])
    service = loaded(model)
    service.record(tmp_path / "a", 1, {"batch": 2, "width": 3})
    model.does = "raise in run"
    with pytest.raises(PluginError) as caught:
        service.time(tmp_path / "a", 1)
    assert (caught.value.message, caught.value.hint) == ("toy, a timed call: RuntimeError: the toy broke", "--debug shows the traceback")


def test_exporters_that_fail_or_write_nothing(toy: Any, tmp_path: Path) -> None:
    service = loaded(toy.ToyModel(WEIGHT, [0.0, 0.0], "raise,silent"))
    with pytest.raises(ExportError) as caught:
        service.export("raise", tmp_path / "raw.onnx")
    assert caught.value.message == "toy, exporter raise: RuntimeError: the toy broke"
    assert (caught.value.exporter, "Traceback" in caught.value.details) == ("raise", True)
    with pytest.raises(ExportError) as caught:
        service.export("silent", tmp_path / "raw.onnx")
    assert (caught.value.message, caught.value.hint) == ("toy, exporter silent: it wrote no file", "the exporter must write request.path")


def test_an_exporters_note_comes_back(toy: Any, tmp_path: Path) -> None:
    service = loaded(toy.ToyModel(WEIGHT, [0.0, 0.0], "noted,right"))
    assert service.export("noted", tmp_path / "noted.onnx") == "weights as they are"
    assert not service.export("right", tmp_path / "right.onnx")


def test_load_comes_first(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="load comes first"):
        Service().export("right", tmp_path / "raw.onnx")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": (Input("x", "float32", ("rows", 2)),)}, "input 'x' names axis 'rows', which has no range"),
        ({"inputs": (Input("x", "float31", ("batch", 2)),)}, "input 'x' has unknown dtype 'float31'"),
        ({"outputs": (Output("y"), Output("y"))}, "two of its inputs and outputs are called 'y'"),
        ({"outputs": (Output("x"),)}, "two of its inputs and outputs are called 'x'"),
        ({"outputs": ()}, "it has no outputs"),
        ({"outputs": (Output("y", label_of="scores"),)}, "output 'y' is the label of 'scores', which is no output"),
        ({"metadata": {"classes": 3}}, "metadata 'classes' is 3, not a text"),
        ({"axes": {"batch": Axis(), "width": (1, 9)}}, "axis 'width' is (1, 9), not an Axis"),
    ],
)
def test_a_model_that_breaks_the_contract_is_refused_when_it_is_loaded(toy: Any, changes: dict[str, Any], message: str) -> None:
    model = toy.ToyModel(WEIGHT, [0.0, 0.0])
    for name, value in changes.items():
        setattr(model, name, value)
    with pytest.raises(PluginError) as caught:
        loaded(model)
    assert caught.value.message == f"toy, load: the model breaks the contract: {message}"
    assert caught.value.hint == "the plugin's SourceModel must be mended; see converter.framework"
