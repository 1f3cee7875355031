"""The whole way: from a source to a proven graph, through the host and its worker."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import converter
from converter.ctc import CtcAlphabet
from converter.images import ImagePreparation
from converter.plugin import UntrustedSource


class Tagger(nn.Module):
    """Word ids and their lengths to scores: an embedding, a packed LSTM."""

    def __init__(self, words: int = 30) -> None:
        super().__init__()
        self.words = nn.Embedding(words, 6)
        self.lstm = nn.LSTM(6, 5, bidirectional=True, batch_first=True)
        self.head = nn.Linear(10, 4)

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> dict[str, torch.Tensor]:
        packed = nn.utils.rnn.pack_padded_sequence(self.words(ids), lengths, batch_first=True, enforce_sorted=False)
        context, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=ids.shape[1])
        return {"scores": self.head(context)}


MODULE = """
import torch

class Net(torch.nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.head = torch.nn.Linear(4, outputs)

    def forward(self, x):
        return self.head(x).tanh()
"""


@pytest.fixture
def crnn(tmp_path: Path) -> Path:
    """A checkpoint of the flagship's layout, small and untrained."""
    torch.manual_seed(0)
    sizes = [(3, 4), (4, 4), (4, 8), (8, 8), (8, 8), (8, 8), (8, 8)]
    layers: list[nn.Module] = []
    for number, (before, after) in enumerate(sizes):
        layers.append(nn.Conv2d(before, after, 2 if number == 6 else 3, padding=int(number < 6), bias=number not in {2, 4, 6}))
        layers += [nn.BatchNorm2d(after)] if number in {2, 4, 6} else []
        layers += [nn.ReLU(), *([nn.Identity()] if number in {0, 1, 3, 5} else [])]
    parts = {"feat_extract": nn.Sequential(*layers), "neck.encoder.bilstm": nn.LSTM(8, 6, 2, bidirectional=True), "head.fc": nn.Linear(12, 37)}
    state = {f"{name}.{key}": value for name, part in parts.items() for key, value in part.state_dict().items()}
    torch.save({"model": state}, tmp_path / "crnn.pth")
    return tmp_path / "crnn.pth"


def test_the_flagship_converts_with_no_flag(crnn: Path) -> None:
    report = converter.convert(crnn)
    assert report.agrees
    assert [attempt.exporter for attempt in report.attempts] == ["patched"]
    sizes = {name: {case.sizes[name] for case in report.cases} for name in ("batch", "width")}
    assert {1, 2, 5} <= sizes["batch"]
    assert len(sizes["width"]) >= 3
    graph = onnx.load(crnn.with_suffix(".onnx"))
    assert len(graph.graph.node) < 60
    assert [node.op_type for node in graph.graph.node].count("LSTM") == 2
    metadata = {each.key: each.value for each in graph.metadata_props}
    alphabet, preparation = CtcAlphabet.from_metadata(metadata), ImagePreparation.from_metadata(metadata)
    assert alphabet is not None
    assert preparation is not None
    scores = converter.Session(crnn.with_suffix(".onnx"), device="cpu")({preparation.input: np.zeros((2, 3, 32, 100), np.float32)})[alphabet.output]
    assert len(alphabet.decode(scores)) == 2


def test_a_live_recurrent_module_converts_again_and_again(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = Tagger().train()
    inputs = ["ids:int64[batch,length=4..40]{0..29}", "lengths:int64[batch]{1..4}"]
    graphs = []
    for number in range(3):
        report = converter.convert(net, tmp_path / f"{number}.onnx", inputs=inputs)
        assert report.agrees
        assert report.attempts[-1].exporter == "patched"
        graphs.append([node.op_type for node in onnx.load(tmp_path / f"{number}.onnx").graph.node])
    assert graphs[0] == graphs[1] == graphs[2]
    assert "LSTM" in graphs[0]
    assert all(part.training for part in net.modules())


def test_weights_and_a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_nets.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    save_file({"head.weight": torch.randn(3, 4), "head.bias": torch.randn(3)}, "weights.safetensors")
    report = converter.convert("weights.safetensors", model="own_nets:Net", model_args={"outputs": 3}, inputs=["x:float32[batch,4]"])
    assert report.agrees
    assert (tmp_path / "weights.onnx").exists()


def test_a_program_and_a_script(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).eval()
    with (tmp_path / "net.pt2").open("wb") as file:
        torch.export.save(torch.export.export(net, (torch.ones(3, 4),), dynamic_shapes=({0: torch.export.Dim("n", max=64)},)), file)
    torch.jit.save(torch.jit.script(net), tmp_path / "net.torchscript")
    program = converter.convert(tmp_path / "net.pt2", tmp_path / "program.onnx")
    script = converter.convert(tmp_path / "net.torchscript", tmp_path / "script.onnx", inputs=["input:float32[rows,4]"])
    assert [report.attempts[-1].exporter for report in (program, script)] == ["program", "script"]
    assert program.agrees
    assert script.agrees


class OnTheCard(nn.Module):
    """What a trace on a GPU writes down: tensors that are made there."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.to("cuda:0") + torch.arange(4, device=torch.device("cuda", 0))


def test_a_script_that_was_made_on_a_card(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(nn.Sequential(nn.Linear(3, 4), OnTheCard()).eval()), tmp_path / "net.torchscript")
    assert converter.convert(tmp_path / "net.torchscript", tmp_path / "net.onnx", inputs=["x:float32[rows,3]"]).agrees


def test_what_one_exporter_cannot_the_next_one_does(tmp_path: Path) -> None:
    """The CPU has no kernels for the graph that keeps bfloat16."""
    report = converter.convert(nn.Linear(4, 2).to(torch.bfloat16), tmp_path / "net.onnx", inputs=["input:bfloat16[n,4]"])
    assert report.agrees
    assert [(attempt.exporter, attempt.agrees) for attempt in report.attempts] == [("patched", False), ("widened", True)]


def test_a_hostile_checkpoint_is_refused_in_the_worker(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            import os

            return os.system, (f'{sys.executable} -c \'open("{tmp_path}/executed", "w")\'',)

    torch.save({"model": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(UntrustedSource, match=r"evil\.pth names posix\.system") as caught:
        converter.convert(tmp_path / "evil.pth")
    assert "safetensors" in caught.value.hint
    assert sorted(each.name for each in tmp_path.iterdir()) == ["evil.pth"]
