"""A trained recogniser that others made and published: its graph reads what its own package reads."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

legere = pytest.importorskip("legere", reason="the recogniser's package is not installed")

LINES = ["The quick brown fox", "Invoice 2024-117", "a1b2 c3d4 e5f6", "jumps over the lazy dog.", "Total: 98.50 (paid)"]
WIDTHS = ({"batch": 1, "width": 32}, {"batch": 2, "width": 57}, {"batch": 3, "width": 200}, {"batch": 1, "width": 640})


def rendered(text: str) -> np.ndarray:
    """Return a line of text as grey values, uint8 [height, width], dark on white."""
    font = ImageFont.load_default(size=26)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (round(right - left) + 16, round(bottom - top) + 12), 255)
    ImageDraw.Draw(image).text((8 - left, 6 - top), text, font=font, fill=0)
    return np.asarray(image)


def test_its_graph_reads_the_same_text(load: Any, prove: Any, tmp_path: Path) -> None:
    from legere.inference import load_model, recognize_segments
    from legere.lines import images_to_tensor, normalize_line
    from legere.model import ctc_greedy_decode
    from legere.segment import LineSegment

    source = Path(legere.__file__).parent / "data" / "model.pt"
    model = load(source, "images:float32[batch,1,32,width=32..1024]", model="legere.model:CompactCRNN")
    graph = prove(model, *WIDTHS, atol=1e-4)
    assert [node.op_type for node in graph.graph.node].count("GRU") == 1
    crops = [rendered(text) for text in LINES]
    own = recognize_segments(load_model(), [LineSegment(crop, (0, 0, crop.shape[1], crop.shape[0])) for crop in crops])
    session = onnxruntime.InferenceSession(tmp_path / "patched.onnx", providers=["CPUExecutionProvider"])
    read = [
        ctc_greedy_decode(torch.from_numpy(session.run(None, {"images": images_to_tensor([normalize_line(crop)]).numpy()})[0]))[0] for crop in crops
    ]
    assert read == own
    together = session.run(None, {"images": images_to_tensor([normalize_line(crop) for crop in crops]).numpy()})[0]
    with torch.no_grad():
        assert ctc_greedy_decode(torch.from_numpy(together)) == ctc_greedy_decode(
            load_model()(images_to_tensor([normalize_line(crop) for crop in crops]))
        )
    assert min(difflib.SequenceMatcher(None, said, truth).ratio() for said, truth in zip(read, LINES, strict=True)) > 0.8, read
