# ruff: noqa: ARG005 - all are made and called alike
"""Every rule of a backend function against Keras itself: values, shapes and dtypes, at several sizes of free axes."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

Make = Callable[[Any], Callable[..., Any]]
Draw = Callable[[np.random.Generator, int], list[np.ndarray]]

# What a function is given: rows [n, 4], columns of numbers, whole numbers, images of free sizes, signals.


def rows(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.normal(0, 2, (n, 4)).astype(np.float32)]


def positive(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.uniform(0.1, 3, (n, 4)).astype(np.float32)]


def inside(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.uniform(-0.9, 0.9, (n, 4)).astype(np.float32)]


def pairs(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.normal(0, 2, (n, 4)).astype(np.float32), rng.normal(0, 2, (n, 4)).astype(np.float32)]


def whole(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.integers(-5, 6, (n, 4)).astype(np.int32)]


def two_wholes(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.integers(-9, 10, (n, 4)).astype(np.int32), rng.choice([-3, -2, -1, 1, 2, 5], (n, 4)).astype(np.int32)]


def places(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.integers(0, 4, (n, 3)).astype(np.int32)]


def truths(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.random((n, 4)) < 0.5, rng.random((n, 4)) < 0.5]


def blocks(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.normal(size=(n, 3, 4)).astype(np.float32)]


def several(before: Any, each: Any) -> Any:
    """A step of a scan that carries a matrix and a row, and gives as much."""
    return (before[0] + each[0], before[1] * 0.5 + each[1]), (before[0], before[1] + before[0][1])


def turned(ops: Any, x: Any) -> tuple[Any, Any]:
    """Two sequences of a known length: TensorFlow scans no two of a free one."""
    found = ops.transpose(x, (1, 0, 2))
    return found, found[:, 0]


def images(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.uniform(0, 255, (2, n + 4, n + 6, 3)).astype(np.float32)]


def bytes_of_images(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.integers(0, 256, (2, n + 4, n + 6, 3)).astype(np.uint8)]


def odd(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.choice(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5], np.float32), (n, 4))]


def signals(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [rng.normal(size=(n, 64)).astype(np.float32)]


def called(name: str, **arguments: Any) -> Make:
    """A function by its name in keras.ops."""
    return lambda ops: lambda x: getattr(ops, name)(x, **arguments)


def resized(size: tuple[int, int], interpolation: str) -> Make:
    return lambda ops: lambda x: ops.image.resize(x, size, interpolation=interpolation)


def of_backend(module: str, name: str) -> Make:
    return lambda ops: lambda x: getattr(importlib.import_module(f"keras.src.backend.tensorflow.{module}"), name)(x)


CASES: list[tuple[str, Make, Draw]] = [
    # arithmetic
    ("add", lambda ops: lambda x, y: x + y, pairs),
    ("subtract a number", lambda ops: lambda x: 1 - x, rows),
    ("multiply by rows", lambda ops: lambda x: x * np.arange(4, dtype=np.float32), rows),
    ("maximum", lambda ops: ops.maximum, pairs),
    ("minimum of wholes", lambda ops: lambda x: ops.minimum(x, 2), whole),
    ("power", lambda ops: lambda x: x**2.5, positive),
    ("power of whole numbers", lambda ops: lambda x: x**2, whole),
    ("divide", lambda ops: lambda x, y: x / y, pairs),
    ("divide whole numbers", lambda ops: lambda x, y: x / y, two_wholes),
    ("divide_no_nan", lambda ops: lambda x, y: ops.divide_no_nan(x, ops.round(y / 3)), pairs),
    ("floor_divide", lambda ops: lambda x, y: x // y, pairs),
    ("floor_divide whole numbers", lambda ops: lambda x, y: x // y, two_wholes),
    ("mod", lambda ops: lambda x, y: x % y, pairs),
    ("mod whole numbers", lambda ops: lambda x, y: x % y, two_wholes),
    ("arctan2", lambda ops: ops.arctan2, pairs),
    ("logaddexp", lambda ops: ops.logaddexp, pairs),
    ("hypot", lambda ops: ops.hypot, pairs),
    ("greater", lambda ops: lambda x, y: x > y, pairs),
    ("less_equal of wholes", lambda ops: lambda x, y: x <= y, two_wholes),
    ("equal", lambda ops: lambda x: ops.equal(x, 2), whole),
    ("not_equal of bools", lambda ops: ops.not_equal, truths),
    ("isclose", lambda ops: lambda x: ops.isclose(x, ops.round(x), atol=0.2), rows),
    ("logical_and", lambda ops: lambda x, y: x & y, truths),
    ("logical_or", lambda ops: lambda x, y: x | y, truths),
    ("logical_xor", lambda ops: lambda x, y: x ^ y, truths),
    ("logical_not", lambda ops: lambda x, y: ops.logical_and(~x, y), truths),
    ("where", lambda ops: lambda x, y: ops.where(x > 0, y, 0.0), pairs),
    ("where of whole numbers", lambda ops: lambda x, y: ops.where(x > 0, y, 7), two_wholes),
    ("absolute", lambda ops: ops.abs, rows),
    ("sign", lambda ops: ops.sign, odd),
    ("square of bools", lambda ops: lambda x, y: ops.square(x), truths),
    ("negative", lambda ops: lambda x: -x, whole),
    ("reciprocal", lambda ops: ops.reciprocal, positive),
    ("exp", lambda ops: ops.exp, rows),
    ("exp of whole numbers", lambda ops: ops.exp, whole),
    ("exp2", lambda ops: ops.exp2, rows),
    ("expm1", lambda ops: lambda x: ops.expm1(x * 1e-3), rows),
    ("log", lambda ops: ops.log, positive),
    ("log1p", lambda ops: lambda x: ops.log1p(x * 1e-4), positive),
    ("log2", lambda ops: ops.log2, positive),
    ("log10", lambda ops: ops.log10, positive),
    ("sqrt", lambda ops: ops.sqrt, positive),
    ("rsqrt", lambda ops: ops.rsqrt, positive),
    ("cbrt", lambda ops: ops.cbrt, positive),
    ("erf", lambda ops: ops.erf, rows),
    *[(name, called(name), rows) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "arcsinh", "ceil", "floor", "trunc")],
    *[(name, called(name), inside) for name in ("arcsin", "arccos", "arctanh")],
    ("arccosh", lambda ops: lambda x: ops.arccosh(x + 1), positive),
    *[(name, called(name), odd) for name in ("isnan", "isinf", "isfinite", "nan_to_num")],
    ("round", lambda ops: ops.round, rows),
    ("round to digits", lambda ops: lambda x: ops.round(x, 2), rows),
    ("clip", lambda ops: lambda x: ops.clip(x, -1, 1), rows),
    ("cast down", lambda ops: lambda x: ops.cast(x, "int32"), rows),
    ("cast to bool", lambda ops: lambda x: ops.cast(x, "bool"), whole),
    ("float16", lambda ops: lambda x: ops.cast(x, "float16") * 2, rows),
    ("bfloat16", lambda ops: lambda x: ops.cast(ops.exp(ops.cast(x, "bfloat16")), "float32"), rows),
    ("uint8 wraps", lambda ops: lambda x: ops.cast(x, "uint8") + ops.cast(200, "uint8"), whole),
    # activations
    *[
        (name, called(name), rows)
        for name in (
            "relu",
            "relu6",
            "sigmoid",
            "softplus",
            "softsign",
            "silu",
            "selu",
            "elu",
            "celu",
            "gelu",
            "leaky_relu",
            "log_sigmoid",
            "hard_sigmoid",
            "hard_silu",
            "hard_tanh",
            "tanh_shrink",
            "soft_shrink",
            "hard_shrink",
            "squareplus",
            "sparse_plus",
            "sparse_sigmoid",
            "softmax",
            "log_softmax",
            "glu",
            "sparsemax",
        )
    ],
    ("exact gelu", lambda ops: lambda x: ops.gelu(x, approximate=False), rows),
    ("softmax of everything", lambda ops: lambda x: ops.softmax(x, axis=None), rows),
    ("softmax of a middle axis", lambda ops: lambda x: ops.softmax(x, axis=1), blocks),
    ("threshold", lambda ops: lambda x: ops.threshold(x, 0.5, -1.0), rows),
    # shapes
    ("reshape", lambda ops: lambda x: ops.reshape(x, (-1, 2, 6)), blocks),
    ("reshape by its own size", lambda ops: lambda x: ops.reshape(x, (ops.shape(x)[0] * 3, 4)), blocks),
    ("transpose", lambda ops: lambda x: ops.transpose(x, (2, 0, 1)), blocks),
    ("swapaxes", lambda ops: lambda x: ops.swapaxes(x, 1, 2), blocks),
    ("moveaxis", lambda ops: lambda x: ops.moveaxis(x, 0, -1), blocks),
    ("expand_dims", lambda ops: lambda x: ops.expand_dims(x, (0, 2)), blocks),
    ("squeeze", lambda ops: lambda x: ops.squeeze(x[:, :1], 1), blocks),
    ("concatenate", lambda ops: lambda x, y: ops.concatenate([x, y, np.ones((2, 4), np.float32)], axis=0), pairs),
    ("stack", lambda ops: lambda x, y: ops.stack([x, y], axis=1), pairs),
    ("hstack", lambda ops: lambda x, y: ops.hstack([x, y]), pairs),
    ("split", lambda ops: lambda x: ops.split(x, 2, axis=1)[1], rows),
    ("split at places", lambda ops: lambda x: ops.split(x, [1, 3], axis=1)[1], rows),
    ("unstack", lambda ops: lambda x: ops.unstack(x, axis=1)[2], blocks),
    ("tile", lambda ops: lambda x: ops.tile(x, (2, 1, 3)), blocks),
    ("repeat", lambda ops: lambda x: ops.repeat(x, 3, axis=1), blocks),
    ("flip", lambda ops: lambda x: ops.flip(x, 1), blocks),
    ("flip twice", lambda ops: lambda x: ops.flip(ops.flip(x, 1), 1) + 1, blocks),
    ("roll", lambda ops: lambda x: ops.roll(x, 2, axis=1), blocks),
    ("roll a free axis", lambda ops: lambda x: ops.roll(x, -1, axis=0), blocks),
    ("pad", lambda ops: lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 3)), constant_values=0.5), blocks),
    ("pad reflected", lambda ops: lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 3)), mode="reflect"), blocks),
    ("pad symmetric", lambda ops: lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 3)), mode="symmetric"), blocks),
    ("broadcast_to", lambda ops: lambda x: ops.broadcast_to(ops.expand_dims(x, 1), (ops.shape(x)[0], 3, 4)), rows),
    ("rot90", lambda ops: lambda x: ops.rot90(x, 1, (1, 2)), blocks),
    ("rot270", lambda ops: lambda x: ops.rot90(x, 3, (1, 2)), blocks),
    ("tril", lambda ops: lambda x: ops.tril(x, 1), blocks),
    ("triu", lambda ops: lambda x: ops.triu(x, -1), blocks),
    ("ravel", lambda ops: ops.ravel, blocks),
    # places
    ("a number", lambda ops: lambda x: x[:, 1], blocks),
    ("a negative number", lambda ops: lambda x: x[..., -1], blocks),
    ("slices", lambda ops: lambda x: x[1:, ::2, -3:-1], blocks),
    ("new axes", lambda ops: lambda x: x[:, None, ..., None], blocks),
    ("a reverse", lambda ops: lambda x: x[:, ::-1], blocks),
    ("a list of places", lambda ops: lambda x: ops.take(x, [2, 0], axis=1), blocks),
    ("take", lambda ops: lambda i: ops.take(np.arange(8, dtype=np.float32).reshape(4, 2), i, axis=0), places),
    ("take of everything", lambda ops: lambda x: ops.take(x, [1, 2]), rows),
    ("take_along_axis", lambda ops: lambda x: ops.take_along_axis(x, ops.argsort(x, axis=1), axis=1), rows),
    ("one_hot", lambda ops: lambda i: ops.one_hot(i, 5), places),
    ("one_hot of another axis", lambda ops: lambda i: ops.one_hot(i, 5, axis=1, dtype="int32"), places),
    ("multi_hot", lambda ops: lambda i: ops.multi_hot(i, 5), places),
    ("slice", lambda ops: lambda x: ops.slice(x, (0, 1, 1), (1, 2, 3)), blocks),
    ("slice_update", lambda ops: lambda x: ops.slice_update(x, (0, 1, 2), np.ones((1, 2, 1), np.float32)), blocks),
    ("scatter", lambda ops: lambda x: ops.scatter([[0], [2], [0]], ops.reshape(x[0], (3, 4)), (4, 4)), blocks),
    ("scatter_update", lambda ops: lambda x: ops.scatter_update(x, [[0, 1], [0, 2]], np.ones((2, 4), np.float32)), blocks),
    ("diagonal", lambda ops: lambda x: ops.diagonal(x, 1, 1, 2), blocks),
    ("trace", lambda ops: lambda x: ops.trace(x, 0, 1, 2), blocks),
    # making
    ("zeros_like", lambda ops: lambda x: ops.zeros_like(x) + ops.ones((ops.shape(x)[0], 1, 1)), blocks),
    ("full_like", lambda ops: lambda x: ops.full_like(x, 3), whole),
    ("arange", lambda ops: lambda x: ops.arange(ops.shape(x)[0]), blocks),
    ("eye", lambda ops: lambda x: x @ ops.eye(4), blocks),
    ("linspace", lambda ops: lambda x: ops.linspace(x, x + 2, 5), rows),
    # reductions
    *[
        (
            f"{name} {axis} {keep}",
            called(name, axis=axis, keepdims=keep),
            blocks,
        )
        for name in ("sum", "mean", "max", "min", "prod", "var", "std", "logsumexp")
        for axis, keep in ((None, False), (1, True), ((0, 2), False))
    ],
    ("sum of bools", lambda ops: lambda x, y: ops.sum(x, axis=1), truths),
    ("mean of whole numbers", lambda ops: lambda x: ops.mean(x, axis=0), whole),
    ("any", lambda ops: lambda x, y: ops.any(x, axis=1), truths),
    ("all", lambda ops: lambda x, y: ops.all(y, axis=-1, keepdims=True), truths),
    ("count_nonzero", lambda ops: lambda x: ops.count_nonzero(x, axis=1), whole),
    ("average", lambda ops: lambda x, y: ops.average(x, axis=1, weights=y * y), pairs),
    ("argmax", lambda ops: lambda x: ops.argmax(x, axis=1), blocks),
    ("argmin of everything", lambda ops: ops.argmin, blocks),
    ("argmax that stays", lambda ops: lambda x: ops.argmax(x, axis=-1, keepdims=True), blocks),
    ("cumsum", lambda ops: lambda x: ops.cumsum(x, axis=1), blocks),
    ("cumprod", lambda ops: lambda x: ops.cumprod(x, axis=2), blocks),
    ("norm", lambda ops: lambda x: ops.norm(x, axis=-1), blocks),
    ("norm 1", lambda ops: lambda x: ops.norm(x, ord=1, axis=1, keepdims=True), blocks),
    ("norm inf", lambda ops: lambda x: ops.norm(x, ord=np.inf, axis=1), blocks),
    ("segment_sum", lambda ops: lambda x: ops.segment_sum(ops.transpose(x), np.array([0, 1, 0, 2]), num_segments=3), rows),
    ("moments", lambda ops: lambda x: ops.moments(x, axes=[1])[1], blocks),
    # products
    ("matmul", lambda ops: lambda x: x @ np.arange(8, dtype=np.float32).reshape(4, 2), blocks),
    ("matmul with a vector", lambda ops: lambda x: ops.matmul(x, np.arange(4, dtype=np.float32)), blocks),
    ("matmul of two", lambda ops: lambda x: x @ ops.swapaxes(x, 1, 2), blocks),
    ("dot", lambda ops: lambda x: ops.dot(x, np.ones((4, 2), np.float32)), blocks),
    ("tensordot", lambda ops: lambda x: ops.tensordot(x, np.ones((3, 4, 2), np.float32), axes=2), blocks),
    ("einsum by a constant", lambda ops: lambda x: ops.einsum("btd,dnh->btnh", x, np.arange(24, dtype=np.float32).reshape(4, 2, 3) / 9), blocks),
    ("einsum back", lambda ops: lambda x: ops.einsum("bnh,nhd->bd", x, np.arange(24, dtype=np.float32).reshape(3, 4, 2) / 9), blocks),
    ("einsum of two", lambda ops: lambda x: ops.einsum("bij,bkj->bik", x, x), blocks),
    ("einsum with dots", lambda ops: lambda x: ops.einsum("...ij->...ji", x), blocks),
    ("outer", lambda ops: lambda x: ops.outer(x[:, 0], x[0]), rows),
    ("cross", lambda ops: lambda x, y: ops.cross(x[:, :3], y[:, :3]), pairs),
    # order
    ("sort", lambda ops: lambda x: ops.sort(x, axis=1), blocks),
    ("argsort", lambda ops: lambda x: ops.argsort(x, axis=-1), blocks),
    ("top_k", lambda ops: lambda x: ops.top_k(x, 2)[0], rows),
    ("places of top_k", lambda ops: lambda x: ops.top_k(x, 2)[1], rows),
    ("in_top_k", lambda ops: lambda x: ops.in_top_k(ops.zeros((ops.shape(x)[0],), dtype="int32"), x, 2), rows),
    ("searchsorted", lambda ops: lambda x: ops.searchsorted(np.array([-1, 0, 1.5], np.float32), x[:, 0]), rows),
    ("digitize", lambda ops: lambda x: ops.digitize(x, np.array([-1, 0, 1.5], np.float32)), rows),
    ("median", lambda ops: lambda x: ops.median(x, axis=1), rows),
    ("quantile", lambda ops: lambda x: ops.quantile(x, 0.3, axis=1, keepdims=True), rows),
    # images
    *[
        (f"resize {how} {size}", resized(size, how), images)
        for how in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        for size in ((5, 13), (16, 3))
    ],
    ("resize with antialias", lambda ops: lambda x: ops.image.resize(x, (3, 4), antialias=True), images),
    ("resize a crop", lambda ops: lambda x: ops.image.resize(x, (8, 3), crop_to_aspect_ratio=True), images),
    ("resize with edges", lambda ops: lambda x: ops.image.resize(x, (8, 4), pad_to_aspect_ratio=True, fill_value=7.0), images),
    ("resize bytes", lambda ops: lambda x: ops.image.resize(x, (9, 9), interpolation="nearest"), bytes_of_images),
    ("resize one", lambda ops: lambda x: ops.image.resize(x[0], (5, 5)), images),
    ("grayscale", lambda ops: ops.image.rgb_to_grayscale, images),
    ("depth_to_space", lambda ops: lambda x: ops.depth_to_space(ops.concatenate([x, x + 1, x * 2, -x], -1), 2), images),
    ("space_to_depth", lambda ops: lambda x: ops.space_to_depth(ops.concatenate([x, x + 1], 1)[:, :, :6], 2), images),
    ("unfold", lambda ops: lambda x: ops.unfold(ops.reshape(x[:2], (2, 1, 3, 4)), 2, padding=1), blocks),
    ("convolution", lambda ops: lambda x: ops.conv(x, np.ones((3, 3, 3, 2), np.float32), strides=2, padding="same"), images),
    ("grouped convolution", lambda ops: lambda x: ops.conv(x, np.arange(27, dtype=np.float32).reshape(3, 3, 1, 3)), images),
    ("depthwise", lambda ops: lambda x: ops.depthwise_conv(x, np.arange(54, dtype=np.float32).reshape(3, 3, 3, 2) / 99, dilation_rate=2), images),
    ("separable", lambda ops: lambda x: ops.separable_conv(x, np.ones((3, 3, 3, 1), np.float32), np.ones((1, 1, 3, 2), np.float32)), images),
    (
        "transposed convolution",
        lambda ops: lambda x: ops.conv_transpose(x, np.arange(54, dtype=np.float32).reshape(3, 3, 2, 3) / 99, strides=2),
        images,
    ),
    ("adaptive mean", lambda ops: lambda x: ops.adaptive_average_pool(x, 2), blocks),
    ("adaptive max", lambda ops: lambda x: ops.adaptive_max_pool(x, 2), blocks),
    ("max_pool", lambda ops: lambda x: ops.max_pool(x, 3, 2, "same"), images),
    ("average_pool", lambda ops: lambda x: ops.average_pool(x, (2, 3), 2, "same"), images),
    # signals
    ("extract_sequences", lambda ops: lambda x: ops.extract_sequences(x, 16, 5), signals),
    ("rfft", lambda ops: lambda x: ops.rfft(x)[1], signals),
    ("rfft of fewer", lambda ops: lambda x: ops.rfft(x, 32)[0], signals),
    ("fft", lambda ops: lambda x: ops.fft((x, x * 0))[0], signals),
    ("rfft of more", lambda ops: lambda x: ops.rfft(x, 80)[1], signals),
    ("rfft of a free axis", lambda ops: lambda x: ops.rfft(ops.transpose(x, (1, 2, 0)))[1], blocks),
    ("rfft of a free axis, cut", lambda ops: lambda x: ops.rfft(ops.transpose(x, (1, 2, 0)), 3)[0], blocks),
    ("irfft", lambda ops: lambda x: ops.irfft((x, x * 0.5)), signals),
    ("irfft of fewer", lambda ops: lambda x: ops.irfft((x, x + 1), 15), signals),
    ("irfft of a free axis", lambda ops: lambda x: ops.irfft((ops.transpose(x, (1, 2, 0)), ops.transpose(x, (1, 2, 0)))), blocks),
    ("fft of a free axis", lambda ops: lambda x: ops.fft((ops.transpose(x), ops.transpose(x + 1)))[1], rows),
    ("fft2 of a free axis", lambda ops: lambda x: ops.fft2((ops.transpose(x, (1, 0, 2)), x[0, 0, 0] * ops.transpose(x, (1, 0, 2))))[0], blocks),
    ("ifft2 of a free axis", lambda ops: lambda x: ops.ifft2((ops.transpose(x, (1, 0, 2)), ops.transpose(x, (1, 0, 2))))[0], blocks),
    ("istft", lambda ops: lambda x: ops.istft(ops.stft(x, 16, 8, 32), 16, 8, 32), signals),
    ("istft to a length", lambda ops: lambda x: ops.istft(ops.stft(x, 16, 4, 16, "hamming"), 16, 4, 16, length=30, window="hamming"), signals),
    ("istft as it is", lambda ops: lambda x: ops.istft((x, x * 0.5), 30, 7, 30, window=None, center=False), blocks),
    ("stft", lambda ops: lambda x: ops.stft(x, 16, 8, 32)[0], signals),
    ("fft2", lambda ops: lambda x: ops.fft2((x, x * 0))[0], blocks),
    ("ifft2", lambda ops: lambda x: ops.ifft2((x, x + 1))[1], blocks),
    # shapes and parts
    ("append", lambda ops: lambda x, y: ops.append(x, y, axis=0), pairs),
    ("array", lambda ops: lambda x: ops.array(x), rows),
    ("array_split", lambda ops: lambda x: ops.array_split(x, 3, axis=1)[1], rows),
    ("copy", lambda ops: ops.copy, rows),
    ("vstack", lambda ops: lambda x, y: ops.vstack([x, y]), pairs),
    ("size", lambda ops: lambda x: x * ops.cast(ops.size(x), "float32"), rows),
    ("ndim", lambda ops: lambda x: x * ops.ndim(x), rows),
    ("eye of a free size", lambda ops: lambda x: x + ops.eye(ops.shape(x)[0], 4), rows),
    ("empty", lambda ops: lambda x: ops.empty((ops.shape(x)[0], 4)) * 0 + x, rows),
    ("empty_like", lambda ops: lambda x: ops.empty_like(x) * 0 + x, rows),
    ("stop_gradient", lambda ops: ops.stop_gradient, rows),
    ("real and conjugate", lambda ops: lambda x: ops.real(ops.conjugate(x)) + ops.conj(x), rows),
    # further numbers
    ("tanh", lambda ops: ops.tanh, rows),
    ("erfc", lambda ops: ops.erfc, rows),
    ("amax", lambda ops: lambda x: ops.amax(x, axis=1), rows),
    ("amin", lambda ops: lambda x: ops.amin(x, axis=0, keepdims=True), rows),
    ("greater_equal", lambda ops: lambda x, y: x >= y, two_wholes),
    ("divide by name", lambda ops: ops.divide, two_wholes),
    ("bitwise", lambda ops: lambda x, y: ops.bitwise_xor(ops.bitwise_and(x, y), ops.bitwise_or(x, 3)), two_wholes),
    ("deg2rad", lambda ops: ops.deg2rad, rows),
    ("rad2deg", lambda ops: ops.rad2deg, rows),
    ("isposinf", lambda ops: ops.isposinf, odd),
    ("isneginf", lambda ops: ops.isneginf, odd),
    ("select", lambda ops: lambda x, y: ops.select([x > 1, x > 0], [x, y], -7.0), pairs),
    ("inner", lambda ops: ops.inner, pairs),
    ("vdot", lambda ops: ops.vdot, pairs),
    ("det", lambda ops: lambda x: ops.det(ops.matmul(ops.transpose(x, (0, 2, 1)), x) + ops.eye(4)), blocks),
    ("segment_max", lambda ops: lambda x: ops.segment_max(ops.transpose(x), np.array([0, 1, 0, 2]), num_segments=3), rows),
    ("segment_min", lambda ops: lambda x: ops.segment_min(ops.transpose(x), np.array([0, 1, 0, 2]), num_segments=3), rows),
    ("batch_normalization", lambda ops: lambda x: ops.batch_normalization(x, np.ones(4, "float32"), np.full(4, 2, "float32"), axis=-1), rows),
    ("dot_product_attention", lambda ops: lambda x: ops.dot_product_attention(*[ops.reshape(x, (-1, 3, 2, 2))] * 3), blocks),
    # what keras.ops has other names for
    ("abs of the backend", of_backend("numpy", "abs"), rows),
    ("conj of the backend", of_backend("numpy", "conj"), rows),
    ("tanh of the backend", of_backend("nn", "tanh"), rows),
    # branches and loops
    ("cond", lambda ops: lambda x: ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: x - 1), blocks),
    ("while_loop", lambda ops: lambda x: ops.while_loop(lambda v: ops.sum(ops.abs(v)) < 99, lambda v: (v * 2,), (x,))[0], blocks),
    ("scan", lambda ops: lambda x: ops.scan(lambda before, each: (before * 0.5 + each, before - each), x[0] * 0, x)[1], blocks),
    ("what a scan carries", lambda ops: lambda x: ops.scan(lambda before, each: (before * 0.5 + each, before), x[0] * 0, x, reverse=True)[0], blocks),
    ("scan backwards", lambda ops: lambda x: ops.scan(lambda before, each: (before * 0.5 + each,) * 2, x[0] * 0, x, reverse=True)[1], blocks),
    ("scan of several", lambda ops: lambda x: ops.scan(several, (x[:, 0] * 0, x[0, 0] * 0), turned(ops, x))[1][1], blocks),
    ("scan of none", lambda ops: lambda x: ops.scan(lambda before, _: (before * 0.5, before), x, length=3)[1], blocks),
    ("fori_loop", lambda ops: lambda x: ops.fori_loop(0, 3, lambda i, v: v * 2 + ops.cast(i, "float32"), x), blocks),
]


@pytest.fixture(scope="module")
def reached(keras: Any) -> Iterator[set[str]]:  # noqa: ARG001 - the rules are read once Keras is there
    """The names of the rules that the tests of this file have called."""
    from converter_tensorflow.tracing import tracing  # noqa: F401 - with every rule
    from converter_tensorflow.tracing.rules import functions

    names: set[str] = set()

    def noting(name: str, rule: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(rule)
        def noted(*args: Any, **kwargs: Any) -> Any:
            names.add(name)
            return rule(*args, **kwargs)

        return noted

    before = dict(functions)
    functions.update({name: noting(name, rule) for name, rule in before.items()})
    yield names
    functions.update(before)


@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize(("make", "draw"), [pytest.param(make, draw, id=name) for name, make, draw in CASES])
def test_agrees_with_keras(keras: Any, traced: Callable[..., tuple[Path, str | None]], make: Make, draw: Draw) -> None:
    rng = np.random.default_rng(0)
    function = make(keras.ops)
    path, note = traced(function, draw(rng, 3))
    assert note is None
    session = onnxruntime.InferenceSession(path)
    for count in (2, 3, 5):
        feeds = draw(rng, count)
        want = keras.ops.convert_to_numpy(function(*map(keras.ops.convert_to_tensor, feeds)))
        (got,) = session.run(None, {f"x{place}": feed for place, feed in enumerate(feeds)})
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        scale = np.abs(want[np.isfinite(want)]).max(initial=1) if want.dtype.kind == "f" else 0
        np.testing.assert_allclose(got, want, rtol=2e-5 if want.dtype.kind == "f" else 0, atol=3e-6 * scale)


def test_every_rule_is_reached(reached: set[str], request: pytest.FixtureRequest) -> None:
    if sum("test_agrees_with_keras[" in each.nodeid for each in request.session.items) < len(CASES):
        pytest.skip("not every case was chosen")
    from converter_tensorflow.tracing.rules import functions

    unreached = {name for name in functions if name not in reached and not name.startswith("rnn.")}  # layers call those: test_recurrent.py
    assert not unreached


def test_rules_take_what_their_functions_take(keras: Any) -> None:  # noqa: ARG001
    """A rule whose arguments have other names is never used."""
    from converter_tensorflow.tracing import tracing  # noqa: F401 - with every rule
    from converter_tensorflow.tracing.hooks import backend_functions
    from converter_tensorflow.tracing.rules import functions

    given = {name: inspect.signature(function).parameters for function, name in backend_functions().items()}
    for name, rule in functions.items():
        wanted = [
            each for each in inspect.signature(rule).parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD and each.default is each.empty
        ]
        assert {each.name for each in wanted} <= set(given.get(name, {each.name: each for each in wanted})), name
