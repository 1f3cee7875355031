"""`converter bench`: the graph alone, beside its model, on real data; what it prints and writes, and what it refuses. No test looks at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import converter

QUICK = ["--seconds", "0.02", "--device", "cpu"]
AFFINE = "g (float[batch, 3] x) => (float[batch, 3] y) { y = Relu(x) }"


@pytest.fixture(scope="module")
def relu(graph_file: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph of three columns."""
    return graph_file(tmp_path_factory.mktemp("graphs") / "relu.onnx", AFFINE)


@pytest.fixture
def right(toy: Any, toy_file: Callable[..., Path], tmp_path: Path) -> Path:
    """A graph of `toy_file()`."""
    del toy
    assert converter.convert(toy_file(), tmp_path / "right.onnx").agrees
    return tmp_path / "right.onnx"


def rows(screen: Any) -> list[list[str]]:
    """The words of the table's lines."""
    lines = [line.split() for line in screen.out.splitlines()]
    start = next(number for number, words in enumerate(lines) if "contender" in words)
    return [words for words in lines[start + 1 :] if {"session.run", "session", "bound", "source"} & set(words[:3])]


def test_a_graph_alone(relu: Path, command: Callable[..., Any]) -> None:
    screen = command("bench", relu, *QUICK)
    assert screen.code == 0, screen.err
    assert [words[0] for words in rows(screen)] == ["1", "session", "bound", "8", "session", "bound", "64", "session", "bound"]
    assert screen.out.splitlines()[0] == "  graph     relu.onnx on cpu"
    assert screen.out.splitlines()[1] == "  threads   as ONNX Runtime chooses"
    assert f"onnx-converter {converter.__version__}, onnxruntime " in screen.out
    assert [line.split("  ")[1] for line in screen.err.splitlines()] == ["measure"] * 3
    assert [line.rpartition("   ")[2].partition(":")[0] for line in screen.err.splitlines()] == ["batch 1", "batch 8", "batch 64"]


def test_sizes_threads_and_goal_are_taken_as_given(right: Path, command: Callable[..., Any], as_json: Any) -> None:
    options = ["--sizes", "batch=2", "--sizes", "width=4", "--sizes", "batch=3", "--threads", "1", "--within", "0.5", "--confidence", "0.9"]
    document = json.loads(command("bench", right, *QUICK, *options, "--json", "--quiet").out)
    assert document == as_json(document)
    assert [result["sizes"] for result in document["results"]] == [{"batch": 2, "width": 4}, {"batch": 3, "width": 4}]
    assert [result["items"] for result in document["results"]] == [2, 3]
    assert document["axes"] == {"batch": {"sizes": [2, 3], "why": "as given"}, "width": {"sizes": [4], "why": "as given"}}
    settings = {"device": "cpu", "threads": 1, "data": "", "seconds": 0.02, "within": 0.5, "confidence": 0.9}
    assert (document["format"], document["graph"], document["settings"], document["source"]) == (1, "right.onnx", settings, None)
    for result in document["results"]:
        assert [row["contender"] for row in result["rows"]] == ["session.run", "session", "bound"]
        for row in result["rows"]:
            assert row["calls"] >= row["turns"] == result["rounds"] > 0
            assert row["throughput"] == pytest.approx(result["items"] / row["p50"])
            assert row["ratio"] == pytest.approx(row["p50"] / result["rows"][0]["p50"])


def test_a_converted_graph_remembers_the_sizes_that_it_was_proven_at(right: Path, command: Callable[..., Any]) -> None:
    screen = command("bench", right, *QUICK, "--sizes", "batch=1")
    proven = max(json.loads(converter.Session(right, device="cpu").metadata["converter.sizes"])["width"])
    assert f"  width     {proven}, the largest that was proven\n" in screen.out
    assert [words[0] for words in rows(screen)] == ["session.run", "session", "bound"]


