"""Fourier transforms, as products with matrices of cosines and sines, and sequences cut from longer ones."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from converter.writing import Value
from converter_tensorflow.tracing.functions.padding import pad
from converter_tensorflow.tracing.operands import array_of, constant, floating, traced
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import ints, joined, length
from converter_tensorflow.tracing.traced import Traced


@function("math.extract_sequences")
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Traced:
    """Windows of a last axis, each beginning a step later: a convolution that picks one element for each place."""
    found = floating(x)
    picking = np.eye(sequence_length, dtype=found.dtype)[:, None]
    return _slid(found, picking, sequence_stride)


def _slid(x: Traced, kernels: np.ndarray, stride: int) -> Traced:
    """What kernels [outputs, 1, length] give at every step of the last axis, [..., steps, outputs]."""
    rank = x.ndim
    flat = x.value.node("Reshape", joined([ints(-1, 1), length(x.value, rank - 1)]))
    found = flat.node("Conv", constant(kernels), strides=[stride]).transposed(0, 2, 1)
    if rank != 2:
        lead = x.value.node("Shape", dtype="int64", start=0, end=rank - 1) if rank > 1 else ints()
        found = found.node("Reshape", joined([lead, found.node("Shape", dtype="int64", start=1)]))
    whole = x.shape[-1]
    steps = None if whole is None else (whole - kernels.shape[-1]) // stride + 1
    return Traced(found, (*x.shape[:-1], steps, len(kernels)))


@function("math.stft")
def stft(x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True) -> tuple[Any, Any]:
    """The spectra of windows of a signal, real and imaginary parts [..., steps, frequencies]."""
    found = floating(x)
    if center:
        found = pad(found, [(0, 0)] * (found.ndim - 1) + [(fft_length // 2, fft_length // 2)], "reflect")
    before = (fft_length - sequence_length) // 2
    shape = np.pad(_window(window, sequence_length), (before, fft_length - sequence_length - before))
    kernels = np.concatenate([np.cos(_angles(fft_length)), -np.sin(_angles(fft_length))]) * shape
    both = _slid(found, kernels[:, None].astype(found.dtype), sequence_stride)
    half = fft_length // 2 + 1
    return both[..., :half], both[..., half:]


def _angles(count: int) -> np.ndarray:
    """The angle of each sample at each frequency up to the middle one, [frequencies, samples]."""
    angles: np.ndarray = np.arange(count // 2 + 1)[:, None] * np.arange(count) * (2 * np.pi / count)
    return angles


def _window(window: Any, count: int) -> np.ndarray:
    if window is None:
        return np.ones(count)
    if isinstance(window, str):
        made = getattr(tf.signal, f"{window}_window")(count, periodic=True, dtype=tf.float32)
        return np.asarray(made.numpy(), np.float64)
    return array_of(window).astype(np.float64)


@function("math.rfft")
def rfft(x: Any, fft_length: int | None = None) -> tuple[Traced, Traced]:
    """The spectrum of a real last axis, real and imaginary parts."""
    found = floating(x)
    width = found.shape[-1]
    count = width if fft_length is None else fft_length
    if width is None or count is None:
        raise Inexpressible("the spectrum of a free axis")
    angles = np.zeros((width, count // 2 + 1))
    used = min(width, count)
    angles[:used] = _angles(count).T[:used]
    kept = (np.arange(width) < count)[:, None]
    parts = [found.value.node("MatMul", (wave(angles) * kept).astype(found.dtype)) for wave in (np.cos, lambda a: -np.sin(a))]
    shape = (*found.shape[:-1], count // 2 + 1)
    return Traced(parts[0], shape), Traced(parts[1], shape)


@function("math.fft")
def fft(x: Any) -> tuple[Traced, Traced]:
    """The spectrum of a complex last axis, given and returned as real and imaginary parts."""
    return _transformed(x, -1.0)


def _transformed(x: Any, sign: float) -> tuple[Traced, Traced]:
    real, imaginary = (floating(each) for each in x)
    count = real.shape[-1]
    if count is None:
        raise Inexpressible("the spectrum of a free axis")
    angles = np.outer(np.arange(count), np.arange(count)) * (2 * np.pi / count)
    cosines, sines = np.cos(angles).astype(real.dtype), (sign * np.sin(angles)).astype(real.dtype)

    def product(part: Traced, matrix: np.ndarray) -> Value:
        return part.value.node("MatMul", matrix)

    return (
        Traced(product(real, cosines) - product(imaginary, sines), real.shape),
        Traced(product(real, sines) + product(imaginary, cosines), real.shape),
    )


@function("math.fft2")
def fft2(x: Any) -> tuple[Any, Any]:
    """The spectrum of the last two axes."""
    ops = keras.ops
    once = _transformed(x, -1.0)
    turned = _transformed(tuple(ops.swapaxes(each, -1, -2) for each in once), -1.0)
    return ops.swapaxes(turned[0], -1, -2), ops.swapaxes(turned[1], -1, -2)


@function("math.ifft2")
def ifft2(x: Any) -> tuple[Any, Any]:
    """The inverse of `fft2`."""
    ops = keras.ops
    once = _transformed(x, 1.0)
    turned = _transformed(tuple(ops.swapaxes(each, -1, -2) for each in once), 1.0)
    rows, columns = traced(x[0]).shape[-2:]
    if rows is None or columns is None:
        raise Inexpressible("the spectrum of a free axis")
    return ops.swapaxes(turned[0], -1, -2) / (rows * columns), ops.swapaxes(turned[1], -1, -2) / (rows * columns)
