"""Operations that tf2onnx leaves over, each against TensorFlow's own kernel, through ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from converter.plugin import ExportRequest, SourceModel

Load = Callable[..., SourceModel]


@pytest.fixture
def differ(load: Load, tf: Any, tmp_path: Path) -> Callable[..., float]:
    """How far the graph of a function of arrays is from the function, relative to values above 1: differ(call, x, y)."""

    def compare(call: Callable[..., Any], *arrays: np.ndarray) -> float:
        specs = [tf.TensorSpec([None, *array.shape[1:]] if array.ndim else [], array.dtype, name=f"x{place}") for place, array in enumerate(arrays)]
        model = load(tf.function(lambda *tensors: call(*tensors), input_signature=specs))
        model.exporters[0].write(ExportRequest(tmp_path / "graph.onnx"))
        session = onnxruntime.InferenceSession(tmp_path / "graph.onnx", providers=["CPUExecutionProvider"])
        expected = call(*map(tf.constant, arrays)).numpy()
        feeds = dict(zip([each.name for each in model.inputs], arrays, strict=True))
        (found,) = session.run(None, {each.name: feeds[each.name] for each in session.get_inputs()})
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
        fits = np.isfinite(expected)
        difference = np.abs(found[fits].astype(np.float64) - expected[fits].astype(np.float64)) / np.maximum(1, np.abs(expected[fits]))
        return float(difference.max(initial=0))

    return compare


RNG = np.random.default_rng(0)
WIDE = np.concatenate([RNG.normal(0, scale, 20) for scale in (1e-6, 1e-2, 1, 30)] + [[0, -0.0, 1, -1]]).astype(np.float32)
POSITIVE = np.abs(WIDE)
INTEGERS = RNG.integers(-9, 9, 40).astype(np.int32)
DIVISORS = np.where(RNG.random(40) < 0.5, RNG.integers(1, 5, 40), RNG.integers(-5, 0, 40)).astype(np.int32)
ROWS = RNG.normal(size=(5, 3)).astype(np.float32)
COLOURS = np.concatenate([RNG.random((60, 3)), RNG.integers(0, 2, (20, 3)), np.full((1, 3), 0.5)]).astype(np.float32)
SPARSE = np.where(RNG.random(WIDE.shape) < 0.4, 0, WIDE).astype(np.float32)

CASES: dict[str, tuple[Callable[[Any], Callable[..., Any]], tuple[Any, ...]]] = {
    "Erfc": (lambda raw: lambda x: raw.Erfc(x=x), (WIDE,)),
    "Expm1": (lambda raw: lambda x: raw.Expm1(x=x), (WIDE,)),
    "Log1p": (lambda raw: lambda x: raw.Log1p(x=x), (POSITIVE,)),
    "Xdivy": (lambda raw: lambda x, y: raw.Xdivy(x=x, y=y), (SPARSE, np.roll(SPARSE, 1))),
    "Xlogy": (lambda raw: lambda x, y: raw.Xlogy(x=x, y=y), (SPARSE, np.abs(np.roll(SPARSE, 1)))),
    "Xlog1py": (lambda raw: lambda x, y: raw.Xlog1py(x=x, y=y), (SPARSE, POSITIVE)),
    "MulNoNan": (lambda raw: lambda x, y: raw.MulNoNan(x=1 / x, y=y), (SPARSE, SPARSE)),
    "Inv": (lambda raw: lambda x: raw.Inv(x=x), (POSITIVE + 1,)),
    "TruncateMod": (lambda raw: lambda x, y: raw.TruncateMod(x=x, y=y), (INTEGERS, DIVISORS)),
    "ApproximateEqual": (lambda raw: lambda x, y: raw.ApproximateEqual(x=x, y=y, tolerance=0.5), (WIDE, np.roll(WIDE, 1))),
    "Bucketize": (lambda raw: lambda x: raw.Bucketize(input=x, boundaries=[-1.0, 0.0, 0.5, 20.0]), (WIDE,)),
    "Bucketize of integers": (lambda raw: lambda x: raw.Bucketize(input=x, boundaries=[-1.0, 0.0, 0.5, 5.0]), (INTEGERS.reshape(-1, 4),)),
    "LowerBound": (lambda raw: lambda table, x: raw.LowerBound(sorted_inputs=table, values=x), (np.sort(ROWS), ROWS[:, :2])),
    "UpperBound": (lambda raw: lambda table, x: raw.UpperBound(sorted_inputs=table, values=x), (np.sort(ROWS), np.sort(ROWS)[:, :2])),
    "L2Loss": (lambda raw: lambda x: raw.L2Loss(t=x), (ROWS,)),
    "EuclideanNorm": (lambda raw: lambda x: raw.EuclideanNorm(input=x, axis=[-1], keep_dims=True), (ROWS,)),
    "Cross": (lambda raw: lambda x, y: raw.Cross(a=x, b=y), (ROWS, np.roll(ROWS, 1))),
    "Diag": (lambda raw: lambda x: raw.Diag(diagonal=x), (WIDE,)),
    "DiagPart": (lambda raw: lambda x: raw.DiagPart(input=raw.MatMul(a=x, b=x, transpose_b=True)), (ROWS,)),
    "LinSpace": (lambda raw: lambda x: raw.LinSpace(start=x[0], stop=x[1], num=7), (ROWS[0],)),
    "Snapshot": (lambda raw: lambda x: raw.Snapshot(input=x) * 2, (ROWS,)),
    "RGBToHSV": (lambda raw: lambda x: raw.RGBToHSV(images=x), (COLOURS,)),
    "HSVToRGB": (lambda raw: lambda x: raw.HSVToRGB(images=x), (COLOURS,)),
    "SigmoidGrad": (lambda raw: lambda y, dy: raw.SigmoidGrad(y=y, dy=dy), (ROWS, ROWS + 1)),
    "TanhGrad": (lambda raw: lambda y, dy: raw.TanhGrad(y=y, dy=dy), (ROWS, ROWS + 1)),
    "ReluGrad": (lambda raw: lambda dy, x: raw.ReluGrad(gradients=dy, features=x), (ROWS, ROWS - 0.2)),
    "ReciprocalGrad": (lambda raw: lambda y, dy: raw.ReciprocalGrad(y=y, dy=dy), (ROWS, ROWS + 1)),
    "SqrtGrad": (lambda raw: lambda y, dy: raw.SqrtGrad(y=y, dy=dy), (np.abs(ROWS) + 1, ROWS)),
    "RsqrtGrad": (lambda raw: lambda y, dy: raw.RsqrtGrad(y=y, dy=dy), (np.abs(ROWS), ROWS)),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_tensorflow(differ: Callable[..., float], tf: Any, name: str) -> None:
    make, arrays = CASES[name]
    assert differ(make(tf.raw_ops), *arrays) < 2e-6


def test_segments(differ: Callable[..., float], tf: Any) -> None:
    places = np.array([0, 2, 0, 2, 2], np.int32)
    assert differ(lambda x, where: tf.math.unsorted_segment_mean(x, where, 4), ROWS, places) < 1e-6


def test_a_slice_in_its_place(differ: Callable[..., float], tf: Any) -> None:
    def call(x: Any) -> Any:
        return tf.raw_ops.TensorStridedSliceUpdate(input=x, begin=[1, 0], end=[0, 3], strides=[2, 2], value=-x[1::2, ::2], end_mask=1)

    assert differ(call, ROWS) == 0


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_grouped_convolutions(differ: Callable[..., float], keras: Any, padding: str) -> None:
    flat = keras.layers.Conv2D(6, 3, groups=2, strides=2, padding=padding)
    deep = keras.layers.Conv3D(4, 2, groups=4, padding=padding)
    for layer, shape in ((flat, (2, 7, 9, 4)), (deep, (2, 4, 5, 6, 4))):
        layer.build(shape)
        assert differ(lambda x, layer=layer: layer(x), RNG.normal(size=shape).astype(np.float32)) < 1e-5


def test_what_is_not_chosen_does_not_show(differ: Callable[..., float], tf: Any) -> None:
    assert differ(lambda x: tf.where(x == 0, tf.zeros_like(x), 1 / x), SPARSE) < 1e-6
    assert differ(lambda x: tf.compat.v1.where(x[:, 0] > 0, x, tf.math.log(-x[:, :1]) + x), ROWS) < 1e-6


def test_inside_branches_and_loops(differ: Callable[..., float], tf: Any) -> None:
    def call(x: Any) -> Any:
        bent = tf.cond(tf.reduce_sum(x) > 0, lambda: tf.math.expm1(x), lambda: tf.math.erfc(x))
        return tf.while_loop(lambda number, _kept: number < 3, lambda number, kept: (number + 1, tf.math.erfc(kept)), [0, bent])[1]

    assert differ(call, ROWS) < 1e-6
    assert differ(call, -ROWS) < 1e-6


def test_one_of_several_branches(differ: Callable[..., float], tf: Any) -> None:
    def call(which: Any, x: Any) -> Any:
        return tf.switch_case(which, [lambda: x, lambda: -x, lambda: x * 2])

    for which in (-1, 0, 1, 2, 3):
        assert differ(call, np.array(which, np.int32), ROWS) == 0


def test_small_values_keep_their_digits(differ: Callable[..., float], tf: Any) -> None:
    small = np.array([1e-8, -3e-7, 2e-5], np.float32)
    assert differ(lambda x: tf.math.expm1(x) * 1e6, small) < 1e-5
    assert differ(lambda x: tf.math.log1p(x) * 1e6, small) < 1e-5
