"""Graphs that ONNX Runtime would answer wrongly or too roughly are rewritten; each test shows the quirk on the graph as it was."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from converter.graph.quirks import sidestep

HEADER = '<ir_version: 10, opset_import: ["" : {opset}]>'
POOLING = """
main (float[b,2,h,w] x) => (float[b,2,i,j] y) <int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1}, float zero = {0.0}>
{
    small = Neg(x)
    padded = Pad(small, pads, zero)
    y = MaxPool<kernel_shape=[3, 3], strides=[2, 2]>(padded)
}
"""
TRANSFORM = """
main (float[b,n,1] x) => (float[b,m,2] y)
{
    scaled = Abs(x)
    y = DFT<axis=1, onesided=1>(scaled)
}
"""
NEWER_TRANSFORM = TRANSFORM.replace("DFT<axis=1, onesided=1>(scaled)", "DFT<onesided=1>(scaled, , axis)").replace("{\n", "<int64 axis = {1}>\n{\n", 1)
WINDOWS = """
main (float[b,n,1] x) => (float[b,f,201,2] y) <int64 step = {160}, int64 length = {400}>
{
    ones = ConstantOfShape<value = float[1] {1.0}>(size)
    y = STFT<onesided=1>(x, step, ones, length)
}
""".replace("int64 length = {400}>", "int64 length = {400}, int64[1] size = {400}>")


def read(text: str, opset: int = 20) -> onnx.ModelProto:
    model = onnx.parser.parse_model(HEADER.format(opset=opset) + text)
    return onnx.shape_inference.infer_shapes(model)


def sidestepped(model: onnx.ModelProto) -> onnx.ModelProto:
    graph = ir.from_proto(model)
    sidestep(graph)
    written = ir.to_proto(graph)
    onnx.checker.check_model(written, full_check=True)
    return written


def answer(model: onnx.ModelProto, feeds: Mapping[str, np.ndarray], *, plainly: bool = False) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    if plainly:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    found: np.ndarray = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, dict(feeds))[0]
    return found


@pytest.mark.parametrize("opset", [13, 20])
def test_padding_before_a_maximum(opset: int) -> None:
    model = read(POOLING, opset)
    feeds = {"x": np.random.default_rng(0).random((2, 2, 7, 8), np.float32) + 1}
    wanted = answer(model, feeds, plainly=True)
    assert not np.array_equal(answer(model, feeds), wanted), "this ONNX Runtime no longer has the quirk"
    np.testing.assert_array_equal(answer(sidestepped(model), feeds), wanted)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("strides=[2, 2]", "strides=[2, 2], ceil_mode=1"),
        ("strides=[2, 2]", "strides=[2, 2], pads=[1, 0, 0, 1]"),
        ("strides=[2, 2]", 'strides=[2, 2], auto_pad="SAME_UPPER"'),
        ("Pad(small, pads, zero)", "Neg(small)"),
    ],
)
def test_other_maxima_stay(before: str, after: str) -> None:
    model = read(POOLING.replace(before, after))
    assert [node.attribute for node in sidestepped(model).graph.node] == [node.attribute for node in model.graph.node]


@pytest.mark.parametrize(("text", "opset"), [(TRANSFORM, 17), (TRANSFORM, 19), (NEWER_TRANSFORM, 20)])
def test_a_transform_of_a_free_length(text: str, opset: int) -> None:
    model = read(text, opset)
    x = np.random.default_rng(0).standard_normal((2, 1009, 1)).astype(np.float32)
    wanted = np.fft.rfft(np.abs(x[..., 0]).astype(np.float64), axis=1)
    wanted = np.stack([wanted.real, wanted.imag], -1)
    scale = np.abs(wanted).max()
    assert np.abs(answer(model, {"x": x}) - wanted).max() > 1e-5 * scale, "this ONNX Runtime no longer has the quirk"
    written = sidestepped(model)
    assert [each.name for each in written.graph.output] == ["y"]
    assert np.abs(answer(written, {"x": x}) - wanted).max() < 1e-6 * scale


def test_a_transform_of_windows() -> None:
    model = read(WINDOWS)
    x = np.random.default_rng(0).standard_normal((1, 1000, 1)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(x[0, :, 0].astype(np.float64), 400)[::160]
    wanted = np.fft.rfft(frames)
    found = answer(sidestepped(model), {"x": x})[0]
    assert np.abs(found[..., 0] + 1j * found[..., 1] - wanted).max() < 1e-6 * np.abs(wanted).max()


@pytest.mark.parametrize("text", [TRANSFORM.replace("b,n,1", "b,512,1"), TRANSFORM.replace("float[", "double[")])
def test_a_transform_that_is_exact_enough_stays(text: str) -> None:
    model = read(text, 17)
    assert [node.op_type for node in sidestepped(model).graph.node] == [node.op_type for node in model.graph.node]


def filtered(taps: np.ndarray, attributes: str, shape: str = "1,1,{0}", x: str = "b,1,n") -> onnx.ModelProto:
    """A convolution with a long filter and a bias."""
    weight = f"float[{shape.format(taps.size)}] w = {{{', '.join(map(repr, taps.tolist()))}}}"
    return read(
        f"main (float[{x}] x) => (float[{','.join('bcde'[: x.count(',') + 1])}] y) <{weight}, float[1] bias = {{0.5}}> {{ y = Conv{attributes}(x, w, bias) }}"
    )


@pytest.mark.parametrize("seed", range(30))
def test_a_long_filter_of_one_channel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    length, stride, dilation, before, after = rng.integers([128, 1, 1, 0, 0], [1000, 9, 4, 50, 50])
    taps = (np.hanning(length) * rng.standard_normal(length)).astype(np.float32)
    model = filtered(taps, f"<strides=[{stride}], dilations=[{dilation}], pads=[{before}, {after}]>")
    written = sidestepped(model)
    assert [node.op_type for node in written.graph.node if node.op_type == "Conv"] == ["Conv", "Conv"]
    x = rng.uniform(-1, 1, (2, 1, int(length * dilation + rng.integers(1, 500)))).astype(np.float32)
    padded = np.pad(x[:, 0].astype(np.float64), ((0, 0), (before, after)))
    wanted = np.lib.stride_tricks.sliding_window_view(padded, (length - 1) * dilation + 1, 1)[:, ::stride, ::dilation] @ taps + 0.5
    found = answer(written, {"x": x})[:, 0]
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=3e-7 * np.abs(taps).sum())


def test_a_long_filter_is_summed_more_exactly() -> None:
    taps = (np.hanning(256) * np.sinc((np.arange(256) - 127.5) / 2)).astype(np.float32)
    model = filtered(taps, "<strides=[1, 2]>", "1,1,1,{0}", "b,1,h,n")
    x = np.random.default_rng(0).uniform(-1, 1, (1, 1, 1, 20000)).astype(np.float32)
    wanted = np.lib.stride_tricks.sliding_window_view(x[0, 0, 0].astype(np.float64), 256)[::2] @ taps + 0.5
    before, after = (np.std(answer(each, {"x": x})[0, 0, 0] - wanted) for each in (model, sidestepped(model)))
    assert before > 1.5 * after, "this ONNX Runtime no longer has the quirk"


@pytest.mark.parametrize("padding", ["SAME_UPPER", "SAME_LOWER", "VALID"])
def test_a_long_filter_with_automatic_padding(padding: str) -> None:
    model = filtered(np.random.default_rng(0).standard_normal(130).astype(np.float32), f'<auto_pad="{padding}">')
    x = np.random.default_rng(1).standard_normal((2, 1, 300)).astype(np.float32)
    written = sidestepped(model)
    assert len(written.graph.node) > len(model.graph.node)
    np.testing.assert_allclose(answer(written, {"x": x}), answer(model, {"x": x}), atol=1e-4)


@pytest.mark.parametrize(
    ("taps", "attributes"),
    [(127, ""), (512, "<strides=[256]>"), (256, '<auto_pad="SAME_UPPER", strides=[2]>')],
    ids=["short", "wide strides", "unknown padding"],
)
def test_other_filters_stay(taps: int, attributes: str) -> None:
    written = sidestepped(filtered(np.ones(taps, np.float32), attributes))
    assert [list(node.input) for node in written.graph.node] == [["x", "w", "bias"]]
