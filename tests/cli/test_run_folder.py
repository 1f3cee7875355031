"""`converter run … -o FOLDER/`: a file for each source, whatever becomes of the others, and a rerun that does what is missing."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet
import pytest

from converter.cli.files import replacing

MATRIX = "g (float[N, 2] x) => (float[N, 2] y) { y = Neg(x) }"
SCRIPT = Path(sys.executable).with_name("converter")
STANDING_STILL = """
import os, sys, time
from pathlib import Path

rename, done = os.replace, []

def replace(old, new):
    if Path(new).suffix == ".parquet":
        done.append(new)
        if len(done) == int(os.environ["STOP_AT"]):
            if os.environ["STOP"] == "after":
                rename(old, new)
            Path(os.environ["STANDS"]).touch()
            time.sleep(600)
    rename(old, new)

os.replace = replace
from converter.cli import main
main()
"""


@pytest.fixture
def matrix(graph_file: Callable[[Path, str], Path], tmp_path: Path) -> Path:
    """A graph of one matrix."""
    return graph_file(tmp_path / "matrix.onnx", MATRIX)


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A folder of four tables."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(4):
        pyarrow.parquet.write_table(pa.table({"a": np.arange(5.0) + number, "b": np.zeros(5)}), folder / f"part-{number}.parquet")
    return folder


def verdicts(screen: Any) -> dict[str, str]:
    """What the screen says of each source."""
    return {Path(line.split()[0]).name: line.split()[1] for line in screen.out.splitlines()[:-1]}


def visible(folder: Path) -> list[str]:
    """The files that a user sees."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def answers(path: Path) -> list[list[float]]:
    """The rows of a file of answers."""
    return list(pyarrow.parquet.read_table(path)["y"].to_pylist())


NAMES = [f"part-{number}.parquet" for number in range(4)]


