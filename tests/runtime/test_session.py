"""Opening graphs, calling them, and what comes back."""

from __future__ import annotations

import gc
import pickle
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from converter.errors import DeviceUnavailable, GraphError, SourceNotFound, UnknownName, UsageError
from converter.runtime import Device, Session
from converter.runtime.arrays.places import HOST
from converter.runtime.device.memory import OrtMemory

AFFINE = (
    "g (float[batch, 2] x, float[batch, 2] y) => (float[batch, 2] total, float[batch, 2] difference) { total = Add(x, y) difference = Sub(x, y) }"
)
NEGATE = "g (float[n] x) => (float[n] y) { y = Neg(x) }"


def test_every_form_of_call_gives_the_same(cpu: Callable[..., Session], rng: np.random.Generator) -> None:
    session = cpu(AFFINE)
    x, y = rng.normal(size=(2, 3, 2)).astype(np.float32)
    results = [session(x, y), session(x=x, y=y), session({"x": x, "y": y}), session(x, y=y), session({"x": x}, y=y)]
    for result in results:
        np.testing.assert_array_equal(result.total, x + y)
        np.testing.assert_array_equal(result.difference, x - y)
    assert list(session.run({"x": x, "y": y})) == ["total", "difference"]


def test_an_input_may_have_any_name(cpu: Callable[..., Session]) -> None:
    session = cpu("g (float[n] self, float[n] args) => (float[n] y) { y = Add(self, args) }")
    one = np.ones(2, np.float32)
    assert session(self=one, args=one).y.tolist() == [2, 2]
    assert session.bind(self=one, args=one).run().y.tolist() == [2, 2]


def test_a_graph_without_inputs(cpu: Callable[..., Session], as_cuda: Callable[..., Session]) -> None:
    text = "g () => (float[2] y) { y = Constant <value_floats = [1.0, 2.0]> () }"
    assert cpu(text)().y.tolist() == [1, 2]
    assert as_cuda(text)().y.tolist() == [1, 2]


def test_what_a_session_says_of_itself(tmp_path: Path) -> None:
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Identity", ["x"], ["y"])],
            "g",
            [helper.make_tensor_value_info("x", TensorProto.BFLOAT16, ["batch", 3, None])],
            [helper.make_tensor_value_info("y", TensorProto.BFLOAT16, None)],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    helper.set_model_props(model, {"charset": "abc", "blank": "0"})
    path = tmp_path / "net.onnx"
    onnx.save(model, path)
    session = Session(path, device="cpu")
    (x,), (y,) = session.inputs, session.outputs
    assert (x.name, x.dtype, x.dtype_name, x.dims, x.is_shaped) == ("x", np.dtype("bfloat16"), "bfloat16", ("batch", 3, None), True)
    assert (y.dims, y.is_shaped) == (("batch", 3, None), True)  # ONNX Runtime infers what the file leaves out
    assert session.metadata == {"charset": "abc", "blank": "0"}
    assert session.device == "cpu"
    assert repr(session) == f"Session({path} on cpu: x bfloat16 [batch, 3, ?] -> y bfloat16 [batch, 3, ?])"


def test_a_graph_of_bytes_outlives_them(graph: Callable[[str], bytes]) -> None:
    data = graph(NEGATE)
    session = Session(data, device="cpu")
    del data
    gc.collect()
    assert session([1.0]).y.tolist() == [-1.0]


def test_unoptimised_and_threads_reach_onnx_runtime(cpu: Callable[..., Session]) -> None:
    session = cpu("g (float[n] x) => (float[n] y) { a = Neg(x) y = Neg(a) }", optimised=False)
    options = session._opened.raw.session_options
    assert options.intra_op_num_threads == 1
    assert options.graph_optimization_level.name == "ORT_DISABLE_ALL"
    assert cpu(NEGATE)._opened.raw.session_options.graph_optimization_level.name == "ORT_ENABLE_ALL"


