"""Models that others made: a recogniser of emotions in faces and a transcriber of music, trained, and architectures of a library, tiny and random."""

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


SIZES = {"vocabulary_size": 50, "num_layers": 2, "hidden_dim": 16, "intermediate_dim": 32}
HEADS = {**SIZES, "num_heads": 2}
GROUPED = {**SIZES, "num_query_heads": 2, "num_key_value_heads": 1}
PATCHES = {"image_shape": (32, 32, 3), "patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 16}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("BertBackbone", HEADS),
        ("BartBackbone", HEADS),
        ("DebertaV3Backbone", {**HEADS, "bucket_size": 32}),
        ("FNetBackbone", SIZES),
        ("GPT2Backbone", HEADS),
        ("GemmaBackbone", {**GROUPED, "head_dim": 8}),
        ("LlamaBackbone", GROUPED),
        ("MixtralBackbone", {**GROUPED, "num_experts": 2, "top_k": 1}),
        ("T5Backbone", HEADS),
        ("WhisperBackbone", {**HEADS, "max_encoder_sequence_length": 64, "max_decoder_sequence_length": 32}),
        ("ViTBackbone", {**PATCHES, "mlp_dim": 32}),
        ("SwinTransformerBackbone", {"image_shape": (32, 32, 3), "embed_dim": 8, "depths": [1, 1], "num_heads": [1, 2], "window_size": 4}),
        ("XceptionBackbone", {"stackwise_conv_filters": [[8, 8], [16, 16]], "stackwise_pooling": [True, False], "image_shape": (None, None, 3)}),
    ],
)
def test_architectures_of_a_library(name: str, settings: dict[str, Any], tmp_path: Path) -> None:
    hub = pytest.importorskip("keras_hub", reason="the library of architectures, keras-hub, is not installed")
    model = getattr(hub.models, name)(**settings)
    inputs = [_declared(given) for given in model.inputs] if isinstance(model.input, dict) else []
    report = converter.convert(model, tmp_path / "model.onnx", inputs=inputs)
    assert report.agrees
    assert report.attempts[-1].exporter == "traced"


def _declared(given: Any) -> str:
    """An input of token ids or of what goes with them; encoder and decoder may differ in length."""
    length = "given" if "encoder" in given.name else "length"
    if given.dtype.startswith("float"):
        return f"{given.name}:{given.dtype}[batch,{length}=4..60,{given.shape[-1]}]"
    domain = "{1..1}" if "mask" in given.name else "{0..1}" if "segment" in given.name else "{1..49}"
    return f"{given.name}:{given.dtype}[batch,{length}=2..30]{domain}"
