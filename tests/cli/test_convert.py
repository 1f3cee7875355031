"""`converter convert`: what is published, refused and printed. The toy's exporters are wrong in every way that matters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import converter
from converter import plugins
from converter.runtime.opening.devices import survey_providers

EARLIER = b"the graph that was here before"
KEYS = {
    "source",
    "framework",
    "agrees",
    "published",
    "rejected",
    "model",
    "tolerance",
    "cases",
    "cases_left_out",
    "attempts",
    "seconds",
}


@pytest.fixture
def convert(toy: Any, command: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Convert to out/model.onnx: convert(source, word, …)."""
    del toy
    return lambda source, *words: command("convert", source, "-o", tmp_path / "out" / "model.onnx", *words)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """The destination of `convert`; its folder is there."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "model.onnx"


def names(folder: Path) -> list[str]:
    """What a folder holds, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


# What is published


def test_the_graph_computes_what_the_model_computes(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    screen = convert(toy_file())
    assert screen.code == 0
    x = np.random.default_rng(0).standard_normal((2, 9, 3)).astype(np.float32)
    answers = converter.Session(graph, device="cpu").run({"x": x})
    y = (x @ np.array([[1.0, -2.0], [0.5, 0.25], [3.0, 0.0]], np.float32)).mean(1) + np.array([0.1, -0.1], np.float32)
    np.testing.assert_allclose(answers["y"], y, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(answers["z"], y + 1, rtol=1e-4, atol=1e-5)
    assert names(graph.parent) == ["model.onnx"]


def test_stages_go_to_stderr_and_the_signature_to_stdout(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    screen = convert(toy_file())
    assert [line.split()[0] for line in screen.err.splitlines()[1:]] == ["load", "record", "right", "validate", "publish"]
    assert "affine 3 to 2" in screen.err
    assert "10 cases: batch 1 2 5 17, width 1 2 7 23" in screen.err
    assert "10 of 10 cases agree, worst" in screen.err
    assert str(graph) in screen.err
    assert [line.split() for line in screen.out.splitlines()] == [
        ["x", "float32", "[batch,", "width,", "3]"],
        ["y", "float32", "[batch,", "2]"],
        ["z", "float32", "[batch,", "2]"],
    ]


def test_an_exporters_note_stands_beside_its_size(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    assert "nodes, opset 20; weights as they are\n" in convert(toy_file(), "-O", "exporters=noted").err
    assert graph.is_file()


def test_without_an_output_the_graph_lies_beside_the_source(toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path]) -> None:
    del toy
    source = toy_file("somewhere/model.toy")
    assert command("convert", source, "--quiet").code == 0
    assert names(source.parent) == ["model.onnx", "model.toy"]


@pytest.mark.parametrize("exporter", ["biased", "baked", "nan", "swapped"])
@pytest.mark.parametrize("earlier", [None, EARLIER], ids=["new", "replacing"])
def test_a_graph_that_disagrees_is_not_published(
    convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path, exporter: str, earlier: bytes | None
) -> None:
    if earlier is not None:
        graph.write_bytes(earlier)
    screen = convert(toy_file(), "-O", f"exporters={exporter}")
    assert screen.code == 1
    assert "rejected: " in screen.err
    assert "error: no exporter's graph agrees with the model; the destination was left as it was" in screen.err
    assert "hint: --keep-rejected writes the graph as *.rejected.onnx, with its cases, for a look" in screen.err
    assert screen.out == ""
    assert names(graph.parent) == ([] if earlier is None else ["model.onnx"])
    assert earlier is None or graph.read_bytes() == earlier


@pytest.mark.parametrize(
    ("exporter", "diagnosis"),
    [
        ("biased", "output y"),
        ("baked", "axis width is baked in: right at width 7"),
        ("nan", "NaN"),
        ("swapped", "swapped"),
    ],
)
def test_the_rejection_says_what_is_wrong(
    convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path, exporter: str, diagnosis: str
) -> None:
    del graph
    assert diagnosis in convert(toy_file(), "-O", f"exporters={exporter}").err


def test_the_second_exporter_is_published_after_the_first_was_rejected(
    convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path
) -> None:
    screen = convert(toy_file(), "-O", "exporters=baked,right")
    assert screen.code == 0
    assert "rejected: axis width is baked in" in screen.err
    assert "10 of 10 cases agree" in screen.err
    assert json.loads(converter.Session(graph, device="cpu").metadata["converter.sizes"]) == {"batch": [1, 2, 5, 17], "width": [1, 2, 7, 23]}


def test_exporter_tries_that_one_only(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    screen = convert(toy_file(), "-O", "exporters=right,baked", "--exporter", "baked")
    assert screen.code == 1
    assert "  right" not in screen.err
    assert not graph.exists()


def test_keep_rejected_writes_the_graph_and_its_cases(
    convert: Callable[..., Any], command: Callable[..., Any], toy_file: Callable[..., Path], graph: Path
) -> None:
    graph.write_bytes(EARLIER)
    screen = convert(toy_file(), "-O", "exporters=biased", "--keep-rejected")
    assert screen.code == 1
    assert names(graph.parent) == ["model.onnx", "model.rejected.cases", "model.rejected.onnx"]
    assert graph.read_bytes() == EARLIER
    rejected = graph.with_name("model.rejected.onnx")
    assert f"hint: the graph is kept as {rejected}" in screen.err
    again = command("validate", rejected, "--cases", graph.with_name("model.rejected.cases"))
    assert again.code == 1
    assert "output y" in again.out


def test_cases_are_recorded_on_demand(
    convert: Callable[..., Any], command: Callable[..., Any], toy_file: Callable[..., Path], graph: Path, tmp_path: Path
) -> None:
    assert convert(toy_file(), "--cases", tmp_path / "cases", "--seeds", "1").code == 0
    assert len(list((tmp_path / "cases").glob("test_data_set_*"))) == 8
    assert command("validate", graph, "--cases", tmp_path / "cases", "--quiet").code == 0


def test_a_live_tolerance_decides(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    assert convert(toy_file(), "-O", "exporters=biased", "--atol", "0.01", "--quiet").code == 0
    assert graph.is_file()


def test_inputs_narrow_the_axes(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    """The toy ignores what it is told, as a model that knows its inputs may; the text is read all the same."""
    assert convert(toy_file(), "--input", "x:float32[batch,width=2..9,3]", "--quiet").code == 0
    assert graph.is_file()


def test_data_are_the_first_case(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path, tmp_path: Path) -> None:
    del graph
    np.savez(tmp_path / "samples.npz", x=np.ones((3, 4, 3), np.float32))
    screen = convert(toy_file(), "--data", tmp_path / "samples.npz", "--json")
    assert screen.code == 0
    assert json.loads(screen.out)["cases"][0] == {"name": "case 0", "origin": "samples.npz", "sizes": {"batch": 3, "width": 4}}


# What is printed


def test_quiet_prints_nothing_unless_it_fails(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    del graph
    screen = convert(toy_file(), "--quiet")
    assert (screen.code, screen.out, screen.err) == (0, "", "")
    failed = convert(toy_file(), "--quiet", "-O", "exporters=raise")
    assert (failed.code, failed.out) == (3, "")
    assert failed.err.startswith("error: toy, exporter raise: RuntimeError: the toy broke\n")


def test_json_and_report_are_the_same_document(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path, tmp_path: Path) -> None:
    screen = convert(toy_file(), "--json", "--report", tmp_path / "reports" / "report.json", "-O", "exporters=raise,nan,right")
    document = json.loads(screen.out, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert document == json.loads((tmp_path / "reports" / "report.json").read_text())
    assert document.keys() == KEYS
    assert (document["source"], document["framework"], document["agrees"]) == ("model.toy", "toy", True)
    assert (document["published"], document["rejected"], document["cases_left_out"]) == (str(graph), None, 0)
    first, second, third = document["attempts"]
    assert first["error"] == {
        "kind": "ExportError",
        "message": "toy, exporter raise: RuntimeError: the toy broke",
        "hint": first["error"]["hint"],
    }
    assert (second["agrees"], second["error"], third["agrees"]) == (False, None, True)
    assert "NaN" in second["diagnosis"]
    assert third["graph"]["outputs"] == {"y": ["float32", ["batch", 2]], "z": ["float32", ["batch", 2]]}
    assert {"case", "output", "agrees", "max_abs"} <= third["agreements"][0].keys()
    assert [each["name"] for each in document["model"]["inputs"]] == ["x"]
    assert {"load", "record", "export right", "validate right"} <= document["seconds"].keys()


def test_a_rejection_is_json_too(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    del graph
    screen = convert(toy_file(), "--json", "-O", "exporters=nan")
    document = json.loads(screen.out, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert (screen.code, document["agrees"], document["published"]) == (1, False, None)


def test_table_shows_every_case(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    del graph
    lines = convert(toy_file(), "--table").out.splitlines()
    assert lines[0].split() == ["case", "from", "batch", "width", "output", "max", "abs", "max", "rel", "ulp", "result"]
    assert {line.split()[0] for line in lines[1 : lines.index("")]} == {str(number) for number in range(10)}


def test_debug_shows_the_plugins_traceback(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    del graph
    plain = convert(toy_file(does="raise in load"))
    assert plain.code == 3
    assert "error: toy, load: RuntimeError: the toy broke\nhint: --debug shows the traceback\n" in plain.err
    assert "Traceback" not in plain.err
    debug = convert(toy_file(does="raise in load"), "--debug")
    assert 'raise RuntimeError("the toy broke")' in debug.err
    assert "converter_toy.py" in debug.err
    assert "error: toy, load: RuntimeError: the toy broke" in debug.err


def test_an_exporters_traceback_is_shown_by_debug(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    del graph
    debug = convert(toy_file(), "--debug", "-O", "exporters=raise")
    assert debug.code == 3
    assert 'raise RuntimeError("the toy broke")' in debug.err


# Several sources


def test_several_sources_go_to_a_folder_with_a_summary(toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path) -> None:
    del toy
    sources = toy_file("one.toy"), toy_file("two.toy", does="raise in load"), toy_file("three.toy")
    screen = command("convert", *sources, "-o", tmp_path / "graphs")
    assert screen.code == 3
    assert names(tmp_path / "graphs") == ["one.onnx", "three.onnx"]
    rows = [line.split()[:3] for line in screen.out.splitlines()]
    assert rows[:3] == [["one.toy", "toy", "agrees"], ["two.toy", "cannot", "toy,"], ["three.toy", "toy", "agrees"]]
    assert screen.out.splitlines()[-1] == f"2 of 3 converted · {tmp_path / 'graphs'}"
    assert "error: toy, load: RuntimeError: the toy broke" in screen.err


def test_the_worst_exit_code_wins(toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path) -> None:
    del toy
    good, missing = toy_file("good.toy"), tmp_path / "missing.toy"
    disagreeing = command("convert", good, toy_file("other.toy"), "-o", tmp_path / "out", "-O", "exporters=biased")
    assert disagreeing.code == 1
    assert "0 of 2 converted" in disagreeing.out
    failing = command("convert", missing, good, "-o", tmp_path / "out", "-O", "exporters=biased")
    assert failing.code == 3
    assert f"error: {missing} does not exist" in failing.err


def test_sources_of_one_stem_get_names_of_their_own(toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path) -> None:
    del toy
    sources = toy_file("a/model.toy"), toy_file("b/model.toy", bias=[1.0, 1.0]), toy_file("c/other.toy")
    screen = command("convert", *sources, "-o", f"{tmp_path}/out/", "--quiet")
    assert screen.code == 0
    graphs = sorted((tmp_path / "out").glob("*.onnx"))
    assert [each.name for each in graphs] == ["a-model.toy.onnx", "b-model.toy.onnx", "other.onnx"]
    answers = {float(converter.Session(each, device="cpu").run({"x": np.zeros((1, 1, 3), np.float32)})["y"][0, 0]) for each in graphs}
    assert {round(each, 3) for each in answers} == {0.1, 1.0}


def test_several_reports_are_one_json_list(toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path) -> None:
    del toy
    words = ["-o", tmp_path / "out", "--json", "--report", tmp_path / "report.json"]
    screen = command("convert", toy_file("one.toy"), toy_file("two.toy"), *words)
    documents = json.loads(screen.out)
    assert [each["source"] for each in documents] == ["one.toy", "two.toy"]
    assert json.loads((tmp_path / "report.json").read_text()) == documents


def test_several_sources_want_a_folder(toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path) -> None:
    del toy
    sources = toy_file("one.toy"), toy_file("two.toy")
    screen = command("convert", *sources)
    assert screen.code == 2
    assert screen.err == "error: 2 sources want a folder\nhint: -o out/\n"
    (tmp_path / "file").write_text("")
    screen = command("convert", *sources, "-o", tmp_path / "file")
    assert screen.code == 2
    assert screen.err == f"error: {tmp_path / 'file'} is a file, and 2 sources want a folder\nhint: -o out/\n"


# What a user can get wrong


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (["--exporter", "write"], 2, "there is no exporter for this model 'write'", "known: right"),
        (["-O", "colour=red"], 2, "there is no option of toy 'colour'", "known: exporters, scale, negate, flavour"),
        (["-O", "scale=much"], 2, "option scale is a whole number, not 'much'", "-O scale=1"),
        (["-O", "negate=perhaps"], 2, "option negate is true or false, not 'perhaps'", "-O negate=true"),
        (["-O", "flavour=sweet"], 2, "option flavour cannot be 'sweet'", "one of: plain, salted"),
        (["--framework", "caffe"], 2, "there is no framework 'caffe'", "known: "),
        (["--input", "x float32"], 2, "cannot read the input 'x float32': it is not NAME:DTYPE[DIMS]", "--input 'images:float32[batch,3,224,"),
        (["--input", "x:float31[2]"], 2, "input 'x': unknown dtype 'float31'", "one of: bool, int8"),
        (["--input", "x:float32[a=9..3]"], 2, "cannot read the dim 'a=9..3'", "a=16..512"),
        (["--memory", "much"], 2, "'much' is no amount of memory", "8GB, 512MiB, or a number of bytes"),
        (["--device", "tpu"], 2, "there is no device 'tpu'", "known: auto, cpu, cuda, cuda:1, tensorrt"),
        (["--data", "no.npz"], 3, "no.npz does not exist", "check the path or the pattern"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_word_is_named_with_a_hint(
    convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path, words: list[str], code: int, message: str, hint: str
) -> None:
    screen = convert(toy_file(), *words)
    assert screen.code == code
    error, shown = screen.err.splitlines()[-2:]
    assert error.startswith("error: ")
    assert message in error
    assert shown.startswith("hint: ")
    assert hint in shown
    assert names(graph.parent) == []


def test_a_missing_file_is_named(convert: Callable[..., Any], graph: Path, tmp_path: Path) -> None:
    screen = convert(tmp_path / "missing.toy")
    assert screen.code == 3
    assert (
        f"error: {tmp_path / 'missing.toy'} does not exist\nhint: check the path; a Python object is named package.module:attribute\n" in screen.err
    )
    assert names(graph.parent) == []


def test_an_empty_file_is_named(convert: Callable[..., Any], graph: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.toy").touch()
    screen = convert(tmp_path / "empty.toy")
    assert screen.code == 3
    assert f"error: {tmp_path / 'empty.toy'} is empty\nhint: the file was not written to its end, or is the wrong one\n" in screen.err
    assert names(graph.parent) == []


def test_a_file_of_no_framework_is_named(convert: Callable[..., Any], graph: Path, tmp_path: Path) -> None:
    (tmp_path / "model.unheard").write_text("words")
    screen = convert(tmp_path / "model.unheard")
    assert screen.code == 3
    assert "error: no installed framework recognises model.unheard\nhint: installed: " in screen.err
    assert "converter plugins lists what each one reads" in screen.err
    assert names(graph.parent) == []


def test_text_that_calls_itself_a_checkpoint_is_refused(convert: Callable[..., Any], graph: Path, tmp_path: Path) -> None:
    if "torch" not in plugins.frameworks() or plugins.missing_packages(plugins.framework("torch")):
        pytest.skip("the torch plugin is not installed")
    (tmp_path / "model.pth").write_text("These are words, and no weights.\n" * 20)
    screen = convert(tmp_path / "model.pth")
    assert screen.code == 3
    assert "model.pth" in screen.err
    assert "hint: " in screen.err
    assert "Traceback" not in screen.err
    assert names(graph.parent) == []


def test_cuda_where_it_does_not_start_is_an_error_with_the_reason(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    if any(state.starts for state in survey_providers() if state.name.startswith("CUDA")):
        pytest.skip("CUDA starts here")
    screen = convert(toy_file(), "--device", "cuda")
    assert "record" not in screen.err, "it is refused before the work"
    assert screen.code == 3
    assert "error: device cuda cannot start: " in screen.err
    assert "hint: " in screen.err
    assert names(graph.parent) == []


def test_a_destination_that_is_a_file_in_the_way_is_named(
    toy: Any, command: Callable[..., Any], toy_file: Callable[..., Path], tmp_path: Path
) -> None:
    del toy
    (tmp_path / "file").write_text("")
    screen = command("convert", toy_file(), "-o", tmp_path / "file" / "model.onnx")
    assert screen.code == 3
    assert f"error: cannot write to {tmp_path / 'file'}: " in screen.err
    assert "hint: -o FILE names another place" in screen.err


def test_a_random_model_is_refused_with_that_word(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    screen = convert(toy_file(does="random"))
    assert screen.code == 3
    assert "error: the model is random or stateful: output 'y' differs between two runs on the same input" in screen.err
    assert "hint: dropout, sampling and kept states" in screen.err
    assert names(graph.parent) == []


def test_all_exporters_that_failed_are_named(convert: Callable[..., Any], toy_file: Callable[..., Path], graph: Path) -> None:
    screen = convert(toy_file(), "-O", "exporters=raise,silent,foreign")
    assert screen.code == 3
    assert "error: no exporter produced a graph" in screen.err
    assert "raise: toy, exporter raise: RuntimeError: the toy broke" in screen.err
    assert "silent: toy, exporter silent: it wrote no file" in screen.err
    assert "foreign: the graph has operators outside ONNX: toy.ops::Add" in screen.err
    assert names(graph.parent) == []
