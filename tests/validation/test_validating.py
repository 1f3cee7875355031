"""A graph is judged on every case, optimised and not; what it does wrong is a result and never an exception."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from converter.cases import Case
from converter.errors import GraphError
from converter.specs import Output
from converter.validation import Attempt, Tolerance, validate

ROWS = (3, 1, 8, 2)
Text = Callable[[Path, str], Path]
BORDER = "g (float[N,3] x) => (float[N,3] y, float[N,3] z)"


@pytest.fixture
def cases(tmp_path: Path, record_case: Callable[..., Case]) -> list[Case]:
    made = []
    for number, rows in enumerate(ROWS):
        x = np.random.default_rng(number).standard_normal((rows, 3), np.float32)
        made.append(record_case(tmp_path / f"case {number}", {"x": x}, {"y": -x, "z": np.abs(x)}, {"batch": rows}))
    return made


OUTPUTS = (Output("y"), Output("z"))


def test_every_case_and_the_first_and_largest_unoptimised(tmp_path: Path, graph_file: Text, cases: list[Case]) -> None:
    told: list[tuple[int, int]] = []
    path = graph_file(tmp_path / "g.onnx", f"{BORDER} {{ y = Neg(x) z = Abs(x) }}")
    found = validate(path, OUTPUTS, cases, progress=lambda done, total: told.append((done, total)))
    assert all(each.agrees for each in found)
    assert [(each.case, each.output) for each in found if each.optimised] == [(case.name, name) for case in cases for name in ("y", "z")]
    assert [each.case for each in found if not each.optimised] == ["case 0"] * 2 + ["case 2"] * 2
    assert told == [(number, 6) for number in range(1, 7)]


def test_other_names_of_the_graph(tmp_path: Path, graph_file: Text, cases: list[Case]) -> None:
    path = graph_file(tmp_path / "g.onnx", "g (float[N,3] in) => (float[N,3] a, float[N,3] b) { a = Neg(in) b = Abs(in) }")
    assert all(each.agrees for each in validate(path, OUTPUTS, cases, names={"x": "in", "y": "a", "z": "b"}))


@pytest.mark.parametrize(
    ("body", "faults", "detail"),
    [
        ("y = Neg(x) z = Neg(x)", {"z": "swapped"}, "the graph gives what the model calls y"),
        ("y = Abs(x) z = Neg(x)", {"y": "swapped", "z": "swapped"}, "the graph gives what the model calls "),
        ("y = Neg(x) z = Exp(x)", {"z": "value"}, "differs in "),
        ("y = Neg(x) l = Neg(x) z = Log(l)", {"z": "nan"}, "NaN or infinity in "),
    ],
)
def test_what_is_wrong_with_an_output(tmp_path: Path, graph_file: Text, cases: list[Case], body: str, faults: dict[str, str], detail: str) -> None:
    found = validate(graph_file(tmp_path / "g.onnx", f"{BORDER} {{ {body} }}"), OUTPUTS, cases)
    assert {each.output: each.fault for each in found if each.fault and each.case == "case 2"} == faults
    assert all(each.detail.startswith(detail) for each in found if each.fault and each.case == "case 2")


def test_a_graph_that_fails_at_some_size(tmp_path: Path, graph_file: Text, cases: list[Case]) -> None:
    text = "g (float[N,3] x) => (float[N,3] y, float[N,3] z) <int64[2] shape = {3, 3}> { t = Reshape(x, shape) y = Neg(t) z = Abs(t) }"
    found = validate(graph_file(tmp_path / "g.onnx", text), OUTPUTS, cases)
    assert {each.case: each.fault for each in found} == {"case 0": "", "case 1": "run", "case 2": "run", "case 3": "run"}
    assert all(each.detail.startswith("the graph fails: ") for each in found if each.fault)


def test_a_graph_that_takes_other_inputs(tmp_path: Path, graph_file: Text, cases: list[Case]) -> None:
    text = "g (float[N,3] pixels) => (float[N,3] y, float[N,3] z) { y = Neg(pixels) z = Abs(pixels) }"
    found = validate(graph_file(tmp_path / "g.onnx", text), OUTPUTS, cases)
    assert {each.fault for each in found} == {"run"}
    assert "pixels" in found[0].detail


def test_a_dtype_of_another_kind(tmp_path: Path, graph_file: Text, cases: list[Case]) -> None:
    text = "g (float[N,3] x) => (int64[N,3] y, float[N,3] z) { n = Neg(x) y = Cast<to=7>(n) z = Abs(x) }"
    found = validate(graph_file(tmp_path / "g.onnx", text), OUTPUTS, cases)
    assert {(each.output, each.fault, each.detail) for each in found if each.fault} == {("y", "dtype", "the graph gives int64, the model float32")}


def test_a_file_that_cannot_be_loaded(tmp_path: Path, cases: list[Case]) -> None:
    (tmp_path / "g.onnx").write_bytes(b"no graph")
    with pytest.raises(GraphError) as caught:
        validate(tmp_path / "g.onnx", OUTPUTS, cases)
    assert caught.value.message.startswith("ONNX Runtime cannot load ")
    assert caught.value.hint


def labelled(folder: Path, record_case: Callable[..., Case], scores: np.ndarray, labels: np.ndarray) -> Case:
    return record_case(folder / "case 0", {"x": scores}, {"label": labels, "scores": scores}, {"batch": len(scores)})


CLASSIFIER = "g (float[N,2] x) => (int64[N] label, float[N,2] scores) { label = ArgMax<axis=1,keepdims=0>(x) scores = Identity(x) }"
LABELLED = (Output("label", label_of="scores"), Output("scores"))


def test_labels_that_differ_where_scores_tie_are_counted(tmp_path: Path, graph_file: Text, record_case: Callable[..., Case]) -> None:
    case = labelled(tmp_path, record_case, np.array([[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]], np.float32), np.array([1, 1, 0]))
    found = validate(graph_file(tmp_path / "g.onnx", CLASSIFIER), LABELLED, [case])
    assert all(each.agrees for each in found)
    assert [each.ties for each in found if each.output == "label"] == [1, 1]


def test_labels_that_differ_elsewhere_are_wrong(tmp_path: Path, graph_file: Text, record_case: Callable[..., Case]) -> None:
    case = labelled(tmp_path, record_case, np.array([[0.5, 0.5], [0.2, 0.8]], np.float32), np.array([1, 0]))
    found = validate(graph_file(tmp_path / "g.onnx", CLASSIFIER), LABELLED, [case])
    assert [(each.fault, each.worst) for each in found if each.output == "label"] == [("value", (1,))] * 2


def test_scores_that_are_no_row_for_each_label_excuse_nothing(tmp_path: Path, graph_file: Text, record_case: Callable[..., Case]) -> None:
    scores = np.full((3, 4), 0.5, np.float32)
    case = record_case(tmp_path / "case 0", {"x": scores[:, :2]}, {"label": np.array([1, 1]), "scores": scores}, {})
    found = validate(graph_file(tmp_path / "g.onnx", CLASSIFIER), LABELLED, [case])
    assert {each.output: each.fault for each in found} == {"label": "shape", "scores": "shape"}


def test_the_tolerance_of_the_user_counts(tmp_path: Path, graph_file: Text, cases: list[Case]) -> None:
    path = graph_file(tmp_path / "g.onnx", f"{BORDER} <float[1] e = {{0.001}}> {{ n = Neg(x) y = Add(n, e) z = Abs(x) }}")
    strict, loose = (Attempt.judged("toy", None, validate(path, OUTPUTS, cases, bounds), cases) for bounds in (Tolerance(), Tolerance(atol=2e-3)))  # type: ignore[arg-type]
    assert strict.diagnosis.startswith("output y differs in ")
    assert (loose.diagnosis, round(loose.max_abs, 4)) == ("", 0.001)