def test_beside_its_model(right: Path, command: Callable[..., Any], toy_file: Callable[..., Path]) -> None:
    screen = command("bench", right, "--against", toy_file(), *QUICK, "--sizes", "batch=1,2", "--sizes", "width=5")
    assert screen.code == 0, screen.err
    assert [[name for name in words if name.isalpha() and len(name) > 2] for words in rows(screen)][3::4] == [["source"], ["source"]]
    assert "  source    model.toy, toy: affine 3 to 2\n" in screen.out
    assert [line.split()[0] for line in screen.err.splitlines()] == ["load", "measure", "measure"]
    assert "noise on stdout" not in screen.out


def test_a_live_object_is_measured_in_this_process(toy: Any, right: Path) -> None:
    model = toy.ToyModel([[1.0, -2.0], [0.5, 0.25], [3.0, 0.0]], [0.1, -0.1])
    report = converter.bench(right, against=model, sizes={"batch": 3, "width": [2]}, device="cpu", seconds=0.02)
    assert [row.contender for row in report.results[0].rows] == ["session.run", "session", "bound", "source"]
    assert report.opponent is not None
    assert (report.opponent.name, report.opponent.framework) == ("ToyModel", "toy")
    assert [dict(result.sizes) for result in report.results] == [{"batch": 3, "width": 2}]


def test_options_of_the_source_reach_the_plugin(right: Path, command: Callable[..., Any], toy_file: Callable[..., Path]) -> None:
    screen = command("bench", right, "--against", toy_file(), "-O", "scale=much", *QUICK)
    assert (screen.code, screen.err) == (2, "error: option scale is a whole number, not 'much'\nhint: -O scale=1\n")


def test_real_data_is_repeated_to_every_batch(right: Path, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path) -> None:
    np.savez(tmp_path / "real.npz", x=np.ones((5, 7, 3), np.float32))
    for against in ([], ["--against", toy_file()]):
        screen = command("bench", right, *against, "--data", tmp_path / "real.npz", *QUICK, "--json", "--quiet")
        document = json.loads(screen.out)
        assert [result["sizes"] for result in document["results"]] == [{"batch": batch, "width": 7} for batch in (1, 8, 64)]
        assert (document["settings"]["data"], document["axes"]["width"]["why"]) == ("real.npz", "the data's")


def test_real_data_keeps_its_other_axes(right: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "real.npz", x=np.ones((5, 7, 3), np.float32))
    screen = command("bench", right, "--data", tmp_path / "real.npz", "--sizes", "width=8", *QUICK)
    assert (screen.code, screen.err) == (
        2,
        "error: axis 'width' cannot have another size than that of the data, 7\nhint: leave out --sizes or --data\n",
    )


