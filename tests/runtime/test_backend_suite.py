"""ONNX's own backend tests through Session, every case: called, bound, and on the road of CUDA.

What ONNX Runtime itself cannot run is found by running it, so that only Session's own faults show.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest

from converter.errors import ConverterError
from converter.runtime import Device, Session

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")  # "real" fetches models from the network
IR_VERSION = 12  # the suite's own is newer than what ONNX Runtime loads
RANDOM = ("Random", "Bernoulli", "Dropout", "Multinomial")


class Case(NamedTuple):
    """One test of the suite, with what the raw session makes of it: None where it cannot run it."""

    name: str
    model: bytes
    feeds: dict[str, Any]
    expected: list[Any]
    is_random: bool
    raw: list[Any] | None


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the suite computes its own expectations, overflows included
        from onnx.backend.test.loader import load_model_tests

        return [case for kind in KINDS for test in load_model_tests(kind=kind) for case in read(test)]


def read(test: Any, run: Callable[[bytes, dict[str, Any]], list[Any] | None] | None = None) -> Iterator[Case]:
    """The cases of a test, whose model and data lie in memory or in a folder; `run` makes their raw results."""
    folder = Path(test.model_dir) if test.model_dir else None
    model = test.model if folder is None else onnx.load(folder / "model.onnx")
    kinds = [declared.type for declared in model.graph.input], [declared.type for declared in model.graph.output]
    sets = (
        test.data_sets
        if folder is None
        else [
            tuple(
                [load(path, kind) for path, kind in zip(numbered(data, name), kinds[at], strict=False)] for at, name in enumerate(("input", "output"))
            )
            for data in sorted(folder.glob("test_data_set_*"))
        ]
    )
    model.ir_version = min(model.ir_version, IR_VERSION)
    data = model.SerializeToString()
    is_random = any(node.op_type.startswith(RANDOM) for node in model.graph.node)
    for given, expected in sets:
        feeds = dict(zip([port.name for port in model.graph.input], map(array, given), strict=False))
        yield Case(test.name, data, feeds, list(map(array, expected)), is_random, (run or run_raw)(data, feeds))


def numbered(folder: Path, name: str) -> list[Path]:
    return sorted(folder.glob(f"{name}_*.pb"), key=lambda path: int(path.stem.rpartition("_")[2]))


def load(path: Path, kind: onnx.TypeProto) -> Any:
    assert kind.WhichOneof("value") == "tensor_type", path
    return onnx.load_tensor(path)


def array(value: Any) -> Any:
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    return np.asarray(value) if isinstance(value, np.generic) else value  # the raw session takes no scalars of NumPy


def run_raw(model: bytes, feeds: dict[str, Any]) -> list[Any] | None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        outputs: list[Any] = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(None, feeds)
    except Exception:  # noqa: BLE001 - ONNX Runtime's own classes have no common base
        return None
    return outputs


def faults(case: Case, outputs_of: Callable[[Case], Iterator[list[Any]]]) -> list[str]:
    """How Session differs from the raw session, or from the suite where the raw one only refuses bfloat16 and float8."""
    try:
        every = list(outputs_of(case))
    except ConverterError as error:
        return [f"{case.name}: {error.message}"] if case.raw is not None else []
    if case.raw is None:
        is_other = is_of_other_kind if case.is_random else is_far
        return [f"{case.name}: not as expected" for ours in every if any(map(is_other, ours, case.expected))]
    is_other = is_of_other_kind if case.is_random else differs
    return [f"{case.name}: other outputs" for ours in every if any(map(is_other, ours, case.raw))]


def called(session: Session, case: Case) -> Iterator[list[Any]]:
    """Three calls: the first learns, the second makes the buffers, the third finds them."""
    for _ in range(3):
        yield list(session(case.feeds))


def bound(session: Session, case: Case) -> Iterator[list[Any]]:
    """Two runs of a bound loop, where the graph allows one."""
    if case.raw is not None and all(port.is_bindable for port in (*session.inputs, *session.outputs)):
        loop = session.bind({name: np.array(value) for name, value in case.feeds.items()})
        for _ in range(2):
            yield [value.copy() for value in loop.run()]


def differs(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, (list, dict)):
        return type(ours) is not type(theirs) or len(ours) != len(theirs) or any(map(differs, ours, theirs))
    if not isinstance(theirs, np.ndarray):
        return type(ours) is not type(theirs) or bool(ours != theirs)
    if theirs.dtype == np.uint8 and ours.dtype.name.startswith("float8"):
        theirs = theirs.view(ours.dtype)  # the raw session gives float8 as its bits
    return is_of_other_kind(ours, theirs) or not np.array_equal(ours, theirs, equal_nan=theirs.dtype.kind == "f" or theirs.dtype.isbuiltin != 1)


def is_of_other_kind(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return ours.dtype != theirs.dtype or ours.shape != theirs.shape


def is_far(ours: np.ndarray, expected: np.ndarray) -> bool:
    if is_of_other_kind(ours, expected):
        return True
    return not np.allclose(ours.astype(np.float64), expected.astype(np.float64), rtol=1e-2, atol=1e-2, equal_nan=True)


def test_called_and_bound(cases: list[Case]) -> None:
    def outputs_of(case: Case) -> Iterator[list[Any]]:
        session = Session(case.model, device="cpu", threads=1)
        yield from called(session, case)
        yield from bound(session, case)

    assert [fault for case in cases for fault in faults(case, outputs_of)] == []


def test_the_road_of_cuda(cases: list[Case], device_as_cuda: Callable[[], Device]) -> None:
    def outputs_of(case: Case) -> Iterator[list[Any]]:
        return called(Session(case.model, device=device_as_cuda(), threads=1), case)

    assert [fault for case in cases for fault in faults(case, outputs_of)] == []


def test_most_of_the_suite_runs_at_all(cases: list[Case]) -> None:
    assert len(cases) > 2000
    assert sum(case.raw is not None for case in cases) > 0.75 * len(cases)
