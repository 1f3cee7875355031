"""Functions that change variables: refused by name, or converted with the state as inputs and outputs, step by step as the model itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import converter
from converter.plugin import ExportRequest, SourceError, SourceModel

Load = Callable[..., SourceModel]
STEPS = 6


def module(tf: Any, build: Callable[[Any], None], call: Callable[..., Any], *specs: Any) -> Any:
    """A tf.Module with the attributes that `build` gives it and this function."""

    class Stateful(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            build(self)

        @tf.function(input_signature=[tf.TensorSpec(shape, dtype, name=name) for name, shape, dtype in specs])
        def step(self, *tensors: Any) -> Any:
            return call(self, *tensors)

    return Stateful()


def counter(tf: Any) -> Any:
    def build(self: Any) -> None:
        self.calls, self.total, self.scale = tf.Variable(0), tf.Variable(2.5), tf.Variable([1.0, 2.0, 3.0])

    def call(self: Any, x: Any) -> Any:
        self.calls.assign_add(1)
        before = self.total.read_value()
        self.total.assign_sub(tf.reduce_sum(x))
        return {"scaled": x * self.scale + before, "number": self.calls * 2, "after": self.total + 0.0}

    return module(tf, build, call, ("x", [None, 3], "float32"))


def ring(tf: Any) -> Any:
    """The last four frames in a ring buffer, written through scatters, a slice and a gather."""

    def build(self: Any) -> None:
        self.frames, self.place, self.counts = tf.Variable(tf.zeros([4, 3])), tf.Variable(0, dtype="int64"), tf.Variable(tf.zeros([5, 2]))

    def call(self: Any, frame: Any) -> Any:
        self.frames.scatter_nd_update(self.place[None, None], frame[None])
        self.place.assign((self.place + 1) % 4)
        self.counts.scatter_add(tf.IndexedSlices([[1.0, 2.0], [3.0, 4.0]], [self.place, self.place]))
        self.counts[1:3, 0].assign(self.counts[1:3, 0] + frame[:2])
        return tf.gather(self.frames, (self.place + tf.range(4, dtype="int64")) % 4), self.counts.sparse_read([0, 2])

    return module(tf, build, call, ("frame", [3], "float32"))


def branching(tf: Any) -> Any:
    """Changes in branches, loops, and functions of functions."""

    def build(self: Any) -> None:
        self.mean, self.resets = tf.Variable(tf.zeros([2])), tf.Variable(0)

        @tf.function  # type: ignore[untyped-decorator]
        def smooth(x: Any) -> None:
            self.mean.assign(0.9 * self.mean + 0.1 * x)

        self.smooth = smooth

    def call(self: Any, x: Any) -> Any:
        def reset() -> Any:
            self.mean.assign(tf.zeros([2]))
            self.resets.assign_add(1)
            return tf.reduce_sum(x)

        peak = tf.cond(tf.reduce_sum(x) > 0.5, reset, lambda: tf.reduce_max(x) + tf.reduce_sum(self.mean))

        def more(number: Any, kept: Any) -> Any:
            self.smooth(x + tf.cast(number, "float32"))
            return number + 1, kept + self.mean

        _number, kept = tf.while_loop(lambda number, _kept: (number < 3) & (self.resets < 100), more, [0, tf.zeros([2])])
        return tf.switch_case(self.resets % 2, [lambda: kept, lambda: -kept]), peak

    return module(tf, build, call, ("x", [2], "float32"))


MODULES = pytest.mark.parametrize("make", [counter, ring, branching], ids=lambda make: make.__name__)


@MODULES
@pytest.mark.parametrize("saved", [False, True], ids=["live", "saved"])
def test_step_by_step_as_the_model(load: Load, tf: Any, tmp_path: Path, make: Callable[[Any], Any], saved: bool) -> None:  # noqa: FBT001
    made = source = make(tf)
    if saved:
        tf.saved_model.save(made, str(tmp_path / "model"))
        source = tmp_path / "model"
    model = load(source, state="explicit")
    next(each for each in model.exporters if each.name == "tf2onnx").write(ExportRequest(tmp_path / "graph.onnx"))
    session = onnxruntime.InferenceSession(tmp_path / "graph.onnx", providers=["CPUExecutionProvider"])
    told = json.loads(model.metadata["state"])
    ports = {each.name: each for each in model.inputs}
    state = {name: np.broadcast_to(np.array(each["initial"], ports[name].dtype), ports[name].dims) for name, each in told.items()}
    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        feeds = {each.name: each.draw(rng, {"batch": 3}) for each in model.inputs if each.name not in told}
        expected = tf.nest.flatten(made.step(*map(tf.constant, feeds.values())))
        names = [each.name for each in model.outputs]
        found = dict(zip(names, session.run(names, {**feeds, **state}), strict=True))
        for name, each in zip(names, expected, strict=False):
            np.testing.assert_allclose(found[name], each.numpy(), rtol=1e-5, atol=1e-5)
        state = {name: found[each["next"]] for name, each in told.items()}


def test_the_proof_holds(tf: Any, tmp_path: Path) -> None:
    report = converter.convert(branching(tf), tmp_path / "model.onnx", options={"state": "explicit"})
    assert report.agrees
    assert len(report.cases) == 3


def test_a_state_is_one_that_the_model_comes_to(load: Load, tf: Any) -> None:
    model = load(counter(tf), state="explicit")
    samples = [model.sample(np.random.default_rng(seed), {"batch": 2}) for seed in range(3)]  # what every conversion begins with
    assert [int(each["calls"]) for each in samples] == [8, 0, 8]
    assert [float(each["total"]) == 2.5 for each in samples] == [False, True, False]


def test_a_state_has_the_name_of_its_attribute(load: Load, tf: Any) -> None:
    model = load(counter(tf), state="explicit")
    assert [(each.name, each.dtype, each.dims) for each in model.inputs[1:]] == [("calls", "int32", ()), ("total", "float32", ())]
    assert [each.name for each in model.outputs[-2:]] == ["calls_next", "total_next"]
    assert json.loads(model.metadata["state"]) == {
        "calls": {"next": "calls_next", "initial": 0},
        "total": {"next": "total_next", "initial": 2.5},
    }
    assert model.summary.endswith("state: calls, total")


def test_a_state_keeps_its_own_name(load: Load, tf: Any) -> None:
    memory = tf.Variable([[1.0, 2.0]], name="cell/memory")
    function = tf.function(lambda x: memory.assign_add(x), input_signature=[tf.TensorSpec([1, 2], tf.float32, name="x")])
    model = load(function, state="explicit")
    assert [each.name for each in model.inputs] == ["x", "cell/memory"]
    assert json.loads(model.metadata["state"])["cell/memory"]["initial"] == [[1.0, 2.0]]


def test_the_model_is_left_as_it_was(load: Load, tf: Any) -> None:
    made = counter(tf)
    made.step(tf.ones([2, 3]))
    model = load(made, state="explicit")
    feeds = {**model.sample(np.random.default_rng(1), {"batch": 2}), "calls": np.array(7, np.int32)}
    assert model.run(feeds)["calls_next"] == 8
    assert (made.calls.numpy(), made.total.numpy()) == (1, -3.5)


def test_the_rounding_is_known(load: Load, tf: Any) -> None:
    model = load(branching(tf), state="explicit")
    found = model.rounding(model.sample(np.random.default_rng(0), {}))
    assert 0 < max(found.values()) < 1e-5


def test_a_recurrent_layer_that_remembers(load: Load, keras: Any, tmp_path: Path) -> None:
    steps = keras.Input(batch_shape=(2, None, 4), name="steps")
    net = keras.Model(steps, keras.layers.LSTM(5, stateful=True, name="memory")(steps))
    net.export(tmp_path / "model", verbose=False)
    with pytest.raises(SourceError, match=r"serving_default is stateful: it changes its variables .*memory") as caught:
        load(tmp_path / "model")
    assert "-O state=explicit" in caught.value.hint
    report = converter.convert(tmp_path / "model", tmp_path / "model.onnx", options={"state": "explicit"})
    assert report.agrees
    assert [each.dims for each in report.spec.inputs] == [(2, "length", 4), (2, 5), (2, 5)]


def test_what_has_no_form_is_named(load: Load, tf: Any) -> None:
    def build(self: Any) -> None:
        self.product, self.dice = tf.Variable([1.0, 2.0]), tf.random.Generator.from_seed(1)

    def multiply(self: Any, x: Any) -> Any:
        self.product.scatter_mul(tf.IndexedSlices(x, [0]))
        return x

    def throw(self: Any, x: Any) -> Any:
        return x + self.dice.normal([1])

    for call, operation in ((multiply, "ResourceScatterMul"), (throw, "RngReadAndSkip")):
        model = load(module(tf, build, call, ("x", [1], "float32")), state="explicit")
        with pytest.raises(SourceError, match=rf"what {operation} \(.*\) does to .* cannot be written with the state as an input"):
            model.exporters[0].write(ExportRequest(Path("graph.onnx")))


def test_a_state_that_grows_is_refused(load: Load, tf: Any) -> None:
    def build(self: Any) -> None:
        self.seen = tf.Variable([0.0], shape=[None])

    def call(self: Any, x: Any) -> Any:
        return self.seen.assign(tf.concat([self.seen, x], 0))

    with pytest.raises(SourceError, match=r"the state 'seen' has no fixed shape: \(None,\)") as caught:
        load(module(tf, build, call, ("x", [1], "float32")), state="explicit")
    assert "greatest length" in caught.value.hint


def test_a_function_without_a_state_is_as_ever(load: Load, two_functions: Any) -> None:
    assert len(load(two_functions, signature="__call__", state="explicit").inputs) == 2


@pytest.mark.parametrize("resource", [True, False], ids=["new variables", "old variables"])
def test_saved_by_tensorflow_1(load: Load, tf: Any, tmp_path: Path, resource: bool) -> None:  # noqa: FBT001
    tf1 = tf.compat.v1
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder("float32", [None, 3], name="x")
        total = tf1.get_variable("total", [3], initializer=tf1.zeros_initializer(), use_resource=resource)
        y = tf1.identity(x + tf1.assign_add(total, tf1.reduce_sum(x, 0)), name="y")
        session.run(tf1.global_variables_initializer())
        tf1.saved_model.simple_save(session, str(tmp_path / "model"), {"x": x}, {"y": y})
        tf1.train.Saver().save(session, str(tmp_path / "net"))
    with pytest.raises(SourceError, match=r"net\.meta is stateful: its answer changes the variables total, and a graph cannot") as caught:
        load(tmp_path / "net.meta", outputs="y")
    assert "enable_resource_variables" in caught.value.hint
    if resource:
        assert load(tmp_path / "model", state="explicit").run({"x": np.ones((2, 3), np.float32), "total": np.ones(3, np.float32)})["y"].max() == 4
        return
    with pytest.raises(SourceError, match="serving_default is stateful: it changes its variables total, and a graph cannot") as caught:
        load(tmp_path / "model", state="explicit")
    assert "enable_resource_variables" in caught.value.hint