def test_data_that_does_not_fit(relu: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", y=np.ones((5, 3), np.float32))
    screen = command("bench", relu, "--data", tmp_path / "other.npz", *QUICK)
    assert screen.code == 3
    assert "error: other.npz holds ['y'], the model takes ['x']\nhint: an .npz has an array for each input, by its name\n" in screen.err


def test_the_inputs_may_be_described(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    text = "g (int64[n] ids) => (float[n] y) <float[3] table = {1.0, 2.0, 3.0}> { y = Gather(table, ids) }"
    graph = graph_file(tmp_path / "gather.onnx", text)
    refused = command("bench", graph, *QUICK)
    assert refused.code == 3
    assert "error: at n 1: " in refused.err or "error: at n 8: " in refused.err
    assert (
        "hint: --sizes AXIS=N,N gives sizes that the graph takes, --data real feeds, --input 'NAME:DTYPE[DIMS]{LOW..HIGH}' the values\n"
        in refused.err
    )
    assert command("bench", graph, "--input", "ids:int64[n]{0..2}", *QUICK, "--quiet").code == 0


def test_what_cannot_be_bound_says_why(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_file(tmp_path / "words.onnx", "g (string[batch] word) => (string[batch] y) { y = Identity(word) }")
    screen = command("bench", graph, *QUICK, "--sizes", "batch=4")
    assert screen.code == 0, screen.err
    assert rows(screen)[2] == ["bound", *["–"] * 6]
    reason = f"{graph} takes or gives strings or sequences, which cannot be bound"
    assert f"  bound was not measured: {reason}\n" in screen.out
    row = json.loads(command("bench", graph, *QUICK, "--sizes", "batch=4", "--json", "--quiet").out)["results"][0]["rows"][2]
    assert (row["reason"], row["p50"], row["calls"], row["ratio"]) == (reason, None, 0, None)


def test_what_the_plain_call_refuses_says_why(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_file(tmp_path / "half.onnx", "g (bfloat16[batch] x) => (bfloat16[batch] y) { y = Identity(x) }")
    row = json.loads(command("bench", graph, *QUICK, "--sizes", "batch=4", "--json", "--quiet").out)["results"][0]["rows"]
    assert row[0]["p50"] is None
    assert row[0]["reason"]
    assert (row[1]["calls"] > 0, row[1]["ratio"], row[2]["calls"] > 0) == (True, None, True)


def test_nameless_first_dims_are_the_batch(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_file(tmp_path / "nameless.onnx", "g (float[?, 2] a, float[?, 2] b) => (float[?, 2] y) { y = Add(a, b) }")
    document = json.loads(command("bench", graph, *QUICK, "--json", "--quiet").out)
    assert [result["sizes"] for result in document["results"]] == [{"batch": 1}, {"batch": 8}, {"batch": 64}]


def test_a_graph_without_free_axes_is_measured_once(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_file(tmp_path / "fixed.onnx", "g (float[4, 2] x) => (float[4, 2] y) { y = Relu(x) }")
    document = json.loads(command("bench", graph, *QUICK, "--json", "--quiet").out)
    assert [(result["sizes"], result["items"]) for result in document["results"]] == [({}, 4)]


def test_files_and_silence(relu: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    screen = command("bench", relu, *QUICK, "--quiet", "--plot", tmp_path / "deep" / "bench.svg", "--report", tmp_path / "bench.json")
    assert (screen.code, screen.out, screen.err) == (0, "", "")
    assert (tmp_path / "deep" / "bench.svg").read_text().startswith("<?xml")
    assert len(json.loads((tmp_path / "bench.json").read_text())["results"]) == 3


def test_a_missing_graph_and_one_that_is_none(command: Callable[..., Any], tmp_path: Path) -> None:
    missing = command("bench", tmp_path / "missing.onnx")
    assert (missing.code, missing.err) == (
        3,
        f"error: {tmp_path / 'missing.onnx'} does not exist\nhint: check the path; converter convert makes an ONNX file\n",
    )
    (tmp_path / "words.onnx").write_text("words")
    wrong = command("bench", tmp_path / "words.onnx", "--device", "cpu")
    assert wrong.code == 3
    assert f"error: ONNX Runtime cannot load {tmp_path / 'words.onnx'}: " in wrong.err
    assert "hint: it is cut short, or no ONNX file at all: write it again\n" in wrong.err


@pytest.mark.parametrize(
    ("options", "error", "hint"),
    [
        (["--sizes", "bacth=1"], "there is no axis 'bacth'", "known: batch"),
        (["--sizes", "batch=1,many"], "the sizes of axis 'batch' are '1,many'", "positive whole numbers: --sizes batch=1,8,64"),
        (["--sizes", "batch=0"], "the sizes of axis 'batch' are '0'", "positive whole numbers: --sizes batch=1,8,64"),
        (["--plot", "bench.pdf"], "a plot is written as .png or .svg, not to bench.pdf", "--plot bench.svg"),
        (["--input", "x"], "cannot read the input 'x': it is not NAME:DTYPE[DIMS]", "--input 'images:float32[batch,3,224,width=32..1024]'"),
    ],
    ids=["axis", "words", "zero", "suffix", "input"],
)
def test_a_wrong_option_is_told_before_the_work(relu: Path, command: Callable[..., Any], options: list[str], error: str, hint: str) -> None:
    screen = command("bench", relu, "--device", "cpu", *options)
    assert (screen.code, screen.out, screen.err) == (2, "", f"error: {error}\nhint: {hint}\n")


def test_an_unknown_device(relu: Path, command: Callable[..., Any]) -> None:
    screen = command("bench", relu, "--device", "tpu")
    assert screen.code == 2
    assert screen.err.startswith("error: there is no device 'tpu'\nhint: known: auto, cpu, cuda, ")


@pytest.mark.parametrize(
    "words", [["--threads", "0"], ["--seconds", "0"], ["--within", "1"], ["--confidence", "1"], ["--sizes", "batch"]], ids=" ".join
)
def test_what_click_refuses(relu: Path, command: Callable[..., Any], words: list[str]) -> None:
    screen = command("bench", relu, *words)
    assert screen.code == 2
    assert f"Invalid value for '{words[0]}'" in screen.err


def test_a_plot_that_cannot_be_written_is_told_before_the_work(relu: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    (tmp_path / "file").write_text("")
    screen = command("bench", relu, *QUICK, "--plot", tmp_path / "file" / "bench.png")
    assert screen.code == 3
    assert f"error: cannot write {tmp_path / 'file' / 'bench.png'}: " in screen.err
    assert "hint: name a file in a folder that can be written\n" in screen.err
    assert "measure" not in screen.err


def test_a_failed_measurement_leaves_no_plot(
    graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path, snapshot: Callable[[], dict[str, bytes]]
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    text = "g (float[batch] x) => (float[2, m] y) <int64[2] shape = {2, -1}> { y = Reshape(x, shape) }"
    graph = graph_file(tmp_path / "pairs.onnx", text)
    before = snapshot()
    screen = command("bench", graph, *QUICK, "--sizes", "batch=2,3", "--plot", tmp_path / "bench.png")
    assert screen.code == 3
    assert "error: at batch 3: " in screen.err
    assert "Reshape" in screen.err
    assert "hint: --sizes AXIS=N,N gives sizes that the graph takes, " in screen.err
    assert snapshot() == before


def test_a_source_that_is_not_there_or_does_not_load(right: Path, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path) -> None:
    missing = command("bench", right, "--against", tmp_path / "missing.toy", *QUICK)
    assert missing.code == 3
    assert (
        missing.err == f"error: {tmp_path / 'missing.toy'} does not exist\nhint: check the path; a Python object is named package.module:attribute\n"
    )
    broken = command("bench", right, "--against", toy_file("broken.toy", does="raise in load"), *QUICK)
    assert broken.code == 3
    assert "error: toy, load: RuntimeError: the toy broke\nhint: --debug shows the traceback\n" in broken.err


def test_a_source_that_fails_or_dies_when_it_runs(right: Path, command: Callable[..., Any], toy_file: Callable[..., Path]) -> None:
    broken = command("bench", right, "--against", toy_file("broken.toy", does="raise in run"), *QUICK)
    assert broken.code == 3
    assert "error: toy, the model's answer at batch 1, width " in broken.err
    dead = command("bench", right, "--against", toy_file("dead.toy", does="abort in run"), *QUICK)
    assert dead.code == 3
    assert "error: record: the worker process ended with signal SIGABRT\nhint: --debug shows what it printed last\n" in dead.err


def test_a_source_of_other_inputs(
    toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path], graph_file: Callable[[Path, str], Path], tmp_path: Path
) -> None:
    del toy
    two = graph_file(
        tmp_path / "two.onnx", "g (float[batch, 3] a, float[batch, 3] b) => (float[batch, 3] y, float[batch, 3] z) { y = Add(a, b) z = Sub(a, b) }"
    )
    screen = command("bench", two, "--against", toy_file(), *QUICK)
    assert screen.code == 3
    assert "error: the graph has inputs ['a', 'b'], the model has ['x']\nhint: is this the graph of another model?\n" in screen.err
    flat = graph_file(tmp_path / "flat.onnx", "g (float[batch, 3] x) => (float[batch, 3] y, float[batch, 3] z) { y = Relu(x) z = Neg(x) }")
    screen = command("bench", flat, "--against", toy_file(), *QUICK)
    assert screen.code == 3
    assert "error: input 'x' wants 2 dimensions [batch, 3], got 3: " in screen.err
    assert "hint: " in screen.err
