"""Modules that others made, trained and published: a word splitter that takes a tuple, and the three nets of a face detector."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest


def test_a_word_splitter_with_two_vocabularies(load: Any, prove: Any) -> None:
    attacut = pytest.importorskip("attacut", reason="the word splitter's package is not installed")
    folder = Path(attacut.__file__).parent / "artifacts" / "attacut-sc"
    characters, syllables = (len(json.loads((folder / f"{name}.json").read_text("utf-8"))) for name in ("characters", "syllables"))
    model = load(
        folder / "model.pth",
        f"inputs.0:int64[batch,2,length=4..300]{{0..{min(characters, syllables) - 1}}}",
        "inputs.1:int64[batch]{1..4}",
        model="attacut.models.seq_sy_ch_conv_concat:Model",
        model_args=arguments(folder),
    )
    prove(model, {"batch": 1, "length": 4}, {"batch": 3, "length": 57}, {"batch": 2, "length": 300}, atol=1e-4)


def arguments(folder: Path) -> dict[str, Any]:
    """The sizes of its vocabularies, from the shapes of its weights, and its own description."""
    import torch

    weights = torch.load(folder / "model.pth", map_location="cpu")
    sizes = {"num_char_tokens": len(weights["ch_embeddings.weight"]), "num_tokens": len(weights["sy_embeddings.weight"])}
    described = dict(line.split(": ", 1) for line in (folder / "params.yml").read_text("utf-8").splitlines())
    return {"data_config": sizes, "model_config": described["params"].strip()}


@pytest.mark.parametrize(
    ("net", "inputs", "sizes"),
    [
        (
            "PNet",
            ("x:float32[batch,3,height=12..512,width=12..512]",),
            ({"batch": 1, "height": 12, "width": 12}, {"batch": 2, "height": 57, "width": 211}),
        ),
        ("RNet", ("x:float32[batch,3,24,24]",), ({"batch": 1}, {"batch": 7})),
        ("ONet", (), ({"batch": 1}, {"batch": 7})),
    ],
)
def test_the_nets_of_a_face_detector(net: str, inputs: tuple[str, ...], sizes: Any, load: Any, prove: Any) -> None:
    pytest.importorskip("torchvision", reason="the face detector's package needs torchvision")
    detector = pytest.importorskip("facenet_pytorch.models.mtcnn", reason="the face detector's package is not installed")
    weights = Path(detector.__file__).parents[1] / "data" / f"{net.lower()}.pt"
    model = load(weights, *inputs, model=f"facenet_pytorch.models.mtcnn:{net}", model_args={"pretrained": False})
    prove(model, *sizes, atol=1e-4)
    if not inputs:
        assert "proposed --input 'x:float32[batch=1..64,3,48,48]'" in model.summary
    with contextlib.suppress(AttributeError):
        assert model.flat.module.training is False
