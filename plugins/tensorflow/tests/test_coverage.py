"""The documented coverage is true: every class is in it, and every case becomes what it says. TensorFlow is imported by the tests, not by finding them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from measuring.tables import NOT_MEASURED
from measuring.verdict import OURS

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "coverage-keras.md"
TITLES = {"layers": "Layers", "applications": "Applications"}
AGREE, WHY = 6, -1  # cells of ours: how many agree, and why others do not
SAMPLE = (
    ("layers", "BatchNormalization", "image"),
    ("layers", "Bidirectional", "LSTM, return_sequences"),
    ("layers", "Conv2D", "padding='same', strides=2"),
    ("layers", "Dense", "dtype='mixed_float16'"),
    ("layers", "Embedding", "mask_zero=True"),
    ("layers", "GRU", "default"),
    ("layers", "GlobalAveragePooling2D", "default"),
    ("layers", "LSTM", "embedding's mask"),
    ("layers", "MultiHeadAttention", "causal"),
    ("layers", "Normalization", "adapted"),
    ("layers", "Resizing", "interpolation='nearest'"),
    ("layers", "TimeDistributed", "Conv2D"),
    ("applications", "MobileNet", "default"),
    ("applications", "MobileNetV3Small", "default"),
    ("applications", "MobileNetV2", "default"),
)


def documented() -> dict[tuple[str, str], list[str]]:
    """The cells of each row, by part and name."""
    found = {}
    for section in re.split(r"^## ", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        part = next((part for part, title in TITLES.items() if section.startswith(f"{title}\n")), "")
        lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
        for line in lines if part else ():
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            found[part, cells[0]] = cells
    return found


DOCUMENTED = documented()


@pytest.fixture(scope="module")
def parts(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """The cases, by part and row."""
    request.getfixturevalue("keras")
    from keras_cases import PARTS

    return PARTS


def test_every_layer_has_cases_or_a_reason(keras: Any, parts: Mapping[str, Any]) -> None:
    from keras_cases.absent import ABSENT

    classes = {each.__name__ for each in vars(keras.layers).values() if inspect.isclass(each)}
    assert classes == set(parts["layers"]) | set(ABSENT)
    assert not set(parts["layers"]) & set(ABSENT)


def test_every_application_has_a_row(keras: Any, parts: Mapping[str, Any]) -> None:
    assert {name for name, value in vars(keras.applications).items() if callable(value)} == set(parts["applications"])


def test_every_row_is_documented(parts: Mapping[str, Any]) -> None:
    assert set(DOCUMENTED) == {(part, name) for part, rows in parts.items() for name in rows}
    assert {key: cells[1] for key, cells in DOCUMENTED.items()} == {
        (part, name): str(len(rows[name])) for part, rows in parts.items() for name in rows
    }


def test_the_parts_are_as_large_as_they_should_be(parts: Mapping[str, Any]) -> None:
    cases = [case for rows in parts.values() for group in rows.values() for case in group]
    assert len(cases) >= 490
    assert len({case.title for case in cases}) == len(cases)


@pytest.mark.parametrize(("part", "name", "setting"), SAMPLE)
def test_a_sample_becomes_what_the_table_says(parts: Mapping[str, Any], part: str, name: str, setting: str) -> None:
    assert_as_documented(case_of(parts, part, name, setting), DOCUMENTED[part, name])


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("part", "name"), DOCUMENTED)
def test_its_cases_become_what_the_table_says(parts: Mapping[str, Any], part: str, name: str) -> None:
    if NOT_MEASURED in DOCUMENTED[part, name][AGREE]:
        pytest.skip(NOT_MEASURED)
    for case in parts[part][name]:
        assert_as_documented(case, DOCUMENTED[part, name])


def case_of(parts: Mapping[str, Any], part: str, name: str, setting: str) -> Any:
    return next(case for case in parts[part][name] if case.setting == setting)


def assert_as_documented(case: Any, cells: list[str]) -> None:
    """Assert that a case of ours agrees, unless its row says why it does not."""
    from keras_cases.judging import judge

    verdict = judge(case, OURS)
    assert verdict.agrees == (f"`{case.setting}`: " not in cells[WHY]), f"{case.title}: {verdict.reason}"
    assert not verdict.is_wrong


def test_a_graph_of_another_is_held_to_every_size(parts: Mapping[str, Any]) -> None:
    """tf2onnx bakes the number of rows and steps into TimeDistributed."""
    from keras_cases.judging import TF2ONNX, judge

    verdict = judge(case_of(parts, "layers", "TimeDistributed", "Dense"), TF2ONNX)
    assert verdict.is_wrong
    assert re.match(r"at {'batch': \d+, 'length': \d+}: ", verdict.reason)


def test_a_graph_that_cannot_be_loaded_is_none(parts: Mapping[str, Any]) -> None:
    """tf2onnx leaves operations of TensorFlow in the graph and only logs it."""
    from keras_cases.judging import TF2ONNX, judge

    verdict = judge(case_of(parts, "layers", "Activation", "activation='celu'"), TF2ONNX)
    assert not verdict.converted
    assert verdict.reason.startswith("ONNX Runtime cannot load it")


@pytest.mark.parametrize(("name", "fused"), [("LSTM", True), ("SimpleRNN", False)])
def test_a_loop_is_not_fused(parts: Mapping[str, Any], name: str, fused: bool) -> None:  # noqa: FBT001
    """tf2onnx makes an operation of an LSTM, and a loop of a SimpleRNN."""
    from keras_cases.judging import TF2ONNX, judge

    verdict = judge(case_of(parts, "layers", name, "default"), TF2ONNX)
    assert verdict.agrees
    assert verdict.fused is fused


def test_no_weights_hide_anything(parts: Mapping[str, Any]) -> None:
    import numpy as np

    for name in ("BatchNormalization", "LSTM", "PReLU", "SpectralNormalization"):
        model = parts["layers"][name][0].model()
        assert all(len(np.unique(weight)) > 2 for weight in model.get_weights()), name


def test_a_model_is_always_the_same(parts: Mapping[str, Any]) -> None:
    import numpy as np

    case = parts["layers"]["Conv1D"][0]
    first, second = case.model().get_weights(), case.model().get_weights()
    assert all(np.array_equal(*pair) for pair in zip(first, second, strict=True))