@pytest.mark.parametrize("make", ["cpu", "as_cuda"])
def test_a_result_never_changes_under_later_calls_nor_by_the_callers_hand(make: str, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue(make)(
        "g (float[n] x) => (float[n] twice, float[n] same, float[n] x, float[2] w) <float[2] w = {5.0, 6.0}> { twice = Add(x, x) same = Identity(x) }"
    )
    x = np.ones(2, np.float32)
    first = session(x)
    x[:] = 9
    for value in first:
        assert value.flags.writeable
    kept = [value.copy() for value in first]
    for _ in range(4):
        later = session(np.full(2, 3, np.float32))
        for value in later:
            value[:] = 77  # a caller may write into what is his
    assert [value.tolist() for value in first] == [value.tolist() for value in kept] == [[2, 2], [1, 1], [1, 1], [5, 6]]
    assert [value.tolist() for value in session(x)] == [[18, 18], [9, 9], [9, 9], [5, 6]]


def test_sequences_and_maps_come_as_onnx_runtime_gives_them(cpu: Callable[..., Session]) -> None:
    split = cpu("g (float[n] x) => (seq(float[m]) y) { y = SplitToSequence(x) }")([1.0, 2.0])
    assert [part.tolist() for part in split.y] == [[1.0], [2.0]]
    zipped = cpu("g (float[n, 2] x) => (seq(map(int64, float)) y) { y = ai.onnx.ml.ZipMap <classlabels_int64s = [3, 4]> (x) }")
    assert zipped([[0.25, 0.75]]).y == [{3: 0.25, 4: 0.75}]


def test_graphs_that_cannot_be_loaded(tmp_path: Path, graph: Callable[[str], bytes]) -> None:
    cases = {
        "empty.onnx": (b"", "No graph was found", "converter inspect"),
        "text.onnx": (b"hello world " * 9, "Protobuf parsing failed", "cut short"),
        "short.onnx": (graph(NEGATE)[:-9], "Protobuf parsing failed", "cut short"),
        "operator.onnx": (graph("g (float[n] x) => (float[n] y) { y = Nothing(x) }"), "No Op registered for Nothing", "converter inspect"),
        "kernel.onnx": (graph("g (double[n] x) => (double[n] y) { y = Erf(x) }"), "Erf", "lacks that operator"),
    }
    for name, (data, reason, hint) in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(GraphError) as caught:
            Session(path, device="cpu")
        assert str(path) in caught.value.message
        assert "[ONNXRuntimeError]" not in caught.value.message
        assert "onnxruntime_src" not in caught.value.message
        assert reason in caught.value.message
        assert hint in caught.value.hint
    with pytest.raises(GraphError, match="the graph in memory"):
        Session(b"hello world " * 9, device="cpu")


def test_external_data_that_is_missing(tmp_path: Path) -> None:
    weight = numpy_helper.from_array(np.ones(1000, np.float32), "w")
    declared = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy"]
    model = helper.make_model(helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", declared[:1], declared[1:], [weight]))
    model.ir_version, model.opset_import[0].version = 10, 20
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, size_threshold=0, location="net.data")
    (tmp_path / "net.data").unlink()
    with pytest.raises(GraphError, match=r"net\.data"):
        Session(tmp_path / "net.onnx", device="cpu")


def test_no_such_file_a_folder_and_no_path(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound) as missing:
        Session(tmp_path / "none.onnx")
    assert missing.value.message == f"{tmp_path / 'none.onnx'} does not exist"
    assert "check the path" in missing.value.hint
    with pytest.raises(GraphError, match="is a folder"):
        Session(str(tmp_path))
    with pytest.raises(UsageError) as wrong:
        Session(onnx.ModelProto())  # type: ignore[arg-type]
    assert "not ModelProto" in wrong.value.message
    assert "SerializeToString" in wrong.value.hint


def test_arguments_that_make_no_sense(graph: Callable[[str], bytes]) -> None:
    with pytest.raises(UsageError) as threads:
        Session(graph(NEGATE), device="cpu", threads=0)
    assert threads.value.message == "threads is 0"
    assert "every core" in threads.value.hint
    with pytest.raises(UnknownName, match="there is no device 'gpu'") as device:
        Session(graph(NEGATE), device="gpu")
    assert device.value.hint == "known: auto, cpu, cuda, cuda:1, tensorrt"


def test_a_device_that_onnx_runtime_leaves_is_an_error(graph: Callable[[str], bytes]) -> None:
    pretended = Device("cuda:0", ("CUDAExecutionProvider", "CPUExecutionProvider"), OrtMemory(HOST), {})
    if "CUDAExecutionProvider" in Session(graph(NEGATE))._opened.raw.get_providers():
        pytest.skip("CUDA starts here")
    with pytest.raises(DeviceUnavailable) as fallen:
        Session(graph(NEGATE), device=pretended)
    assert "fell back to CPUExecutionProvider" in fallen.value.message
    assert "--device cpu" in fallen.value.hint


@pytest.mark.parametrize("make", ["cpu", "as_cuda"])
def test_a_graph_that_fails_while_it_runs(make: str, request: pytest.FixtureRequest) -> None:
    open_text = request.getfixturevalue(make)
    gather = open_text("g (float[n] x, int64[m] at) => (float[m] y) { y = Gather(x, at) }")
    with pytest.raises(GraphError) as refused:
        gather(x=np.ones(2, np.float32), at=np.array([5]))
    assert "the graph in memory fails on these inputs: Gather node '': indices element out of data bounds, idx=5" in refused.value.message
    assert "look at the values" in refused.value.hint
    assert gather(x=np.ones(2, np.float32), at=np.array([1])).y.tolist() == [1]
    reshape = open_text("g (float[n] x) => (float[a, b] y) <int64[2] s = {2, 2}> { y = Reshape(x, s) }")
    with pytest.raises(GraphError) as failed:
        reshape(np.ones(3, np.float32))
    assert "Reshape" in failed.value.message
    assert "optimised=False" in failed.value.hint


def test_a_pickled_session_is_opened_anew(tmp_path: Path, graph: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.onnx").write_bytes(graph(AFFINE))
    one = np.ones((3, 2), np.float32)
    for source in ("net.onnx", graph(AFFINE)):
        session = Session(source, device="cpu", threads=1, sizes={"batch": 3})
        call = pickle.loads(pickle.dumps(session.map_batches))  # what Spark sends to its workers
        monkeypatch.chdir("/")
        again = call.__self__
        assert [port.dims for port in again.inputs] == [(3, 2), (3, 2)]
        assert again(one, one).total.tolist() == session(one, one).total.tolist()
        monkeypatch.chdir(tmp_path)


def test_a_session_of_this_processs_memory_is_not_pickled(as_cuda: Callable[..., Session]) -> None:
    with pytest.raises(UsageError) as caught:
        pickle.dumps(as_cuda(NEGATE))
    assert "cannot be pickled" in caught.value.message
    assert "open one where it runs" in caught.value.hint


def test_the_public_names() -> None:
    from converter import runtime

    assert sorted(runtime.__all__) == [
        "Block",
        "Bound",
        "Device",
        "Node",
        "Placement",
        "Port",
        "ProviderState",
        "Result",
        "Session",
        "survey_providers",
    ]
    assert all(hasattr(runtime, name) for name in runtime.__all__)
    assert Path(runtime.__file__).name == "__init__.py"


@pytest.mark.parametrize("length", [0, 2, 300_000])  # not called, called in slots, called by the plain road
def test_a_session_that_is_let_go_gives_its_graph_back_at_once(graph: Callable[[str], bytes], length: int) -> None:
    session = Session(graph(NEGATE), device="cpu")
    for _ in range(3 if length else 0):
        session(np.ones(length, np.float32))
    opened = weakref.ref(session._opened)
    gc.collect()
    gc.disable()
    try:
        del session
        assert opened() is None
    finally:
        gc.enable()
