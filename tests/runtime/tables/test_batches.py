"""Session.map_batches: every kind of column in, every kind of output out, and the same rows however the table is cut."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.errors import ConverterError, GraphError, InputError, UsageError
from converter.runtime import Session

Cpu = Callable[..., Session]
MATRIX = "g (float[N, 2] x) => (float[N, 2] y) { y = Neg(x) }"
ONE = "g ({dtype}[N] x) => ({dtype}[N] y) {{ y = Identity(x) }}"
MIXED = """
g (float[N, 2] x, string[N] town, int64[N, 1] n, bool[N] yes) => (float[N, 2] y, string[N] where, int64[N, 1] m, bool[N] no, float[N, 2, 1] cube)
{
  y = Neg(x)
  where = Identity(town)
  m = Neg(n)
  no = Not(yes)
  last = Constant<value_ints = [2]>()
  cube = Unsqueeze(x, last)
}
"""


def only(session: Session, batch: pa.RecordBatch, **options: Any) -> pa.RecordBatch:
    (answer,) = session.map_batches(iter([batch]), **options)
    return answer


def refusal(error: type[ConverterError], session: Session, batch: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(error) as caught:
        list(session.map_batches(iter([batch]), **options))
    assert type(caught.value) is error
    return caught.value.message, caught.value.hint


# Any cut of a table


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    count = draw(st.integers(0, 12))

    def column(values: st.SearchStrategy[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(draw(st.lists(values, min_size=count, max_size=count)), kind)

    number = draw(st.sampled_from([pa.float32(), pa.float64(), pa.int8(), pa.uint16(), pa.int64(), pa.decimal128(9, 2)]))
    whole = st.one_of(st.none(), st.integers(0, 100))
    town = column(st.sampled_from(["", "Ulm", "Köln"]), draw(st.sampled_from([pa.string(), pa.large_string(), pa.string_view()])))
    return pa.table(
        {
            "id": column(whole, pa.int64()),
            "x_0": column(whole, number),
            "x_1": column(whole, pa.float64()),
            "town": town.cast(pa.string()).dictionary_encode() if draw(st.booleans()) else town,
            "n": column(st.integers(-(2**62), 2**62), draw(st.sampled_from([pa.int64()]))),
            "yes": column(st.booleans(), pa.bool_()),
        }
    )


@pytest.fixture(scope="module")
def mixed(graph: Callable[[str], bytes]) -> Session:
    return Session(graph(MIXED), device="cpu", threads=1)


@settings(max_examples=60)
@given(table=tables(), sizes=st.lists(st.integers(1, 5), min_size=1, max_size=12))
def test_any_cut_of_a_table_gives_the_same_rows(mixed: Session, table: pa.Table, sizes: list[int]) -> None:
    (whole,) = mixed.map_batches(table.combine_chunks().to_batches() or [_empty(table)], keep=("id",))
    parts = list(mixed.map_batches(_cut(table, sizes), keep=("id",)))
    assert [len(part) for part in parts] == [len(part) for part in _cut(table, sizes)]
    joined = pa.Table.from_batches(parts, whole.schema)
    assert repr(joined.to_pylist()) == repr(whole.to_pylist())  # NaN is not itself
    x = np.array([[np.nan if value is None else float(value) for value in row] for row in zip(*_values(table, "x_0", "x_1"), strict=True)])
    np.testing.assert_array_equal(np.array(whole["y"].to_pylist()).reshape(-1, 2), -x.reshape(-1, 2).astype(np.float32))
    assert whole["where"].to_pylist() == table["town"].to_pylist()
    assert whole["m"].to_pylist() == [-value for value in table["n"].to_pylist()]
    assert whole["no"].to_pylist() == [not value for value in table["yes"].to_pylist()]


def _values(table: pa.Table, *names: str) -> list[list[Any]]:
    return [table[name].to_pylist() for name in names]


def _empty(table: pa.Table) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=table.schema)


def _cut(table: pa.Table, sizes: list[int]) -> Iterator[pa.RecordBatch]:
    (batch,) = table.combine_chunks().to_batches() or [_empty(table)]
    at = 0
    for size in sizes:
        yield batch.slice(at, size)
        at += size
    yield batch.slice(at)


def test_schemas_of_answers_of_no_rows_and_of_some_are_the_same(mixed: Session) -> None:
    batch = pa.record_batch({"x_0": [1.0], "x_1": [2], "town": ["Ulm"], "n": [3], "yes": [True]})
    some, none = mixed.map_batches([batch, batch.slice(1)])
    assert (len(some), len(none)) == (1, 0)
    assert some.schema == none.schema
    assert [str(field.type) for field in none.schema] == ["list<item: float>", "string", "int64", "bool", "list<item: list<item: float>>"]


def test_no_batches_give_none(mixed: Session) -> None:
    assert list(mixed.map_batches(iter([]))) == []


def test_one_batch_is_read_before_the_next_is_asked_for(cpu: Cpu) -> None:
    asked: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(3):
            asked.append(number)
            yield pa.record_batch({"x": pa.array([number], pa.float32())})

    answers = cpu(ONE.format(dtype="float")).map_batches(batches())
    assert asked == []
    assert next(answers)["y"].to_pylist() == [0.0]
    assert asked == [0]


def test_batches_of_another_schema_are_matched_anew(cpu: Cpu) -> None:
    first, second = pa.record_batch({"x": pa.array([1], pa.int8())}), pa.record_batch({"other": ["a"], "x": [2.5]})
    assert [answer["y"].to_pylist() for answer in cpu(ONE.format(dtype="float")).map_batches([first, second])] == [[1.0], [2.5]]


# Which columns


@pytest.mark.parametrize(
    ("table", "options"),
    [
        ({"x": [[1.0, 2.0]]}, {}),
        ({"x": pa.array([[1.0, 2.0]], pa.list_(pa.float64(), 2))}, {}),
        ({"x": pa.array([[1, 2]], pa.large_list(pa.int16()))}, {}),
        ({"x_1": [2], "more": ["a"], "x_0": [1]}, {}),
        ({"a": [1], "b": [2.0]}, {}),
        ({"id": ["a"], "a": [1], "b": [2.0]}, {"keep": ("id",)}),
        ({"id": ["a"], "a": [1], "b": [2.0]}, {"keep": "id"}),
        ({"a": [1], "b": [2.0]}, {"keep": ("a",)}),
        ({"a": [1], "b": [2.0]}, {"keep": "*"}),
        ({"b": [2], "a": [1], "c": [3]}, {"columns": {"x": ["a", "b"]}}),
    ],
    ids=["list", "fixed list", "large list", "numbered", "all", "all but kept", "kept as text", "kept and read", "all kept", "named"],
)
def test_the_columns_of_a_matrix(cpu: Cpu, table: dict[str, Any], options: dict[str, Any]) -> None:
    assert only(cpu(MATRIX), pa.record_batch(table), **options)["y"].to_pylist() == [[-1.0, -2.0]]


def test_the_metadata_of_a_graph_names_its_columns() -> None:
    header = '<ir_version: 10, opset_import: ["" : 20], metadata_props: ["columns": "{\\"x\\": [\\"b\\", \\"a\\"]}"]>'
    session = Session(_parsed(f"{header} {MATRIX}"), device="cpu")
    assert only(session, pa.record_batch({"a": [1], "b": [2], "c": [3]}))["y"].to_pylist() == [[-2.0, -1.0]]
    message, hint = refusal(InputError, session, pa.record_batch({"a": [1], "B": [2]}))
    assert (message, hint) == ("the table has no column 'b' for input 'x'", "its columns: a, B")
    broken = Session(_parsed(f"{header.replace('{', '', 1)} {MATRIX}"), device="cpu")
    message, hint = refusal(GraphError, broken, pa.record_batch({"a": [1]}))
    assert message.startswith("the graph's metadata 'columns' is ")
    assert hint == 'JSON is wanted: {"features": ["age", "height"]}'


def _parsed(text: str) -> bytes:
    import onnx.parser

    return bytes(onnx.parser.parse_model(text).SerializeToString())


def test_columns_of_a_free_width(cpu: Cpu) -> None:
    session = cpu("g (float[N, width] x) => (float[N, width] y) { y = Neg(x) }")
    assert only(session, pa.record_batch({"x_0": [1], "x_1": [2], "x_2": [3]}))["y"].to_pylist() == [[-1, -2, -3]]
    assert only(session, pa.record_batch({"a": [1], "b": [2]}))["y"].to_pylist() == [[-1, -2]]
    assert only(session, pa.record_batch({"x": [[1.0, 2.0, 3.0, 4.0]]}))["y"].to_pylist() == [[-1, -2, -3, -4]]


def test_lists_of_lists_and_flat_lists_of_a_known_shape(cpu: Cpu) -> None:
    session = cpu("g (float[N, 2, 3] x) => (float[N, 2, 3] y) { y = Neg(x) }")
    wanted = [[[-1.0, -2.0, -3.0], [-4.0, -5.0, -6.0]]]
    assert only(session, pa.record_batch({"x": [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]}))["y"].to_pylist() == wanted
    assert only(session, pa.record_batch({"x": [[1, 2, 3, 4, 5, 6]]}))["y"].to_pylist() == wanted
    tensor = pa.FixedShapeTensorArray.from_numpy_ndarray(np.arange(1, 7, dtype=np.float32).reshape(1, 2, 3))
    assert only(session, pa.record_batch({"x": tensor}))["y"].to_pylist() == wanted
    assert refusal(InputError, session, pa.record_batch({"x": [[1, 2]]})) == (
        "input 'x' wants [N, 2, 3], the table gives it lists of shape [2]",
        "check the columns: converter inspect shows the graph",
    )


def test_a_scalar_input_is_a_constant(cpu: Cpu) -> None:
    session = cpu("g (float[N] x, float by) => (float[N] y) { y = Mul(x, by) }")
    batch = pa.record_batch({"x": [1.0, 2.0], "by": [3.0, 3.0]})
    assert only(session, batch, constants={"by": 3.0})["y"].to_pylist() == [3.0, 6.0]
    assert refusal(InputError, session, batch) == ("input 'by' is a scalar, which no column makes", "give its value: constants={'by': …}")


def test_columns_that_are_not_there(cpu: Cpu) -> None:
    two = cpu("g (float[N] width, float[N] height) => (float[N] y) { y = Add(width, height) }")
    assert refusal(InputError, two, pa.record_batch({"width": [1.0], "hight": [2.0]})) == (
        "the table has no column 'height' for input 'height'",
        "perhaps 'hight' was meant; its columns: width, hight",
    )
    assert refusal(InputError, cpu(MATRIX), pa.record_batch({"a": [1], "b": [2], "c": [3]})) == (
        "input 'x' [N, 2] wants 2 columns, the table has 3: a, b, c",
        "name its columns, x=a,b,c, or keep what is none of them",
    )
    assert refusal(UsageError, two, pa.record_batch({"width": [1.0]}), columns={"depth": ["width"]}) == (
        "there is no input 'depth'",
        "the graph takes width float32 [N], height float32 [N]",
    )
    twice = pa.RecordBatch.from_arrays([pa.array([1.0])] * 3, ["width", "width", "height"])
    assert refusal(InputError, two, twice) == ("the table has the column 'width' more than once", "rename one of them")
    listed = pa.record_batch({"x_0": [[1.0]], "x_1": [[2.0]]})
    assert refusal(InputError, cpu(MATRIX), listed) == (
        "column 'x_0' holds lists, and input 'x' takes 2 columns of single values",
        "a column of lists makes an input alone",
    )


def test_kept_columns_come_first_and_as_they_were(cpu: Cpu) -> None:
    batch = pa.record_batch({"id": pa.array(["b", None]).dictionary_encode(), "x": [1.0, 2.0], "when": pa.array([1, 2], pa.timestamp("s"))})
    answer = only(cpu(ONE.format(dtype="float")), batch, keep=("when", "id"))
    assert answer.schema.names == ["when", "id", "y"]
    assert answer["id"].equals(batch["id"])
    assert answer["when"].equals(batch["when"])


def test_columns_that_cannot_be_kept(cpu: Cpu) -> None:
    session = cpu(ONE.format(dtype="float"))
    batch = pa.record_batch({"x": [1.0], "y": [2.0]})
    assert refusal(UsageError, session, batch, keep=("z",)) == ("there is no column 'z' to keep", "the table has x, y")
    assert refusal(UsageError, session, batch, keep=("y",)) == ("column 'y' cannot be kept, since an output has its name", "rename the column before")


def test_a_table_is_no_record_batch(cpu: Cpu) -> None:
    message, hint = refusal(InputError, cpu(MATRIX), pa.table({"x": [1.0]}))
    assert (message, hint) == ("map_batches takes an iterator of record batches, not of Table", "table.to_batches() gives them")


# Which values


@pytest.mark.parametrize(
    ("dtype", "column", "wanted"),
    [
        ("float", pa.array([0.1, 1e-300]), [float(np.float32(0.1)), 0.0]),
        ("float", pa.array([float("inf"), float("-inf")]), [float("inf"), float("-inf")]),
        ("float", pa.array([2**24, -(2**24)], pa.int64()), [2.0**24, -(2.0**24)]),
        ("float", pa.array([True, False]), [1.0, 0.0]),
        ("float", pa.array([decimal.Decimal("1.25")]), [1.25]),
        ("float", pa.array([1.5, 2.5, 3.5], pa.float16()).slice(1, 1), [2.5]),
        ("double", pa.array([2**53], pa.uint64()), [2.0**53]),
        ("float16", pa.array([0.5]), [0.5]),
        ("bfloat16", pa.array([0.5, 256.0]), [0.5, 256.0]),
        ("int64", pa.array([3.0, -4.0]), [3, -4]),
        ("int8", pa.array([127, -128], pa.int64()), [127, -128]),
        ("uint64", pa.array([2**64 - 1], pa.uint64()), [2**64 - 1]),
        ("int32", pa.array([decimal.Decimal("3.00")]), [3]),
        ("bool", pa.array([1, 0], pa.uint8()), [True, False]),
        ("bool", pa.array([True, False, True]).slice(1), [False, True]),
        ("string", pa.array(["a", "b", "a"]).dictionary_encode().slice(1), ["b", "a"]),
        ("string", pa.array(["é", ""], pa.large_string()), ["é", ""]),
        ("int64", pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([5, 6])), [5, 5, 6]),
        ("float", pa.array([1, None, 3], pa.int32()), [1.0, None, 3.0]),
        ("float", pa.array([None, 0.5, None]), [None, 0.5, None]),
        ("float", pa.array([None, True]), [None, 1.0]),
        ("float", pa.nulls(2), [None, None]),
    ],
)
def test_values_that_an_input_holds(cpu: Cpu, dtype: str, column: pa.Array, wanted: list[Any]) -> None:
    found = only(cpu(ONE.format(dtype=dtype)), pa.record_batch({"x": column}))["y"].to_pylist()
    assert [None if isinstance(value, float) and np.isnan(value) else value for value in found] == wanted


DAY = dt.date(2026, 11, 1)


@pytest.mark.parametrize(
    ("dtype", "column", "holds", "hint"),
    [
        ("float", pa.array([1, 2**24 + 1]), "16777217 in row 1, which float32 cannot hold", "cast the column to float64 before"),
        ("float", pa.array([1e39]), "1e+39 in row 0, which float32 cannot hold", "cast the column to float32 before"),
        ("double", pa.array([2**53 + 1]), "9007199254740993 in row 0, which float64 cannot hold", "cast the column to float64"),
        ("int8", pa.array([1, 128]), "128 in row 1, which int8 cannot hold", "cast the column to float64 before"),
        ("uint8", pa.array([-1]), "-1 in row 0, which uint8 cannot hold", "cast the column to float64 before"),
        ("int64", pa.array([1.0, 0.5]), "0.5 in row 1, which int64 cannot hold", "cast the column to int64 before"),
        ("int64", pa.array([float("nan")]), "nan in row 0, which int64 cannot hold", "the input takes int64, which has no NaN"),
        ("int64", pa.array([decimal.Decimal("0.5")]), "decimal128(1, 1) with a value that is no whole number", "round the column first"),
        ("bool", pa.array([2]), "2 in row 0, which bool cannot hold", "cast"),
        ("float", pa.array(["1.5"]), "string", "pyarrow.compute.cast(column, 'float32') reads text as numbers"),
        ("float", pa.array([DAY]), "date32[day]", "pyarrow.compute.cast(column, 'int64')"),
        ("float", pa.array([{"a": 1}]), "struct<a: int64>", "--columns x=a,b,c"),
        ("string", pa.array([1]), "int64", "pyarrow.compute.cast(column, 'string') makes text of numbers"),
        ("string", pa.array([b"a"]), "binary", "the input takes text"),
        ("int64", pa.array([1, 2, None]), "no value in row 2", "fill={'x': 0}, or --fill x=0"),
        ("string", pa.array(["a", None]), "no value in row 1", "fill={'x': ''}, or --fill x=''"),
        ("bool", pa.nulls(1), "no value in row 0", "the input takes bool"),
    ],
)
def test_values_that_an_input_cannot_hold(cpu: Cpu, dtype: str, column: pa.Array, holds: str, hint: str) -> None:
    message, way = refusal(InputError, cpu(ONE.format(dtype=dtype)), pa.record_batch({"x": column}))
    assert message.startswith(f"input 'x': column 'x' holds {holds}")
    assert hint in way


def test_rows_are_counted_over_all_batches(cpu: Cpu) -> None:
    good, bad = pa.record_batch({"x": [1, 2]}), pa.record_batch({"x": [3, None]})
    with pytest.raises(InputError, match="holds no value in row 3"):
        list(cpu(ONE.format(dtype="int64")).map_batches([good, bad]))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([[1.0, 2.0], [3.0]], "a list of 1 in row 1 and one of 2 in row 0"),
        ([[1.0, 2.0], None], "no list in row 1"),
    ],
)
def test_lists_that_make_no_array(cpu: Cpu, column: list[Any], message: str) -> None:
    found, hint = refusal(InputError, cpu(MATRIX), pa.record_batch({"x": column}))
    assert found == f"input 'x': column 'x' holds {message}"
    assert hint == "the lists of one array are all there and of one length; fill, pad or cut them"


def test_missing_numbers_inside_of_lists(cpu: Cpu) -> None:
    batch = pa.record_batch({"x": [[1, 2], [3, None]]})
    assert repr(only(cpu(MATRIX), batch)["y"].to_pylist()) == "[[-1.0, -2.0], [-3.0, nan]]"
    message, _ = refusal(InputError, cpu(MATRIX.replace("float", "int64")), batch)
    assert message == "input 'x': column 'x' holds no value in row 1"


def test_what_is_missing_is_filled_as_told(cpu: Cpu) -> None:
    text, number = cpu(ONE.format(dtype="string")), cpu(ONE.format(dtype="int64"))
    assert only(text, pa.record_batch({"x": pa.array(["a", None]).dictionary_encode()}), fill={"x": "?"})["y"].to_pylist() == ["a", "?"]
    assert only(number, pa.record_batch({"x": [1, None]}), fill={"x": "7"})["y"].to_pylist() == [1, 7]
    message, hint = refusal(UsageError, number, pa.record_batch({"x": [1, None]}), fill={"x": "seven"})
    assert (message, hint) == ("column 'x' is int64 and cannot be filled with 'seven'", "give a value of its type")


def test_numbers_without_a_gap_are_not_copied(cpu: Cpu, monkeypatch: pytest.MonkeyPatch) -> None:
    session = cpu(ONE.format(dtype="float"))
    values = np.arange(8, dtype=np.float32)
    seen: list[np.ndarray] = []
    call = session._call
    monkeypatch.setattr(session, "_call", lambda feeds: seen.append(feeds["x"]) or call(feeds))
    batch = pa.record_batch({"x": pa.array(values)}).slice(2, 4)
    answer = only(session, batch)["y"]
    assert np.shares_memory(seen[0], values)
    values[3] = 100
    assert answer.to_pylist() == [2.0, 3.0, 4.0, 5.0]


# Which rows


def test_a_graph_for_a_fixed_number_of_rows(cpu: Cpu) -> None:
    session = cpu("g (float[3, 1] x) => (float[3, 1] y, float[3, 2] z) { y = Neg(x)\n z = Concat<axis = 1>(x, y) }")
    for count in (1, 3, 4, 7):
        answer = only(session, pa.record_batch({"x": np.arange(count, dtype=np.float32)}))
        assert answer["y"].to_pylist() == [-value for value in range(count)]
        assert answer["z"].to_pylist() == [[value, -value] for value in range(count)]
    assert len(only(session, pa.record_batch({"x": np.zeros(0, np.float32)}))) == 0


def test_outputs_without_a_value_for_each_row(cpu: Cpu) -> None:
    batch = pa.record_batch({"x": [1.0, 2.0, 3.0]})
    mean = cpu("g (float[N] x) => (float[1] y) { y = ReduceMean(x) }")
    message, hint = refusal(GraphError, mean, batch)
    assert message == "output 'y' has shape [1] for 3 rows: its first dimension does not count them"
    assert hint == "convert the model with the batch in front in every output, or call the session yourself: session(…)"
    turned = cpu("g (float[N, T] x) => (float[T, N] y) { y = Transpose(x) }")
    message, hint = refusal(GraphError, turned, pa.record_batch({"x": [[1.0, 2.0], [3.0, 4.0]]}))
    assert message == "output 'y' [T, N] does not have the rows in front"
    assert hint.startswith("convert the model with the batch in front")
    sequence = cpu("g (float[N] x) => (seq(float[N]) s) { s = SequenceConstruct(x, x) }")
    message, hint = refusal(GraphError, sequence, batch)
    assert message == "output 's' is seq(tensor(float)), which makes no column"
    assert hint == "convert the model with tensors as outputs"


def test_maps_of_probabilities(cpu: Cpu) -> None:
    session = cpu('g (float[N, 2] x) => (seq(map(string, float)) p) { p = ai.onnx.ml.ZipMap<classlabels_strings = ["no", "yes"]>(x) }')
    some, none = session.map_batches([batch := pa.record_batch({"x_0": [0.25, 0.5], "x_1": [0.75, 0.5]}), batch.slice(2)])
    assert some["p"].type == none["p"].type == pa.map_(pa.string(), pa.float32())
    assert some["p"].to_pylist() == [[("no", 0.25), ("yes", 0.75)], [("no", 0.5), ("yes", 0.5)]]


def test_on_a_device_the_rows_are_the_same(as_cuda: Cpu) -> None:
    assert only(as_cuda(MATRIX), pa.record_batch({"x_0": [1, None], "x_1": [2.0, 3.0]}))["y"].to_pylist()[0] == [-1.0, -2.0]


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes"])
def test_a_real_table_is_answered_as_its_model_answers(name: str) -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn brings the tables")
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx makes the graph")
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = getattr(datasets, f"load_{name}")()
    is_classifier = name == "breast_cancer"
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200) if is_classifier else LinearRegression()).fit(data.data, data.target)
    kind = skl2onnx.common.data_types.FloatTensorType([None, data.data.shape[1]])
    final = model.steps[-1][1]
    graph = skl2onnx.to_onnx(model, initial_types=[("features", kind)], options={id(final): {"zipmap": False}} if is_classifier else None)
    session = Session(graph.SerializeToString(), device="cpu")
    table = pa.table({str(label): column for label, column in zip(data.feature_names, data.data.T, strict=True)} | {"target": data.target})
    answers = pa.Table.from_batches(session.map_batches(table.to_batches(max_chunksize=100), keep=("target",)))
    assert answers["target"].to_pylist() == data.target.tolist()
    if is_classifier:
        np.testing.assert_allclose(np.array(answers["probabilities"].to_pylist()), model.predict_proba(data.data), atol=1e-5)
        assert answers["label"].to_pylist() == model.predict(data.data).tolist()
    else:
        np.testing.assert_allclose(answers["variable"].to_numpy(), model.predict(data.data), rtol=1e-4)
