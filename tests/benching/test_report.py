"""A report as JSON and as a plot, from samples made by hand."""

from __future__ import annotations

import importlib.util
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converter.benching import BenchReport, Goal
from converter.benching import plot as plotting
from converter.benching.calls import Contender
from converter.benching.machine import Machine
from converter.benching.plot import check_plot, draw
from converter.benching.report import Opponent, result
from converter.benching.sampling import Measured, Sample
from converter.benching.sizes import Choice
from converter.cli import bench_screen
from converter.errors import DestinationError, MissingPackage, UsageError

GOAL = Goal(seconds=5)
MACHINE = Machine("A processor", 4, "Linux x86_64", "3.12.1", {"onnx-converter": "0.1.0", "onnxruntime": "1.31.1"})


def turns(seconds: float, count: int = 40, calls: int = 10) -> Sample:
    return Sample.of([(seconds,) * calls] * count)


def report(*, late: bool = False) -> BenchReport:
    """Two batches; the bound loop is impossible, and the source too slow for percentiles."""
    contenders = [
        Contender("session.run", lambda _: []),
        Contender("session", lambda _: []),
        Contender("bound", None, "strings cannot be bound"),
        Contender("source", lambda _: []),
    ]
    results = []
    for batch in (1, 8):
        samples = {"session.run": turns(4e-3 * batch), "session": turns(2e-3 * batch), "source": turns(0.5 * batch, 10, 1)}
        measured = Measured(samples, 40, 3.5, not late)
        results.append(result({"batch": batch, "width": 100}, batch, contenders, measured, GOAL))
    choices = (Choice("batch", (1, 8), "as given"), Choice("width", (100,), "assumed"))
    opponent = Opponent("net.toy", "toy", "affine 3 to 2", {"openmp": 2})
    return BenchReport("net.onnx", "cpu", None, GOAL, MACHINE, choices, tuple(results), opponent)


def test_the_document_says_everything(as_json: Callable[[Any], Any]) -> None:
    document = as_json(report().to_json())
    assert list(document) == ["format", "graph", "settings", "machine", "source", "axes", "results"]
    assert (document["format"], document["graph"]) == (1, "net.onnx")
    assert document["settings"] == {"device": "cpu", "threads": None, "data": "", "seconds": 5, "within": 0.02, "confidence": 0.95}
    assert document["machine"]["packages"]["onnxruntime"] == "1.31.1"
    assert document["source"] == {"name": "net.toy", "framework": "toy", "summary": "affine 3 to 2", "threads": {"openmp": 2}}
    assert document["axes"]["width"] == {"sizes": [100], "why": "assumed"}
    second = document["results"][1]
    assert {name: second[name] for name in ("sizes", "items", "rounds", "seconds", "is_certain")} == {
        "sizes": {"batch": 8, "width": 100},
        "items": 8,
        "rounds": 40,
        "seconds": 3.5,
        "is_certain": True,
    }
    rows = {row["contender"]: row for row in second["rows"]}
    assert rows["session"] == {
        "contender": "session",
        "reason": "",
        "calls": 400,
        "turns": 40,
        "p50": 0.016,
        "p90": 0.016,
        "p99": 0.016,
        "half_width": 0.0,
        "throughput": 500.0,
        "ratio": 0.5,
    }
    assert (rows["bound"]["reason"], rows["bound"]["p50"], rows["bound"]["calls"]) == ("strings cannot be bound", None, 0)
    assert (rows["source"]["p50"], rows["source"]["p90"], rows["source"]["ratio"]) == (4.0, None, 125.0)


def test_the_widest_interval_speaks_for_a_result() -> None:
    uneven = Sample.of([(1.0 + turn / 10,) for turn in range(10)])
    rows = [Contender("session.run", lambda _: []), Contender("session", lambda _: []), Contender("bound", None, "no")]
    wide = result({}, 1, rows, Measured({"session.run": turns(1.0), "session": uneven}, 10, 1.0, is_certain=False), GOAL)
    assert wide.half_width == pytest.approx((1.8 - 1.1) / 2 / 1.45)
    few = result({}, 1, rows, Measured({"session.run": turns(1.0, 5), "session": uneven}, 10, 1.0, is_certain=False), GOAL)
    assert few.half_width is None


