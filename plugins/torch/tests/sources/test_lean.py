"""Large modules: made without values, filled with the tensors of their file, and right all the same."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import parametrizations, weight_norm

from converter.plugin import SourceError
from converter_torch.sources import lean, modules


class Block(nn.Module):
    """Weights, and what else modules keep: buffers that are not saved, tensors that are no buffers, shared weights, recurrent layers."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(20, 8)
        self.body = nn.GRU(8, 8, batch_first=True)
        self.norm = nn.BatchNorm1d(8)
        self.normed = parametrizations.weight_norm(nn.Linear(8, 8))
        self.head = nn.Linear(8, 20, bias=False)
        self.head.weight = self.words.weight
        self.start = nn.Parameter(torch.randn(8))
        self.register_buffer("scale", torch.linspace(1, 2, 8), persistent=False)
        self.shift = torch.arange(8.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden, _ = self.body(self.words(x) + self.start)
        hidden = self.norm(self.normed(hidden).transpose(1, 2)).transpose(1, 2)
        return self.head(hidden * self.scale + self.shift)


class Old(nn.Module):
    """A weight that is computed from others when the module is made, and kept as an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = weight_norm(nn.Linear(8, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


class Reading(nn.Module):
    """Reads a value of its weights when it is made: without values it cannot."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 4)
        self.bound = 1.0 + float(self.layer.weight.detach().abs().max()) * 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) * self.bound


class Listing(nn.Module):
    """Keeps its weights in a list besides: the list would hold those without values."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 4)
        self.kept = {"weights": [self.layer.weight]}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, self.kept["weights"][0], self.layer.bias)


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """This module under a name that can be imported, and every checkpoint large."""
    monkeypatch.setitem(sys.modules, "my_nets", sys.modules[__name__])
    monkeypatch.setattr(modules, "LARGE", 0)


INPUTS = {Block: "x:int64[batch,length]{0..19}", Old: "x:float32[batch,8]", Reading: "x:float32[batch,8]", Listing: "x:float32[batch,8]"}


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_large_module_answers_like_an_ordinary_one(kind: type[nn.Module], suffix: str, load: Any, tmp_path: Path) -> None:
    torch.manual_seed(1)
    net = kind().eval()
    state = net.state_dict()
    if suffix == "safetensors":
        save_file({key: value.clone() for key, value in state.items() if key != "head.weight"}, tmp_path / "net.safetensors")
    else:
        torch.save(state, tmp_path / "net.pth")
    model = load(tmp_path / f"net.{suffix}", INPUTS[kind], model=f"my_nets:{kind.__name__}")
    feeds = model.sample(np.random.default_rng(0), {"batch": 3, "length": 5})
    np.testing.assert_allclose(model.run(feeds)["output"], net(torch.from_numpy(feeds["x"])).detach().numpy(), rtol=1e-5, atol=1e-5)
    if kind is Block:
        assert model.flat.module.head.weight is model.flat.module.words.weight


def test_nothing_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bool] = []
    whole = lean.is_whole
    monkeypatch.setattr(lean, "is_whole", lambda module: made.append(whole(module)) or made[-1])
    weights = Block().state_dict()
    module, _ = modules.filled("my_nets:Block", {}, weights, name="net.pth")
    assert made == [True]
    assert module.start.data_ptr() == weights["start"].data_ptr()
    assert module.body.weight_ih_l0.data_ptr() == weights["body.weight_ih_l0"].data_ptr()


@pytest.mark.parametrize("kind", [Old, Listing])
def test_what_keeps_a_tensor_without_values_is_not_whole(kind: type[nn.Module]) -> None:
    with lean.weightless():
        module = kind()
    assert lean.assign(module, kind().state_dict()) == ([], [])
    assert not lean.is_whole(module)


def test_the_module_keeps_its_dtypes(load: Any, tmp_path: Path) -> None:
    torch.save({key: value.half() for key, value in Reading().state_dict().items()}, tmp_path / "net.pth")
    model = load(tmp_path / "net.pth", "x:float32[batch,8]", model="my_nets:Reading")
    assert {each.dtype for each in model.flat.parameters()} == {torch.float32}


def test_weights_that_do_not_fit_a_large_module(load: Any, tmp_path: Path) -> None:
    torch.save({"layer.weight": torch.ones(4, 8), "layer.extra": torch.ones(1)}, tmp_path / "net.pth")
    with pytest.raises(SourceError, match=r"missing: layer\.bias\n  unexpected: layer\.extra"):
        load(tmp_path / "net.pth", "x:float32[batch,8]", model="my_nets:Reading")


def test_torch_is_what_it_was() -> None:
    before = nn.Module.register_parameter
    with contextlib.suppress(ZeroDivisionError), lean.weightless():
        assert nn.Linear(2, 2).weight.device == lean.META
        raise ZeroDivisionError
    assert nn.Module.register_parameter is before
    assert nn.Linear(2, 2).weight.device.type == "cpu"


def test_lazy_parameters_stay_as_they_are() -> None:
    with lean.weightless():
        layer = nn.LazyLinear(3)
    assert isinstance(layer.weight, nn.UninitializedParameter)
    assert layer.weight.device.type == "cpu"


CONVERSION = """
import sys, torch, converter
from converter.graph import documents
from converter_torch.exporters import translating
translating.EXTERNAL_DATA_FROM = 0
documents.write.__kwdefaults__["one_file"] = 0
torch.manual_seed(0)
layers, features = int(sys.argv[2]), int(sys.argv[3])
net = torch.nn.Sequential(*(torch.nn.Linear(features, features, bias=False) for _ in range(layers)))
assert converter.convert(net, sys.argv[1], inputs=[f"input:float32[batch,{features}]"]).agrees
"""


def kill_in_the_middle(folder: Path, layers: int, features: int, wanted: str) -> None:
    """Convert, kill the process as soon as a file of the pattern `wanted` lies in its working folder, and wait for what cleans up after it."""
    command = [sys.executable, "-c", CONVERSION, str(folder / "net.onnx"), str(layers), str(features)]
    process = subprocess.Popen(command)
    try:
        while process.poll() is None and not list(folder.glob(f".net.onnx.*.tmp/{wanted}")):
            time.sleep(0.002)
        assert process.poll() is None, "it ended before it could be killed"
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    end = time.monotonic() + 60
    while list(folder.glob(".net.onnx.*")) and time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("layers", "features", "wanted"),
    [
        (8, 512, "*/finished*"),
        pytest.param(8, 1024, "*/raw.onnx*", marks=pytest.mark.slow),
        pytest.param(38, 4096, "*/raw.onnx*", marks=pytest.mark.slow),
        pytest.param(38, 4096, "*/finished*", marks=pytest.mark.slow),
    ],
)
def test_a_killed_conversion_leaves_nothing_and_the_next_one_works(layers: int, features: int, wanted: str, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"what was there before")
    kill_in_the_middle(tmp_path, layers, features, wanted)
    assert os.listdir(tmp_path) == ["net.onnx"]
    assert (tmp_path / "net.onnx").read_bytes() == b"what was there before"
    if features > 1024:
        return
    subprocess.run([sys.executable, "-c", CONVERSION, str(tmp_path / "net.onnx"), str(layers), str(features)], check=True)
    names = sorted(os.listdir(tmp_path))
    assert len(names) == 2
    assert names[0].startswith("net.")
    assert names[0].endswith(".data")