def test_a_file_for_each_source_and_none_twice(matrix: Path, parts: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    screen = command("run", matrix, parts, "-o", f"{out}/")
    assert (screen.code, screen.err) == (0, "")
    assert verdicts(screen) == dict.fromkeys(NAMES, "written")
    assert screen.out.endswith(f"4 of 4 are there · {out}\n")
    assert visible(out) == NAMES
    assert answers(out / NAMES[3])[0] == [-3.0, 0.0]
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.parquet")}
    assert verdicts(command("run", matrix, parts, "-o", out)) == dict.fromkeys(NAMES, "there")
    assert {path: path.stat().st_mtime_ns for path in out.glob("*.parquet")} == before
    assert verdicts(command("run", matrix, parts, "-o", out, "--again")) == dict.fromkeys(NAMES, "written")
    assert all(path.stat().st_mtime_ns > time for path, time in before.items())


def test_what_changed_is_done_again(matrix: Path, parts: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = ("run", matrix, parts, "-o", f"{out}/")
    command(*run)
    pyarrow.parquet.write_table(pa.table({"a": [9.0], "b": [9.0]}), parts / NAMES[0])  # another input
    (out / NAMES[1]).unlink()  # an output gone
    (out / NAMES[2]).write_bytes(b"replaced")  # an output that is not ours
    assert list(verdicts(command(*run)).values()) == ["written", "written", "written", "there"]
    assert answers(out / NAMES[0]) == [[-9.0, -9.0]]
    (out / ".converter" / f"{NAMES[3]}.json").write_text("{")  # a record that cannot be read
    assert list(verdicts(command(*run)).values()) == ["there", "there", "there", "written"]
    assert set(verdicts(command(*run, "--keep", "a", "--columns", "x=b,a")).values()) == {"written"}  # another request
    assert set(verdicts(command(*run, "--batch-size", "2", "--keep", "a", "--columns", "x=b,a")).values()) == {"there"}  # the same rows
    model = onnx.load(matrix)
    model.graph.node[0].op_type = "Abs"
    onnx.save(model, matrix)
    assert set(verdicts(command(*run)).values()) == {"written"}  # another graph
    assert answers(out / NAMES[0]) == [[9.0, 9.0]]


def test_another_constant_is_another_request(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_file(tmp_path / "g.onnx", "g (float[N] x, float by) => (float[N] y) { y = Mul(x, by) }")
    (tmp_path / "t.csv").write_text("x\n2\n")
    for factor, wanted in ((3, "written"), (3, "there"), (4, "written")):
        np.save(tmp_path / "by.npy", np.float32(factor))
        screen = command("run", graph, tmp_path / "t.csv", "--input", f"by={tmp_path / 'by.npy'}", "-o", f"{tmp_path}/out/")
        assert verdicts(screen) == {"t.csv": wanted}
        assert (tmp_path / "out" / "t.csv").read_text() == f'"y"\n{2 * factor}\n'


def test_one_that_fails_stops_no_other(matrix: Path, parts: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    (parts / NAMES[1]).write_bytes(b"PAR1 broken")
    pyarrow.parquet.write_table(pa.table({"a": ["one"], "b": [1.0]}), parts / NAMES[2])
    screen = command("run", matrix, parts, "-o", f"{tmp_path}/out/")
    assert screen.code == 3
    assert list(verdicts(screen).values()) == ["written", "cannot", "cannot", "written"]
    assert f"  {parts / NAMES[1]}\nerror: {parts / NAMES[1]} cannot be read as a table: " in screen.err
    assert f"  {parts / NAMES[2]}\nerror: input 'x': column 'a' holds string\nhint: the input takes float32; " in screen.err
    assert screen.out.endswith(f"2 of 4 are there · {tmp_path}/out\n")
    assert visible(tmp_path / "out") == [NAMES[0], NAMES[3]]
    assert "Traceback" not in screen.err


def test_sources_of_one_name_and_other_formats(matrix: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "t.csv").write_text("a,b\n1,2\n")
    np.save(tmp_path / "x.npy", np.ones((1, 2), np.float32))
    sources = [tmp_path / "one", tmp_path / "two", tmp_path / "x.npy"]
    assert command("run", matrix, *sources, "-o", f"{tmp_path}/out/", "--quiet").out == ""
    assert visible(tmp_path / "out") == ["one-t.csv.csv", "two-t.csv.csv", "x.npz"]
    assert command("run", matrix, *sources, "-o", f"{tmp_path}/jsonl/", "--to", "jsonl").code == 0
    assert (tmp_path / "jsonl" / "x.jsonl").read_text() == '{"y": [-1, -1]}\n'


def test_folders_that_cannot_be(matrix: Path, parts: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    screen = command("run", matrix, parts, "-o", f"{parts}/")
    assert screen.code == 2
    assert screen.err == f"error: {parts / NAMES[0]} would replace the data that it is made of\nhint: -o another name or folder\n"
    (tmp_path / "file").write_text("mine")
    screen = command("run", matrix, parts, "-o", f"{tmp_path}/file/")
    assert (screen.code, screen.err) == (3, f"error: {tmp_path}/file is a file, and a folder was meant\nhint: -o another/\n")
    screen = command("run", matrix, "--input", "x=[[1, 2]]", "-o", f"{tmp_path}/out/")
    assert (screen.code, screen.err) == (2, "error: --input has no name that a file of the folder could take\nhint: -o FILE\n")


# However it ends


@pytest.fixture
def standing(matrix: Path, parts: Path, until: Callable[..., None], tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Start a run that stands still before or after the rename of its third file."""
    started: list[subprocess.Popen[bytes]] = []

    def start(stop: str) -> subprocess.Popen[bytes]:
        stands = tmp_path / "stands"
        environment = {**os.environ, "STOP": stop, "STOP_AT": "3", "STANDS": str(stands)}
        command = [sys.executable, "-c", STANDING_STILL, "run", matrix, parts, "-o", f"{tmp_path}/out/", "--device", "cpu"]
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
        until(lambda: stands.exists() or started[-1].poll() is not None, 60)
        assert started[-1].poll() is None
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("stop", ["before", "after"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_leaves_whole_files_and_the_next_does_what_is_missing(
    matrix: Path, parts: Path, command: Callable[..., Any], standing: Callable[[str], Any], tmp_path: Path, stop: str, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    process = standing(stop)
    process.send_signal(number)
    assert process.wait(30) == -number
    assert visible(out) == NAMES[: 2 if stop == "before" else 3]
    assert len(list(out.glob(".*.part.parquet"))) == (1 if stop == "before" else 0)
    kept = {name: (out / name).stat().st_mtime_ns for name in NAMES[:2]}
    screen = command("run", matrix, parts, "-o", f"{out}/")
    assert (screen.code, screen.err) == (0, "")
    assert list(verdicts(screen).values()) == ["there", "there", "written", "written"]
    assert {name: (out / name).stat().st_mtime_ns for name in NAMES[:2]} == kept
    assert sorted(path.name for path in out.iterdir()) == [".converter", *NAMES]
    assert [answers(out / name)[0] for name in NAMES] == [[-float(place), 0.0] for place in range(4)]


def test_what_a_living_run_writes_is_left_alone(
    matrix: Path, parts: Path, command: Callable[..., Any], standing: Callable[[str], Any], tmp_path: Path
) -> None:
    standing("before")
    (half,) = (tmp_path / "out").glob(".*.part.parquet")
    assert command("run", matrix, parts, "-o", f"{tmp_path}/out/").code == 0
    assert half.exists()
    assert visible(tmp_path / "out") == NAMES


def test_a_file_that_is_there_without_its_record_is_done_again(matrix: Path, parts: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    command("run", matrix, parts, "-o", f"{tmp_path}/out/")
    record = tmp_path / "out" / ".converter" / f"{NAMES[0]}.json"
    assert json.loads(record.read_text())["inputs"][0]["path"] == str(parts / NAMES[0])
    record.unlink()
    assert list(verdicts(command("run", matrix, parts, "-o", f"{tmp_path}/out/")).values()) == ["written", "there", "there", "there"]


def test_left_overs_of_others_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / ".a.csv.mine.csv").write_text("mine")
    (tmp_path / ".a.csv.gone.part.csv").write_text("left by a process that is gone")
    with replacing(tmp_path / "a.csv") as beside, replacing(tmp_path / "a.csv") as other:
        assert beside != other
        beside.write_text("new")
        other.write_text("newer")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.csv.mine.csv", "a.csv"]


def test_a_terminal_shows_how_far_it_is(matrix: Path, parts: Path, tmp_path: Path) -> None:
    reader, writer = pty.openpty()
    command = [SCRIPT, "run", matrix, parts, "-o", f"{tmp_path}/out/", "--batch-size", "1"]
    with subprocess.Popen(command, stderr=writer, stdout=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm", "COLUMNS": "200"}) as process:
        os.close(writer)
        shown = b""
        try:
            while chunk := os.read(reader, 4096):
                shown += chunk
        except OSError:  # the end of a pseudo-terminal is an error on Linux
            pass
    os.close(reader)
    assert process.returncode == 0
    text = shown.decode()
    assert "100%" in text
    assert "20 rows, " in text
    assert "/s" in text
    piped = subprocess.run([*command, "--again"], capture_output=True, text=True, check=True)
    assert piped.stderr == ""