def test_without_the_yardstick_there_are_no_ratios() -> None:
    rows = [Contender("session.run", None, "refused"), Contender("session", lambda _: [])]
    only = result({}, 1, rows, Measured({"session": turns(1.0)}, 10, 1.0, is_certain=True), GOAL)
    assert [row.ratio for row in only.rows] == [None, None]


def test_the_table() -> None:
    assert bench_screen.table(report()).splitlines() == [
        "  batch  contender        p50      p90      p99  ± p50  items/s  × session.run",
        "  1      session.run  4.00 ms  4.00 ms  4.00 ms  0.0 %      250           1.00",
        "         session      2.00 ms  2.00 ms  2.00 ms  0.0 %      500           0.50",
        "         bound              –        –        –      –        –              –",
        "         source        500 ms        –        –  0.0 %     2.00         125.00",
        "  8      session.run  32.0 ms  32.0 ms  32.0 ms  0.0 %      250           1.00",
        "         session      16.0 ms  16.0 ms  16.0 ms  0.0 %      500           0.50",
        "         bound              –        –        –      –        –              –",
        "         source        4.00 s        –        –  0.0 %     2.00         125.00",
    ]


def test_what_stands_above_and_below_it() -> None:
    assert bench_screen.head(report()).splitlines() == [
        "  graph     net.onnx on cpu",
        "  source    net.toy, toy: affine 3 to 2",
        "  threads   as ONNX Runtime chooses; the source's: openmp 2",
        "  machine   A processor, 4 cores, Linux x86_64, Python 3.12.1",
        "  packages  onnx-converter 0.1.0, onnxruntime 1.31.1",
        "  width     100, assumed",
    ]
    assert list(bench_screen.remarks(report())) == [
        "  every median is known to ±2 % at 95 % confidence",
        "  bound was not measured: strings cannot be bound",
        "  told from so many calls on: p90 36, p99 368",
    ]
    assert next(bench_screen.remarks(report(late=True))) == (
        "  the time was up before every median was known to ±2 % at 95 % confidence, at batch 1, width 100; batch 8, width 100; --seconds gives more"
    )


def test_a_terminal_gets_the_same_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    bench_screen.print_table(report())
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in shown if line and "─" not in line] == [" ".join(line.split()) for line in bench_screen.table(report()).splitlines()]


DRAWS = pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed")


@DRAWS
def test_a_png_is_one(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    draw(report(), tmp_path / "bench.png")
    with image.open(tmp_path / "bench.png") as picture:
        picture.load()
        assert picture.format == "PNG"
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 50


@DRAWS
def test_an_svg_is_one_names_the_contenders_and_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("first.svg", "second.svg"):
        draw(report(), tmp_path / name)
    text = (tmp_path / "first.svg").read_text()
    assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert text == (tmp_path / "second.svg").read_text()
    for words in ("session.run", "source", "net.onnx on cpu", "batch", "items a second"):
        assert f"<!-- {words}" in text


@DRAWS
def test_drawing_leaves_pyplot_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    draw(report(), tmp_path / "bench.png")
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize("name", ["bench.pdf", "bench", "bench.png.txt"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_plot(tmp_path / name)
    assert caught.value.message == f"a plot is written as .png or .svg, not to {name}"
    assert caught.value.hint == f"--plot {(tmp_path / name).with_suffix('.svg')}"


@DRAWS
def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plots.svg").mkdir()
    with pytest.raises(DestinationError) as caught:
        check_plot(tmp_path / "plots.svg")
    assert (caught.value.message, caught.value.hint) == (f"{tmp_path / 'plots.svg'} is a folder", "name a file: --plot bench.svg")


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(plotting.importlib.util, "find_spec", lambda name: None if name == "matplotlib" else found(name))
    with pytest.raises(MissingPackage) as caught:
        check_plot(tmp_path / "bench.PNG")
    assert caught.value.message == "matplotlib is needed to draw bench.PNG, and it is not installed"
    assert caught.value.hint == "pip install 'onnx-converter[plot]'"
