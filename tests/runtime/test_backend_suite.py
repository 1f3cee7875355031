"""A sample of ONNX's own backend tests through Session, on both roads.

What ONNX Runtime itself cannot run is found by running it, so that only Session's own faults show.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest

from converter.errors import ConverterError, InputError
from converter.runtime import Device, Session

SAMPLE = 300


class Case(NamedTuple):
    """One test of the suite, with what the raw session makes of it: None where it cannot run it."""

    name: str
    model: bytes
    feeds: dict[str, Any]
    expected: list[Any]
    is_dense: bool
    raw: list[Any] | None


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the suite computes its own expectations, overflows included
        from onnx.backend.test.loader import load_model_tests

        every = load_model_tests(kind="node")
    sample = random.Random(5).sample([one for one in every if not is_random(one.model)], SAMPLE)
    return [read(one.name, one.model, *data) for one in sample for data in one.data_sets]


def is_random(model: onnx.ModelProto) -> bool:
    return any(node.op_type.startswith(("Random", "Bernoulli", "Dropout", "Multinomial")) for node in model.graph.node)


def read(name: str, model: onnx.ModelProto, given: list[Any], expected: list[Any]) -> Case:
    feeds = dict(zip([port.name for port in model.graph.input], map(array, given), strict=False))
    is_dense = all(port.type.WhichOneof("value") == "tensor_type" for port in model.graph.input)
    data = model.SerializeToString()
    return Case(name, data, feeds, list(map(array, expected)), is_dense, run_raw(data, feeds))


def array(value: Any) -> Any:
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def run_raw(model: bytes, feeds: dict[str, Any]) -> list[Any] | None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        outputs: list[Any] = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(None, feeds)
    except Exception:  # noqa: BLE001 - ONNX Runtime's own classes have no common base
        return None
    return outputs


def faults(case: Case, open_session: Callable[[bytes], Session]) -> list[str]:
    """How Session differs from the raw session, or from the suite where the raw one only refuses bfloat16 and float8."""
    try:
        session = open_session(case.model)
        outputs = [list(session(case.feeds)), list(session(case.feeds))]
    except InputError as error:
        return [f"{case.name}: {error.message}"] if case.raw is not None and case.is_dense else []
    except ConverterError as error:
        return [f"{case.name}: {error.message}"] if case.raw is not None else []
    if case.raw is None:
        return [f"{case.name}: not as expected"] if any(map(is_far, outputs[0], case.expected)) else []
    return [f"{case.name}: other outputs" for ours in outputs if any(map(differs, ours, case.raw))]


def differs(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, (list, dict)):
        return type(ours) is not type(theirs) or len(ours) != len(theirs) or any(map(differs, ours, theirs))
    if not isinstance(theirs, np.ndarray):
        return type(ours) is not type(theirs) or bool(ours != theirs)
    same_kind = ours.dtype == theirs.dtype and ours.shape == theirs.shape
    return not same_kind or not np.array_equal(ours, theirs, equal_nan=theirs.dtype.kind == "f")


def is_far(ours: np.ndarray, expected: np.ndarray) -> bool:
    same_kind = ours.dtype == expected.dtype and ours.shape == expected.shape
    return not same_kind or not np.allclose(ours.astype(np.float64), expected.astype(np.float64), rtol=1e-2, atol=1e-2, equal_nan=True)


def test_the_plain_road(cases: list[Case]) -> None:
    assert [fault for case in cases for fault in faults(case, lambda model: Session(model, device="cpu", threads=1))] == []


def test_the_road_of_cuda(cases: list[Case], device_as_cuda: Callable[[], Device]) -> None:
    assert [fault for case in cases for fault in faults(case, lambda model: Session(model, device=device_as_cuda(), threads=1))] == []


def test_most_of_the_sample_runs_at_all(cases: list[Case]) -> None:
    assert sum(case.raw is not None for case in cases) > 0.6 * SAMPLE
