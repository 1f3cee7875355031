"""Models that others made, trained and published: a recogniser of emotions in faces, and a transcriber of music."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import converter

SAMPLES = 43844  # of a window


def folder_of(package: str, what: str) -> Path:
    """The folder of a package that need not be importable here."""
    import importlib.util

    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"the {what}'s package is not installed")
    return Path(next(iter(found.submodule_search_locations)))


def test_emotions_in_faces(tmp_path: Path) -> None:
    report = converter.convert(folder_of("fer", "recogniser of emotions") / "data" / "emotion_model.hdf5", tmp_path / "model.onnx")
    assert report.agrees


def test_emotions_by_hybrid_arithmetic_are_right_or_refused(tmp_path: Path) -> None:
    """The last bit of an activation may decide in this net; what is published agrees."""
    source = folder_of("fer", "recogniser of emotions") / "data" / "emotion_model_quantized.tflite"
    report = converter.convert(source, tmp_path / "model.onnx")
    assert report.agrees == (tmp_path / "model.onnx").exists()
    assert report.agrees or report.attempts[0].line.startswith("rejected")


@pytest.mark.parametrize("form", ["nmp", "nmp.tflite"])
def test_notes_of_music_by_the_authors_own_graph(form: str, tmp_path: Path) -> None:
    folder = folder_of("basic_pitch", "transcriber") / "saved_models" / "icassp_2022"
    inputs = [f"input_2:float32[batch,{SAMPLES},1]{{-1..1}}"] if form == "nmp" else []
    assert converter.convert(folder / form, tmp_path / "model.onnx", inputs=inputs).agrees
    audio = np.random.default_rng(0).uniform(-1, 1, (1, SAMPLES, 1)).astype(np.float32)
    ours, theirs = (answers(path, audio) for path in (tmp_path / "model.onnx", folder / "nmp.onnx"))
    for want in theirs:
        assert min(float(np.abs(got - want).max()) for got in ours if got.shape == want.shape) < 5e-4


def answers(path: Path, audio: np.ndarray) -> list[Any]:
    session = onnxruntime.InferenceSession(path)
    return list(session.run(None, {session.get_inputs()[0].name: audio}))
