"""The whole way in this process, live objects and files alike: the first graph that agrees is published, and nothing else ever is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import converter
from converter.errors import DestinationError, ExportError, NoExporterAgrees, PluginError, UnknownName, Unrepeatable, WorkerDied
from converter.loading import Loader
from converter.request import Request
from converter.source import Source
from converter.stages import Event
from converter.validation import Report
from converter.worker.janitor import Janitor

EARLIER = b"the graph that was here before"
WEIGHT, BIAS = [[1.0, -2.0], [0.5, 0.25], [3.0, 0.0]], [0.1, -0.1]


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    """A destination where something lies already, in a folder with nothing else."""
    path = tmp_path / "out" / "model.onnx"
    path.parent.mkdir()
    path.write_bytes(EARLIER)
    return path


@pytest.fixture
def convert(toy: Any, destination: Path) -> Callable[..., Report]:
    """Convert a live toy with these exporters."""

    def go(exporters: str, *, does: str = "", **options: Any) -> Report:
        return converter.convert(toy.ToyModel(WEIGHT, BIAS, exporters, does), destination, **options)

    return go


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_right_graph_is_published_and_answers_as_the_model(convert: Callable[..., Report], toy: Any, destination: Path) -> None:
    report = convert("right")
    assert (report.agrees, report.published, report.rejected, report.framework) == (True, destination, None, "toy")
    x = np.random.default_rng(5).standard_normal((3, 11, 3), np.float32)
    want, session = toy.ToyModel(WEIGHT, BIAS).run({"x": x}), converter.Session(destination, device="cpu")
    assert all(np.allclose(session.run({"x": x})[name], want[name], atol=1e-6) for name in ("y", "z"))
    assert {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in onnx.load(destination).graph.output
    } == {
        "y": ["batch", 2],
        "z": ["batch", 2],
    }
    assert names(destination.parent) == ["model.onnx"]


def test_the_proof_and_the_provenance_travel_with_the_graph(convert: Callable[..., Report], destination: Path) -> None:
    report = convert("right", options={"flavour": "salted"})
    metadata = converter.Session(destination, device="cpu").metadata
    assert {**metadata, **report.proof} == metadata
    assert metadata["toy"] == "affine"
    assert metadata["converter.cases"] == str(len(report.cases))
    assert (metadata["converter.source"], metadata["converter.framework"], metadata["converter.exporter"]) == ("ToyModel", "toy", "right")
    assert '"flavour": "salted"' in metadata["converter.options"]
    assert '"numpy": ' in metadata["converter.packages"]


def test_three_sizes_of_each_axis_and_three_seeds(convert: Callable[..., Report]) -> None:
    report = convert("right")
    for axis in ("batch", "width"):
        assert len({case.sizes[axis] for case in report.cases}) >= 3
    base = report.cases[0].sizes
    assert sum(case.sizes == base for case in report.cases) == 3


@pytest.mark.parametrize(
    ("exporter", "fault", "diagnosis"),
    [
        ("biased", "value", "output y differs in "),
        ("baked", "value", "axis width is baked in: right at width 7, at width 1 output y differs in "),
        ("nan", "nan", "output y is wrong: NaN or infinity in "),
        ("swapped", "swapped", "output y is wrong: the graph gives what the model calls z"),
    ],
)
def test_a_wrong_graph_is_a_result_and_not_published(
    convert: Callable[..., Report], destination: Path, exporter: str, fault: str, diagnosis: str
) -> None:
    report = convert(exporter)
    assert (report.agrees, report.published, report.rejected) == (False, None, None)
    (attempt,) = report.attempts
    assert {each.fault for each in attempt.agreements if each.fault} == {fault}
    assert attempt.diagnosis.startswith(diagnosis)
    assert attempt.line == f"rejected: {attempt.diagnosis}"
    assert destination.read_bytes() == EARLIER
    assert names(destination.parent) == ["model.onnx"]


@pytest.mark.parametrize("first", ["biased", "baked", "nan", "swapped", "raise", "silent", "foreign"])
def test_the_next_exporter_has_its_turn(convert: Callable[..., Report], destination: Path, first: str) -> None:
    report = convert(f"{first},right,biased")
    assert [(attempt.exporter, attempt.agrees) for attempt in report.attempts] == [(first, False), ("right", True)]
    assert bool(report.attempts[0].error) != bool(report.attempts[0].diagnosis)
    assert report.published == destination
    assert converter.Session(destination, device="cpu").metadata["converter.exporter"] == "right"


def test_only_the_wanted_exporter(convert: Callable[..., Report]) -> None:
    assert [attempt.exporter for attempt in convert("biased,right", exporter="right").attempts] == ["right"]
    with pytest.raises(UnknownName) as caught:
        convert("biased,right", exporter="left")
    assert (caught.value.message, caught.value.hint) == ("there is no exporter for this model 'left'", "known: biased, right")


def test_a_rejected_graph_is_kept_where_asked_for(convert: Callable[..., Report], destination: Path) -> None:
    report = convert("baked", keep_rejected=True)
    assert report.rejected == destination.with_name("model.rejected.onnx")
    assert destination.read_bytes() == EARLIER
    assert names(destination.parent) == ["model.onnx", "model.rejected.cases", "model.rejected.onnx"]
    again = converter.validate(report.rejected, cases=destination.with_name("model.rejected.cases"))
    assert again.attempts[0].diagnosis == report.attempts[0].diagnosis


def test_the_last_judged_graph_is_the_one_that_is_kept(convert: Callable[..., Report], destination: Path) -> None:
    report = convert("baked,biased,raise", keep_rejected=True)
    assert [bool(attempt.graph) for attempt in report.attempts] == [True, True, False]
    assert report.rejected is not None
    assert converter.Session(report.rejected, device="cpu").metadata["converter.exporter"] == "biased"
    assert destination.read_bytes() == EARLIER


def test_no_exporter_comes_as_far_as_a_graph(convert: Callable[..., Report], destination: Path) -> None:
    with pytest.raises(NoExporterAgrees) as caught:
        convert("raise")
    assert caught.value.message == "toy, exporter raise: RuntimeError: the toy broke"
    assert isinstance(caught.value.__cause__, ExportError)
    with pytest.raises(NoExporterAgrees) as caught:
        convert("raise,silent,foreign")
    assert caught.value.message == (
        "no exporter produced a graph"
        "\n  raise: toy, exporter raise: RuntimeError: the toy broke"
        "\n  silent: toy, exporter silent: it wrote no file"
        "\n  foreign: the graph has operators outside ONNX: toy.ops::Add"
    )
    with pytest.raises(NoExporterAgrees) as caught:
        convert("")
    assert (caught.value.message, caught.value.hint) == ("the model has no exporter", "the plugin must offer at least one")
    assert (destination.read_bytes(), names(destination.parent)) == (EARLIER, ["model.onnx"])


def test_a_random_model_is_refused(convert: Callable[..., Report], destination: Path) -> None:
    with pytest.raises(Unrepeatable, match="the model is random or stateful: output 'y' differs"):
        convert("right", does="random")
    assert (destination.read_bytes(), names(destination.parent)) == (EARLIER, ["model.onnx"])


def test_a_model_that_raises_is_named(convert: Callable[..., Report], destination: Path) -> None:
    with pytest.raises(PluginError) as caught:
        convert("right", does="raise in run")
    assert caught.value.message == "toy, the model's answer at batch 5, width 7: RuntimeError: the toy broke"
    assert (destination.read_bytes(), names(destination.parent)) == (EARLIER, ["model.onnx"])


def test_the_same_source_gives_the_same_bytes(toy: Any, toy_file: Callable[..., Path], tmp_path: Path) -> None:
    source = toy_file()
    found = {converter.convert(source, tmp_path / f"{number}.onnx").published.read_bytes() for number in range(2)}  # type: ignore[union-attr]
    assert len(found) == 1
    other = converter.convert(source, tmp_path / "other.onnx", options={"scale": 2})
    assert other.published is not None
    assert other.published.read_bytes() not in found
    del toy


def test_a_crash_of_one_exporter_leaves_the_next_a_fresh_worker(toy: Any, toy_file: Callable[..., Path], destination: Path) -> None:
    report = converter.convert(toy_file(), destination, options={"exporters": "abort,right"})
    assert isinstance(report.attempts[0].error, WorkerDied)
    assert report.attempts[0].error.message == "export: the worker process ended with signal SIGABRT"
    assert report.published == destination
    del toy


def test_the_report_has_the_exporters_note(toy: Any, toy_file: Callable[..., Path], destination: Path) -> None:
    report = converter.convert(toy_file(), destination, options={"exporters": "noted"})
    assert report.attempts[0].note == report.to_json()["attempts"][0]["note"] == "weights as they are"
    assert not converter.convert(toy_file(), destination).attempts[0].note
    del toy


def test_the_model_goes_when_it_is_exported(toy: Any, toy_file: Callable[..., Path], tmp_path: Path) -> None:
    request = Request(Source(path=toy_file()), tmp_path / "model.onnx", options={"exporters": "right,abort"})
    with Janitor() as janitor, Loader(request, janitor, tmp_path) as loader:
        recorded = loader.model()
        loader.export("right", tmp_path / "raw.onnx")
        with pytest.raises(ValueError, match="closed file"):
            recorded.record(tmp_path, 0, {})
        with pytest.raises(WorkerDied):
            loader.export("abort", tmp_path / "raw.onnx")
        loader.export("right", tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "raw.onnx").read_bytes()
    del toy


def test_cases_are_recorded_where_asked_for(convert: Callable[..., Report], destination: Path, tmp_path: Path) -> None:
    report = convert("biased", cases=tmp_path / "cases")
    assert len(names(tmp_path / "cases")) == len(report.cases) + 1
    again = converter.validate(convert("right").published, cases=tmp_path / "cases")  # type: ignore[arg-type]
    assert again.agrees
    assert [case.sizes for case in again.cases] == [case.sizes for case in report.cases]
    assert destination.read_bytes() != EARLIER


def test_a_folder_that_cannot_take_the_cases_is_refused_before_the_work(convert: Callable[..., Report], tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "1.png").touch()
    told: list[Event] = []
    with pytest.raises(DestinationError, match="holds something else than recorded cases"):
        convert("right", cases=tmp_path / "photos", observers=[told.append])
    assert told == []


def test_the_users_own_samples_come_first(convert: Callable[..., Report], tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", np.ones((4, 9, 3), np.float32))
    report = convert("right", data=tmp_path / "mine.npy")
    assert (report.cases[0].origin, report.cases[0].sizes) == ("mine.npy", {"batch": 4, "width": 9})
    assert report.agrees


def test_a_budget_leaves_cases_out_and_says_so(convert: Callable[..., Report]) -> None:
    report = convert("right", budget=1e-9)
    assert (len(report.cases), report.agrees) == (3, True)
    assert report.left_out > 3
    assert report.to_json()["cases_left_out"] == report.left_out


def test_a_wider_tolerance_of_the_user(convert: Callable[..., Report]) -> None:
    assert convert("biased", atol=2e-3).agrees
    assert not convert("biased", atol=9e-4, rtol=0.0).agrees


def test_the_stages_in_their_order(convert: Callable[..., Report]) -> None:
    told: list[Event] = []
    report = convert("biased,right", observers=[told.append])
    ended = [(event.stage, event.subject) for event in told if event.state == "finished"]
    assert ended == [
        ("match", "ToyModel"),
        ("load", "toy"),
        ("record", "toy"),
        *((stage, exporter) for exporter in ("biased", "right") for stage in ("export", "finish", "validate")),
        ("publish", "model.onnx"),
    ]
    assert [(event.stage, event.subject) for event in told if event.state == "started"] == ended
    assert {event.done for event in told if event.state == "progress" and event.stage == "record"} == set(range(1, len(report.cases) + 1))
    assert set(report.seconds) == {
        "match",
        "load",
        "record",
        "publish",
        *(f"{stage} {exporter}" for stage in ("export", "finish", "validate") for exporter in ("biased", "right")),
    }


def test_a_failed_stage_is_told(convert: Callable[..., Report]) -> None:
    told: list[Event] = []
    convert("raise,right", observers=[told.append])
    assert [(event.stage, event.subject, event.detail) for event in told if event.state == "failed"] == [
        ("export", "raise", "toy, exporter raise: RuntimeError: the toy broke")
    ]


def test_the_report_is_strict_json(convert: Callable[..., Report], as_json: Callable[[Any], Any]) -> None:
    for exporters in ("right", "nan,raise,biased", "swapped,right"):
        report = convert(exporters)
        document = as_json(report.to_json())
        assert document["agrees"] == report.agrees
        assert [attempt["exporter"] for attempt in document["attempts"]] == [attempt.exporter for attempt in report.attempts]
        assert len(document["cases"]) == len(report.cases)


def test_live_conversions_one_after_the_other(convert: Callable[..., Report]) -> None:
    assert [convert("right").agrees for _ in range(3)] == [True] * 3


def test_a_graph_of_another_shape_is_a_disagreement(toy: Any, destination: Path) -> None:
    class Flat(toy.ToyModel):  # type: ignore[misc, name-defined]
        """Answers without the last dim."""

        def run(self, feeds: Any) -> dict[str, np.ndarray]:
            return {name: answer[:, 0] for name, answer in super().run(feeds).items()}

    toy.Toy.types = (f"{Flat.__module__}.{Flat.__qualname__}",)
    report = converter.convert(Flat(WEIGHT, BIAS), destination)
    assert not report.agrees
    assert report.attempts[0].diagnosis.startswith("output y is wrong: the graph gives [5, 2], the model [5]")
    assert destination.read_bytes() == EARLIER
