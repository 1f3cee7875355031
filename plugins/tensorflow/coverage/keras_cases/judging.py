"""What becomes of a case in each column: ours as the host converts it, and what each of the two ways that everybody knows does alone.

Alone they get the model and the highest opset that they write, as a careful user would give them. A graph agrees where ONNX Runtime gives the model's own answers for
every case of the proof's plan, by the proof's tolerances. One that ONNX Runtime cannot load, since an operation of TensorFlow was left in it, counts as none.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from converter.cases import plan
from converter.plugin import Source
from converter.request import Request
from converter_tensorflow.exporters.surroundings import converting
from converter_tensorflow.tensors import to_tensor
from keras_cases.case import Case
from measuring.conversion import converted, cpu_seconds
from measuring.faults import Answer, Unloadable, faults
from measuring.graphs import facts
from measuring.verdict import OURS, Verdict, failed, short

if TYPE_CHECKING:
    from converter_tensorflow.model import TensorFlowModel

TF2ONNX = "tf2onnx"
KERAS = "keras"
COLUMNS = (TF2ONNX, KERAS, OURS)
OPSET = 18


def judge(case: Case, column: str) -> Verdict:
    """Return what becomes of a case in a column."""
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _ours(case, Path(name)) if column == OURS else _alone(case, column, Path(name) / "graph.onnx")


def _ours(case: Case, folder: Path) -> Verdict:
    request = Request(Source.of(case.model()), folder / "graph.onnx", inputs=case.inputs, axes=case.axes)
    return converted(request, case.row, case.setting)


def _alone(case: Case, column: str, path: Path) -> Verdict:
    model, answers = _answers(case)
    keras_model = case.model()
    example = [to_tensor(answers[0].feeds[each.name], each.dtype) for each in model.inputs]
    keras_model(example[0] if len(example) == 1 else example)  # Keras exports no model that was never called
    started = cpu_seconds()
    try:
        with converting(column):  # for its silence
            _EXPORTERS[column](keras_model, path)
    except Exception as error:  # noqa: BLE001 - an exporter fails in its own ways
        return failed(case.row, case.setting, column, str(getattr(error, "message", error)))
    seconds = cpu_seconds() - started
    try:
        fault = next(faults(path, model, answers), "")
    except Unloadable as error:
        return failed(case.row, case.setting, column, str(error))
    return Verdict(case.row, case.setting, column, short(fault), converted=True, by=column, seconds=seconds, **facts(path))


@lru_cache(maxsize=1)
def _answers(case: Case) -> tuple[TensorFlowModel, list[Answer]]:
    """Return the loaded model and what it answers in every case that the proof plans; both of the exporters alone are held to them."""
    model = case.load()
    answers = []
    for planned in plan(model.axes):
        feeds = model.sample(np.random.default_rng(planned.seed), planned.sizes)
        answers.append(Answer(planned, feeds, model.run(feeds)))
    return model, answers


def _tf2onnx(model: Any, path: Path) -> None:
    import tensorflow as tf
    import tf2onnx

    signature = [tf.TensorSpec(each.shape, each.dtype, name=each.name) for each in model.inputs]
    tf2onnx.convert.from_keras(model, input_signature=signature, opset=OPSET, output_path=str(path))


def _keras(model: keras.Model, path: Path) -> None:
    model.export(str(path), format="onnx", verbose=False, opset_version=OPSET)


_EXPORTERS: Mapping[str, Callable[[Any, Path], None]] = MappingProxyType({TF2ONNX: _tf2onnx, KERAS: _keras})
