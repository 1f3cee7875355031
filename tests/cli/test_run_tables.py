"""`converter run` on tables, folders of arrays and pipes: columns in by name, rows out, a batch in memory at a time."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from onnx import numpy_helper

from converter import cli
from converter.ctc import CtcAlphabet
from converter.images import ImagePreparation

SCRIPT = Path(sys.executable).with_name("converter")
MATRIX = """
g (float[N, 2] x) => (float[N, 2] y, int64[N] sign)
{
  y = Neg(x)
  last = Constant<value_ints = [1]>()
  sum = ReduceSum<keepdims = 0>(x, last)
  positive = Sign(sum)
  sign = Cast<to = 7>(positive)
}
"""
TOWNS = "g (string[N] town, int64[N] n) => (string[N] where, int64[N] m) { where = Identity(town)\n m = Neg(n) }"
ROWS = [{"id": "007", "a": 1.0, "b": 2.5}, {"id": "b,c", "a": -3.0, "b": 0.5}, {"id": "", "a": 0.0, "b": 0.0}]
ANSWERS = [
    {"id": "007", "y": [-1.0, -2.5], "sign": 1},
    {"id": "b,c", "y": [3.0, -0.5], "sign": -1},
    {"id": "", "y": [0.0, 0.0], "sign": 0},
]


@pytest.fixture
def matrix(graph_file: Callable[[Path, str], Path], tmp_path: Path) -> Path:
    """A graph of one matrix."""
    return graph_file(tmp_path / "matrix.onnx", MATRIX)


@pytest.fixture
def towns(graph_file: Callable[[Path, str], Path], tmp_path: Path) -> Path:
    """A graph of text and whole numbers."""
    return graph_file(tmp_path / "towns.onnx", TOWNS)


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., tuple[int, bytes, str]]:
    """Run a command with bytes on stdin: piped(b"…", "run", …) gives the exit code, stdout's bytes and stderr."""

    def run(given: bytes, *words: str | Path) -> tuple[int, bytes, str]:
        monkeypatch.setattr(sys, "argv", ["converter", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(given))))  # type: ignore[arg-type]
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capfdbinary.readouterr()
        return int(left.value.code or 0), out, err.decode()

    return run


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows in the format that the suffix says."""
    table = pa.Table.from_pylist(rows)
    if path.suffix == ".csv":
        path.write_text("id,a,b\n" + "".join(f'"{row["id"]}",{row["a"]},{row["b"]}\n' for row in rows))
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        pyarrow.parquet.write_table(table, path, row_group_size=2)
    elif path.suffix == ".feather":
        pyarrow.feather.write_feather(table, path)
    else:
        with pa.ipc.new_stream(path, table.schema) as stream:
            stream.write_table(table, 2)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    """Read rows of any format; CSV's numbered columns as lists again."""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    if path.suffix == ".csv":
        options = pyarrow.csv.ConvertOptions(column_types={"id": pa.string()})
        rows = pyarrow.csv.read_csv(path, convert_options=options).to_pylist()
        return [{"id": row["id"], "y": [row["y_0"], row["y_1"]], "sign": row["sign"]} for row in rows]
    if path.suffix == ".npz":
        with np.load(path) as found:
            return [{name: found[name][at].tolist() for name in found.files} for at in range(len(found["id"]))]
    table = pyarrow.parquet.read_table(path) if path.suffix == ".parquet" else pyarrow.feather.read_table(path)
    return list(table.to_pylist())


SUFFIXES = [".csv", ".jsonl", ".parquet", ".feather", ".arrow"]


