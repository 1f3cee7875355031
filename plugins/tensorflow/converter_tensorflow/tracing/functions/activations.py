"""Activations, as Keras defines them in `keras.src.backend.tensorflow.nn`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.operands import floating, traced
from converter_tensorflow.tracing.rules import function
from converter_tensorflow.tracing.traced import Traced


def _activation(operation: Callable[[Value], Value]) -> Callable[[Any], Traced]:
    return lambda x: floating(x).mapped(operation)


function("nn.sigmoid")(_activation(lambda v: v.node("Sigmoid")))
function("nn.tanh")(_activation(lambda v: v.tanh()))
function("nn.softplus")(_activation(lambda v: v.node("Softplus")))
function("nn.softsign")(_activation(lambda v: v.node("Softsign")))
function("nn.silu")(_activation(lambda v: v * v.node("Sigmoid")))
function("nn.selu")(_activation(lambda v: v.node("Selu")))
function("nn.hard_tanh")(_activation(lambda v: v.clip(-1, 1)))
function("nn.tanh_shrink")(_activation(lambda v: v - v.tanh()))
function("nn.log_sigmoid")(_activation(lambda v: -(-v).node("Softplus")))
function("nn.hard_sigmoid")(_activation(lambda v: _hard_sigmoid(v)))
function("nn.hard_silu")(_activation(lambda v: v * _hard_sigmoid(v)))
function("nn.sparse_sigmoid")(_activation(lambda v: ((v + 1) * 0.5).clip(0, 1)))
function("nn.sparse_plus")(_activation(lambda v: (v < 1).where((v.clip(-1, 1) + 1) * (v.clip(-1, 1) + 1) * 0.25, v)))


def _hard_sigmoid(v: Value) -> Value:
    return v.node("HardSigmoid", alpha=1 / 6, beta=0.5) if v.dtype != "float64" else (v + 3).clip(0, 6) / 6


@function("nn.relu")
def relu(x: Any) -> Traced:
    """0 in place of negative ones."""
    return traced(x).mapped(lambda v: v.positive())


@function("nn.relu6")
def relu6(x: Any) -> Traced:
    """Between 0 and 6."""
    return traced(x).mapped(lambda v: v.node("Clip", 0, 6))


@function("nn.leaky_relu")
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Traced:
    """A share of negative ones."""
    return floating(x).mapped(lambda v: v.node("LeakyRelu", alpha=float(negative_slope)))


@function("nn.elu")
def elu(x: Any, alpha: float = 1.0) -> Traced:
    """An exponential for negative ones."""
    return floating(x).mapped(lambda v: v.node("Elu", alpha=float(alpha)))


@function("nn.celu")
def celu(x: Any, alpha: float = 1.0) -> Traced:
    """Its slope at 0 is 1 whatever alpha."""
    return floating(x).mapped(lambda v: v.node("Celu", alpha=float(alpha)))


@function("nn.gelu")
def gelu(x: Any, approximate: bool = True) -> Traced:
    """The share of a normal distribution that is below, times the element; or its approximation by tanh."""
    if approximate:
        return floating(x).mapped(lambda v: v * 0.5 * (((v + v * v * v * 0.044715) * np.sqrt(2 / np.pi)).tanh() + 1))
    return floating(x).mapped(lambda v: v * 0.5 * ((v / np.sqrt(2)).node("Erf") + 1))


@function("nn.glu")
def glu(x: Any, axis: int = -1) -> Any:
    """One half, gated by the other."""
    half, gate = keras.ops.split(x, 2, axis=axis)
    return half * keras.ops.sigmoid(gate)


@function("nn.squareplus")
def squareplus(x: Any, b: float = 4) -> Traced:
    """A smooth positive part."""
    return floating(x).mapped(lambda v: (v + (v * v + float(b)).sqrt()) / 2)


@function("nn.soft_shrink")
def soft_shrink(x: Any, threshold: float = 0.5) -> Traced:
    """All nearer to 0 by the threshold."""
    return floating(x).mapped(lambda v: v.node("Shrink", lambd=float(threshold), bias=float(threshold)))


@function("nn.hard_shrink")
def hard_shrink(x: Any, threshold: float = 0.5) -> Traced:
    """0 in place of those near it."""
    return floating(x).mapped(lambda v: v.node("Shrink", lambd=float(threshold)))


@function("nn.threshold")
def threshold(x: Any, threshold: float, default_value: float) -> Traced:
    """Another value in place of those that are not above it."""
    return floating(x).mapped(lambda v: (v > threshold).where(v, default_value))


@function("nn.softmax")
def softmax(x: Any, axis: Any = -1) -> Traced:
    """Shares of the exponentials along an axis, or along all of them."""
    return _normalized(floating(x), axis, "Softmax")


@function("nn.log_softmax")
def log_softmax(x: Any, axis: Any = -1) -> Traced:
    """The logarithms of these shares."""
    return _normalized(floating(x), axis, "LogSoftmax")


def _normalized(x: Traced, axis: int | None, operator: str) -> Traced:
    if axis is not None:
        if x.is_first and axis in (-1, x.ndim - 1):
            return x.mapped(lambda v: v.node(operator, axis=1))
        return Traced(x.value.node(operator, axis=int(axis)), x.shape)
    flat = x.value.flat().node(operator, axis=0)
    return Traced(flat.node("Reshape", x.value.node("Shape", dtype="int64")), x.shape)


@function("nn.sparsemax")
def sparsemax(x: Any, axis: int = -1) -> Any:
    """Keras's sparsemax: the level is of the running sums, where Martins and Astudillo (2016) have the elements; where two or more are left they differ."""
    ops = keras.ops
    turned = ops.moveaxis(floating(x), axis, -1)
    descending = ops.flip(ops.sort(turned, axis=-1), axis=-1)
    sums = ops.cumsum(descending, axis=-1)
    ranks = ops.cumsum(ops.ones_like(descending), axis=-1)
    support = descending - (sums - 1) / ranks > 0
    count = ops.sum(ops.cast(support, turned.dtype), axis=-1, keepdims=True)
    level = (ops.sum(ops.where(support, sums, 0.0), axis=-1, keepdims=True) - 1) / count
    return ops.moveaxis(ops.maximum(turned - level, 0.0), -1, axis)
