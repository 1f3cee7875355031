"""Fourier transforms, as products with matrices of cosines and sines, and sequences cut from longer ones."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from converter.writing import Value
from converter_tensorflow.tracing.functions.padding import pad
from converter_tensorflow.tracing.operands import array_of, constant, floating, traced
from converter_tensorflow.tracing.rules import function
from converter_tensorflow.tracing.sizes import counted, ints, joined, length, size
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
    kernels = np.concatenate([np.cos(_angles(fft_length)), -np.sin(_angles(fft_length))]) * _window(window, sequence_length, fft_length)
    both = _slid(found, kernels[:, None].astype(found.dtype), sequence_stride)
    half = fft_length // 2 + 1
    return both[..., :half], both[..., half:]


def _angles(count: int) -> np.ndarray:
    """The angle of each sample at each frequency up to the middle one, [frequencies, samples]."""
    angles: np.ndarray = np.arange(count // 2 + 1)[:, None] * np.arange(count) * (2 * np.pi / count)
    return angles


def _window(window: Any, count: int, whole: int) -> np.ndarray:
    """The weights of `count` samples, and zeros on both sides up to the whole transform's."""
    if window is None:
        weights = np.ones(count)
    elif isinstance(window, str):
        made = getattr(tf.signal, f"{window}_window")(count, periodic=True, dtype=tf.float32)
        weights = np.asarray(made.numpy(), np.float64)
    else:
        weights = array_of(window).astype(np.float64)
    before = (whole - count) // 2
    return np.pad(weights, (before, whole - count - before))


@function("math.istft")
def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Traced:
    """The signal of spectra of its windows: their inverses, weighed so that those which overlap add up to it."""
    frames = irfft(x, fft_length)
    weights = np.ones(fft_length)
    if window is not None:
        weights = _window(window, sequence_length, fft_length)
        overlaps = np.zeros(-(-fft_length // sequence_stride) * sequence_stride)
        overlaps[:fft_length] = weights**2
        weights = weights / np.resize(overlaps.reshape(-1, sequence_stride).sum(0), fft_length)
    found = _overlapped(frames, weights, sequence_stride)
    start = fft_length // 2 if center else 0
    end = start + length if length is not None else -start if center else None
    return traced(found[..., start:end])


def _overlapped(frames: Traced, weights: np.ndarray, stride: int) -> Traced:
    """The sum of frames [..., steps, length], each laid a stride behind the one before: a transposed convolution."""
    rank, width = frames.ndim, len(weights)
    flat = frames.value.node("Reshape", joined([ints(-1), length(frames.value, rank - 2), ints(width)])).transposed(0, 2, 1)
    found = flat.node("ConvTranspose", np.diag(weights)[:, None], strides=[stride])
    lead = frames.value.node("Shape", dtype="int64", start=0, end=rank - 2) if rank > 2 else ints()
    steps = frames.shape[-2]
    return Traced(found.node("Reshape", joined([lead, ints(-1)])), (*frames.shape[:-2], None if steps is None else (steps - 1) * stride + width))


@function("math.rfft")
def rfft(x: Any, fft_length: int | None = None) -> tuple[Traced, Traced]:
    """The spectrum of a real last axis, real and imaginary parts."""
    found = floating(x)
    if fft_length is not None:
        found = _of_length(found, fft_length)
    count, known = _size(found, -1), found.shape[-1]
    half = count // 2 + 1 if isinstance(count, int) else count / 2 + 1
    cosines, sines = _waves(count, count, half, found.dtype)
    shape = (*found.shape[:-1], None if known is None else known // 2 + 1)
    return Traced(found.value.node("MatMul", cosines), shape), Traced(-found.value.node("MatMul", sines), shape)


def _size(x: Traced, axis: int) -> int | Value:
    """The size of an axis: a number where it is known, else int64 [1]."""
    known = x.shape[axis]
    return length(x.value, axis % x.ndim) if known is None else known


def _of_length(x: Traced, count: int) -> Traced:
    """The first elements of a last axis, with zeros behind them where it has fewer."""
    none = [(0, 0)] * (x.ndim - 1)
    return traced(pad(x, [*none, (0, count)], "constant")[..., :count])


def _waves(count: int | Value, rows: int | Value, columns: int | Value, dtype: str) -> tuple[Value, Value]:
    """The cosines and sines of row · column / count turns, [rows, columns]; constants where all sizes are known."""
    if isinstance(count, int) and isinstance(rows, int) and isinstance(columns, int):
        known = np.outer(np.arange(rows), np.arange(columns)) % count * (2 * np.pi / count)
        return constant(np.cos(known).astype(dtype)), constant(np.sin(known).astype(dtype))
    whole, down, across = (ints(each) if isinstance(each, int) else each for each in (count, rows, columns))
    parts = (counted(down).reshaped(-1, 1) * counted(across)).node("Mod", whole)  # of a turn; as whole numbers they stay exact
    angles = parts.cast(dtype) / whole.cast(dtype) * (2 * np.pi)
    return angles.node("Cos"), angles.node("Sin")


@function("math.irfft")
def irfft(x: Any, fft_length: int | None = None) -> Traced:
    """The real last axis of a spectrum that is given up to its middle, as real and imaginary parts."""
    real, imaginary = (floating(each) for each in x)
    if fft_length is not None:
        real, imaginary = (_of_length(each, fft_length // 2 + 1) for each in (real, imaginary))
    half = _size(real, -1)
    count = (half - 1) * 2 if fft_length is None else fft_length
    cosines, sines = _waves(count, half, count, real.dtype)
    whole, places = (ints(count) if isinstance(count, int) else count), counted(size(real, real.ndim - 1))
    # every frequency but 0 and, of an even count, the middle one stands for itself and its mirror
    share = (2 - ((places == 0) | (places * 2 == whole)).cast("int64")).cast(real.dtype) / whole.cast(real.dtype)
    weighted = [each.value * share for each in (real, imaginary)]
    found = weighted[0].node("MatMul", cosines) - weighted[1].node("MatMul", sines)
    return Traced(found, (*real.shape[:-1], count if isinstance(count, int) else None))


@function("math.fft")
def fft(x: Any) -> tuple[Traced, Traced]:
    """The spectrum of a complex last axis, given and returned as real and imaginary parts."""
    return _transformed(x, -1.0)


def _transformed(x: Any, sign: float) -> tuple[Traced, Traced]:
    real, imaginary = (floating(each) for each in x)
    count = _size(real, -1)
    cosines, sines = _waves(count, count, count, real.dtype)
    turned = sines * sign

    def product(part: Traced, matrix: Value) -> Value:
        return part.value.node("MatMul", matrix)

    return (
        Traced(product(real, cosines) - product(imaginary, turned), real.shape),
        Traced(product(real, turned) + product(imaginary, cosines), real.shape),
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
    given = traced(x[0])
    count = Traced((size(given, given.ndim - 2) * size(given, given.ndim - 1)).cast(once[0].dtype).reshaped(), ())
    return ops.swapaxes(turned[0], -1, -2) / count, ops.swapaxes(turned[1], -1, -2) / count