@pytest.mark.parametrize("size", [None, 1, 2, 100])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_table_is_read_in_any_batches(matrix: Path, command: Callable[..., Any], tmp_path: Path, suffix: str, size: int | None) -> None:
    table = write(tmp_path / f"in{suffix}", ROWS)
    batches = [] if size is None else ["--batch-size", str(size)]
    screen = command("run", matrix, table, "--keep", "id", "-o", tmp_path / "out.parquet", *batches)
    assert (screen.code, screen.out, screen.err) == (0, "", "")
    assert read(tmp_path / "out.parquet") == ANSWERS


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".npz"])
def test_every_table_is_written(matrix: Path, command: Callable[..., Any], tmp_path: Path, suffix: str) -> None:
    table = write(tmp_path / "in.parquet", ROWS)
    out = tmp_path / "new" / f"out{suffix}"
    screen = command("run", matrix, table, "--keep", "id", "-o", out, "--batch-size", 2)
    assert (screen.code, screen.out, screen.err) == (0, "", "")
    assert read(out) == ANSWERS
    assert [path.name for path in out.parent.iterdir()] == [out.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_without_rows_has_its_columns_all_the_same(matrix: Path, command: Callable[..., Any], tmp_path: Path, suffix: str) -> None:
    table = write(tmp_path / f"in{suffix}", ROWS)
    if suffix == ".jsonl":
        table.write_text("")
        screen = command("run", matrix, table, "-o", tmp_path / "out.parquet")
        assert (screen.code, "in.jsonl cannot be read as a table: it is empty" in screen.err) == (3, True)
        return
    if suffix == ".csv":
        table.write_text("id,a,b\n")
    elif suffix == ".arrow":
        with pa.ipc.new_stream(table, pa.schema([("id", pa.string()), ("a", pa.float64()), ("b", pa.float64())])):
            pass
    else:
        empty = pa.Table.from_pylist(ROWS).slice(0, 0)
        pyarrow.parquet.write_table(empty, table) if suffix == ".parquet" else pyarrow.feather.write_feather(empty, table)
    assert command("run", matrix, table, "--keep", "id", "-o", tmp_path / "out.parquet").code == 0
    found = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert (len(found), found.schema.names) == (0, ["id", "y", "sign"])
    assert found.schema.field("y").type == pa.list_(pa.float32())


def test_several_tables_make_one(matrix: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path / "1.csv", ROWS[:1])
    (tmp_path / "more").mkdir()
    write(tmp_path / "more" / "2.parquet", ROWS[1:2])
    write(tmp_path / "more" / "3.jsonl", ROWS[2:])
    (tmp_path / "more" / "_notes.csv").write_text("not data")
    (tmp_path / "more" / "readme.txt").write_text("not data")
    screen = command("run", matrix, f"{tmp_path}/*.csv", "--data", tmp_path / "more", "--keep", "id", "-o", tmp_path / "out.jsonl")
    assert (screen.code, screen.err) == (0, "")
    assert read(tmp_path / "out.jsonl") == ANSWERS


def test_large_tables_come_in_many_batches(matrix: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("converter.rows.tables.TEXT_BYTES", 4096)
    monkeypatch.setattr("converter.rows.writers.GROUP_ROWS", 300)
    rows = [{"id": f"{at}", "a": at / 4, "b": 1.0} for at in range(2000)]
    for suffix in (".csv", ".jsonl"):
        write(tmp_path / f"in{suffix}", rows)
        assert command("run", matrix, tmp_path / f"in{suffix}", "--keep", "id", "-o", tmp_path / "out.parquet").code == 0
        found = pyarrow.parquet.ParquetFile(tmp_path / "out.parquet")
        assert found.metadata.num_row_groups > 1
        assert found.read().to_pylist() == [{"id": row["id"], "y": [-row["a"], -1.0], "sign": 1} for row in rows]
        found.close()


def test_whole_numbers_at_the_top_of_a_csv_decide_nothing(
    matrix: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("converter.rows.tables.TEXT_BYTES", 64)
    (tmp_path / "in.csv").write_text("a,b\n" + "1,2\n" * 100 + "0.5,\n")
    assert command("run", matrix, tmp_path / "in.csv", "-o", tmp_path / "out.parquet").code == 0
    last = pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pylist()[-1]["y"]
    assert repr(last) == "[-0.5, nan]"


# Pipes


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".arrow"])
@pytest.mark.parametrize("said", [True, False])
def test_a_pipe_is_read(matrix: Path, piped: Callable[..., Any], tmp_path: Path, suffix: str, said: bool) -> None:  # noqa: FBT001
    given = write(tmp_path / f"in{suffix}", ROWS).read_bytes()
    options = ["--from", suffix[1:]] if said else []
    code, out, err = piped(given, "run", matrix, "-", "--keep", "id", "--to", "jsonl", *options)
    assert (code, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == ANSWERS


def test_a_table_is_printed_as_it_came(matrix: Path, piped: Callable[..., Any], tmp_path: Path) -> None:
    csv, jsonl = write(tmp_path / "in.csv", ROWS[:2]), write(tmp_path / "in.jsonl", ROWS[:2])
    assert piped(b"", "run", matrix, csv, "--keep", "id")[:2] == (0, b'"id","y_0","y_1","sign"\n"007",-1,-2.5,1\n"b,c",3,-0.5,-1\n')
    assert [json.loads(line) for line in piped(b"", "run", matrix, jsonl, "--keep", "id")[1].splitlines()] == ANSWERS[:2]
    code, out, _ = piped(b"", "run", matrix, csv, "--to", "arrow", "--keep", "id")
    assert code == 0
    assert pa.ipc.open_stream(out).read_all().to_pylist() == ANSWERS[:2]


def test_answers_are_read_again(matrix: Path, piped: Callable[..., Any], tmp_path: Path) -> None:
    once = piped(b"", "run", matrix, write(tmp_path / "in.csv", ROWS), "--columns", "x=a,b")[1]
    code, twice, err = piped(once, "run", matrix, "-", "--columns", "x=y_0,y_1", "--to", "jsonl")
    assert (code, err) == (0, "")
    assert [json.loads(line)["y"] for line in twice.splitlines()] == [[1.0, 2.5], [-3.0, 0.5], [0.0, 0.0]]


@pytest.mark.parametrize("given", [b"PAR1....", b"ARROW1\0\0", b"PK\x03\x04", b"\x93NUMPY"])
def test_a_pipe_of_what_is_no_stream(matrix: Path, piped: Callable[..., Any], given: bytes) -> None:
    code, out, err = piped(given, "run", matrix, "-")
    assert (code, out) == (2, b"")
    assert err == (
        "error: stdin holds a file that is read from its end or as a whole, not a stream\n"
        "hint: give the file's name, or CSV, an Arrow stream or JSON lines\n"
    )


def test_a_reader_that_has_seen_enough(matrix: Path, tmp_path: Path) -> None:
    write(tmp_path / "in.csv", ROWS * 20_000)
    done = subprocess.run(
        f"{SCRIPT} run {matrix} {tmp_path}/in.csv --columns x=a,b | head -2", shell=True, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ('"y_0","y_1","sign"\n-1,-2.5,1\n', "")


# Text, whole numbers, and what is missing


def test_text_and_whole_numbers(towns: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"town": ["Ulm", None], "n": [1, None]}), tmp_path / "in.parquet")
    screen = command("run", towns, tmp_path / "in.parquet", "--fill", "n=7", "-o", tmp_path / "out.npz")
    assert screen.code == 3
    assert screen.err == (
        "error: input 'town': column 'town' holds no value in row 1\n"
        "hint: the input takes string, which cannot say so; fill it in: fill={'town': ''}, or --fill town=''\n"
    )
    assert not (tmp_path / "out.npz").exists()
    assert command("run", towns, tmp_path / "in.parquet", "--fill", "n=7", "--fill", "town=", "-o", tmp_path / "out.npz").code == 0
    with np.load(tmp_path / "out.npz") as found:
        assert (found["where"].tolist(), found["m"].tolist()) == (["Ulm", ""], [-1, -7])


def test_inputs_beside_a_table_are_constants(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_file(tmp_path / "g.onnx", "g (float[N] x, float by) => (float[N] y) { y = Mul(x, by) }")
    (tmp_path / "in.csv").write_text("x\n1\n2\n")
    assert command("run", graph, tmp_path / "in.csv", "--input", "by=3", "-o", tmp_path / "out.jsonl").code == 0
    assert (tmp_path / "out.jsonl").read_text() == '{"y": 3}\n{"y": 6}\n'


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (["in.csv", "--keep", "z"], 2, "there is no column 'z' to keep", "the table has id, a, b"),
        (["in.csv", "--columns", "z=a"], 2, "there is no input 'z'", "the graph takes x float32 [N, 2]"),
        (["in.csv", "--columns", "x=a,c"], 3, "the table has no column 'c' for input 'x'", "its columns: id, a, b"),
        (["in.csv", "--columns", "x=id,b"], 3, "in.csv cannot be read as a table: In CSV column #0: ", "a .csv wants a header line, commas"),
        (["broken.parquet"], 3, "broken.parquet cannot be read as a table: ", "is the file complete, and is it what its name says?"),
        (["broken.arrow"], 3, "broken.arrow cannot be read as a table: ", "is the file complete"),
        (["broken.jsonl"], 3, "broken.jsonl cannot be read as a table: ", "JSON lines hold one object a line"),
        (["notes.txt"], 2, "notes.txt is of no kind that converter reads", "suffixes: .csv "),
        (["nothing"], 3, "nothing holds no file that converter reads", "suffixes: .csv "),
        (["missing.csv"], 3, "missing.csv does not exist", "check the path or the pattern"),
        (["in.csv", "--keep", "id", "--to", "parquet"], 2, "parquet is not written to a pipe", "-o FILE.parquet, or --to csv or arrow or jsonl"),
        (["in.csv", "--keep", "id", "-o", "in.csv"], 2, "in.csv would replace the data that it is made of", "-o another name or folder"),
        (["in.csv", "-o", "out.csv", "--to", "npz"], 2, "--to npz and -o out.csv do not agree", "the suffix says it: leave out --to"),
        (["in.csv", "-o", "out.onnx"], 2, "not to out.onnx", "-o out.npz"),
        (
            ["x.npy", "--keep", "id"],
            2,
            "x.npy has no columns, as --keep, --columns and --fill want",
            "they are for tables: csv, parquet, arrow, jsonl",
        ),
        (["x.npy", "--input", "x=[[1, 2]]"], 3, "input 'x' is in x.npy and in --input", "give it once"),
        (["ints.npy"], 3, "input 'x' wants float32, which cannot hold 16777217", "array.astype('float32') rounds it"),
    ],
)
def test_what_cannot_be_is_told(
    matrix: Path, piped: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], code: int, message: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("in.csv"), ROWS)
    np.save("x.npy", np.zeros((3, 2), np.float32))
    np.save("ints.npy", np.full((1, 2), 2**24 + 1))
    for suffix in ("parquet", "arrow", "jsonl"):
        Path(f"broken.{suffix}").write_bytes(b"{]\n")
    Path("notes.txt").touch()
    Path("nothing").mkdir()
    before = sorted(Path().iterdir())
    found, out, err = piped(b"", "run", matrix, *words)
    assert (found, out) == (code, b"")
    head, _, tail = err.partition("\nhint: ")
    assert head.startswith("error: ")
    assert message in head
    assert tail.startswith(hint)
    assert sorted(Path().iterdir()) == before


def test_columns_that_change_between_files(towns: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    for name, kept in (("1", 1), ("2", "a")):
        pyarrow.parquet.write_table(pa.table({"town": ["Ulm"], "n": [1], "id": [kept]}), tmp_path / f"{name}.parquet")
    screen = command("run", towns, f"{tmp_path}/?.parquet", "--keep", "id", "-o", tmp_path / "out.parquet")
    assert screen.code == 3
    assert "error: the columns change from batch to batch: pyarrow.Field<id: int64> before, then pyarrow.Field<id: string>" in screen.err
    assert "hint: one file has one schema: -o FOLDER/ writes a file for each input" in screen.err
    assert not (tmp_path / "out.parquet").exists()


def test_maps_and_ragged_lists_are_no_csv(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    text = 'g (float[N, 2] x) => (seq(map(string, float)) p) { p = ai.onnx.ml.ZipMap<classlabels_strings = ["no", "yes"]>(x) }'
    graph = graph_file(tmp_path / "g.onnx", f'<ir_version: 10, opset_import: ["" : 20, "ai.onnx.ml" : 3]> {text}')
    pyarrow.parquet.write_table(pa.table({"a": [0.25], "b": [0.75], "tags": [["x", "y"]]}), tmp_path / "in.parquet")
    columns = ["--columns", "x=a,b"]
    screen = command("run", graph, tmp_path / "in.parquet", *columns, "-o", tmp_path / "out.csv")
    assert (screen.code, screen.err) == (
        2,
        "error: column 'p' is map<string, float>, which CSV cannot hold\nhint: write .parquet, .arrow or .jsonl\n",
    )
    assert command("run", graph, tmp_path / "in.parquet", *columns, "--keep", "tags", "-o", tmp_path / "out.jsonl").code == 0
    assert (tmp_path / "out.jsonl").read_text() == '{"tags": ["x", "y"], "p": {"no": 0.25, "yes": 0.75}}\n'


# Arrays and images


def test_arrays_in_batches_are_the_same_as_at_once(matrix: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    x = np.random.default_rng(0).standard_normal((101, 2))
    np.save(tmp_path / "x.npy", x)
    np.savez_compressed(tmp_path / "x.npz", x=x)
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "input_0.pb").write_bytes(numpy_helper.from_array(x.astype(np.float32)).SerializeToString())
    for source in ("x.npy", "x.npz", "case"):
        for size in ("7", "101", "1000"):
            out = tmp_path / f"{size}.npz"
            assert command("run", matrix, tmp_path / source, "-o", out, "--batch-size", size).code == 0
            with np.load(out) as found:
                np.testing.assert_array_equal(found["y"], -x.astype(np.float32))
    assert command("run", matrix, tmp_path / "x.npy", "-o", tmp_path / "out.parquet").code == 0
    np.testing.assert_array_equal(np.array(pyarrow.parquet.read_table(tmp_path / "out.parquet")["y"].to_pylist()), -x.astype(np.float32))
    shown = command("run", matrix, tmp_path / "x.npy", "--batch-size", "7").out
    assert shown == command("run", matrix, tmp_path / "x.npy").out
    assert shown.startswith("y float32 [101, 2]\n[[")


def test_a_graph_that_mixes_its_rows_is_called_once(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_file(tmp_path / "g.onnx", "g (float[N] x) => (float[M] total) { total = ReduceSum(x) }")
    np.save(tmp_path / "x.npy", np.ones(200_000, np.float32))
    assert command("run", graph, tmp_path / "x.npy").out == "total float32 [1]\n[200000.]\n"


def test_an_array_for_a_graph_of_one_row(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_file(tmp_path / "g.onnx", "g (float[1, 2] x) => (float[1, 2] y) { y = Neg(x) }")
    np.save(tmp_path / "x.npy", np.array([[1, 2], [3, 4]], np.float32))
    assert command("run", graph, tmp_path / "x.npy").out == "y float32 [2, 2]\n[[-1. -2.]\n [-3. -4.]]\n"


def test_images_become_rows(graph_file: Callable[[Path, str], Path], command: Callable[..., Any], tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow reads the images")
    text = "g (float[N, 1, 2, 3] images) => (float[N, 3, 2] scores) { light = ReduceMean<keepdims = 0>(images, a)\n dark = Neg(light)\n l = Unsqueeze(light, b)\n d = Unsqueeze(dark, b)\n scores = Concat<axis = 2>(d, l) }"
    text = text.replace("{", "<int64[2] a = {1, 2}, int64[1] b = {2}> {", 1)
    graph = graph_file(tmp_path / "g.onnx", text)
    model = onnx.load(graph)
    preparation = ImagePreparation("images", height=2, width=3, mode="L", fill=0, mean=(0.5,), std=(1.0,))
    onnx.helper.set_model_props(model, {"image": preparation.to_json(), "ctc": CtcAlphabet("scores", "a", batch_first=True).to_json()})
    onnx.save(model, graph)
    (tmp_path / "words").mkdir()
    for number, light in enumerate(([1, 0, 1], [0, 0, 0], [1, 1, 1])):
        image.fromarray(np.tile(np.array(light, np.uint8) * 255, (2, 1))).save(tmp_path / "words" / f"{number}.png")
    names = [str(tmp_path / "words" / f"{number}.png") for number in range(3)]
    wanted = [{"file": name, "text": text} for name, text in zip(names, ["aa", "", "a"], strict=True)]
    assert command("run", graph, tmp_path / "words", "--batch-size", "2").out == "".join(f"{row['file']}\t{row['text']}\n" for row in wanted)
    assert command("run", graph, tmp_path / "words", "-o", tmp_path / "out.jsonl").code == 0
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == wanted
    assert command("run", graph, *names, "-o", f"{tmp_path}/texts/", "--to", "csv", "--quiet").code == 0
    assert sorted(path.name for path in (tmp_path / "texts").glob("*.csv")) == ["0.csv", "1.csv", "2.csv"]


def test_memory_is_bounded_by_the_batch(matrix: Path, tmp_path: Path) -> None:
    """Thirty times the rows, and no more memory: the peak of a process that maps files is its own, not theirs."""
    peaks = []
    for number, rows in enumerate((100_000, 3_000_000)):
        with pa.OSFile(str(tmp_path / f"{number}.csv"), "wb") as file:
            file.write(b"a,b\n" + b"1.25,-2.5\n" * rows)
        process = subprocess.Popen([SCRIPT, "run", matrix, tmp_path / f"{number}.csv", "-o", tmp_path / f"{number}.parquet", "--device", "cpu"])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0
        peaks.append(usage.ru_maxrss / 1024)
    assert peaks[1] < peaks[0] + 150, peaks  # MB; the larger file holds 30 MB, its rows 24 MB in and 48 MB out, and a batch is 8 MB of text
