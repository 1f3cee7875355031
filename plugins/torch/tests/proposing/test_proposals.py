"""Inputs that are proposed where none are given: right for what layers and signatures show, none where nothing holds."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

import converter
from converter.plugin import MissingInputs, PluginError
from converter_torch.proposing.probing import axis_around
from converter_torch.proposing.proposals import propose


class UNet(nn.Module):
    """Halves its image twice and joins what it had before: sizes are multiples of 4."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.up, self.out = nn.ConvTranspose2d(4, 4, 2, 2), nn.ConvTranspose2d(4, 4, 2, 2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        first = self.first(image)
        second = self.second(F.max_pool2d(first, 2))
        return self.out(self.up(self.third(F.max_pool2d(second, 2))) + second) + first


class Flattening(nn.Module):
    """A linear layer behind convolutions: one size only."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Conv2d(1, 2, 3), nn.Linear(2 * 26 * 26, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x).flatten(1))


class Positions(nn.Module):
    """As many positions as it has rows for."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places, self.head = nn.Embedding(100, 8), nn.Embedding(20, 8), nn.Linear(8, 3)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        hidden = self.words(ids) + self.places(torch.arange(ids.shape[1]))
        return self.head(hidden if mask is None else hidden * mask[..., None])


class Lengths(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.body = nn.Embedding(30, 4), nn.GRU(4, 3, batch_first=True)

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> Any:
        packed = nn.utils.rnn.pack_padded_sequence(self.words(ids), lengths, batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.body(packed)[0], batch_first=True, total_length=ids.shape[1])[0]


class Backwards(nn.Module):
    """Makes the last layer first."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.body = nn.Linear(8, 3), nn.Linear(4, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x))


class TwoTowers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.image, self.text = nn.Conv2d(3, 4, 3, 2), nn.Embedding(50, 4)

    def forward(self, image: torch.Tensor, tokens: torch.Tensor, weighted: bool) -> torch.Tensor:  # noqa: FBT001 - a constant
        return self.image(image).mean((2, 3)) * (2 if weighted else 1) + self.text(tokens).mean(1)


class Sound(nn.Module):
    """Adds the channel itself."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv1d(1, 4, 7, stride=4)

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        return self.body(wave.unsqueeze(1))


class Mixing(nn.Module):
    """Rows of its batch, whichever dim that is, are not apart."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.body(x)
        return hidden - hidden.mean()


class Deaf(nn.Module):
    """Gives the same whatever it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body.weight.expand(len(x), 4, 4)


BATCH = "batch=1..64"
TRANSFORMER = {"d_model": 8, "nhead": 2, "dim_feedforward": 16}


@pytest.mark.parametrize(
    ("net", "proposed"),
    [
        (UNet(), f"--input 'image:float32[{BATCH},3,height=4..128/4,width=4..128/4]'"),
        (Flattening(), f"--input 'x:float32[{BATCH},1,28,28]'"),
        (Positions(), f"--input 'ids:int64[{BATCH},length=1..20]{{0..99}}'"),
        (Lengths(), f"--input 'ids:int64[{BATCH},length=4..64]{{0..29}}' --input 'lengths:int64[{BATCH}]{{1..4}}'"),
        (Backwards(), f"--input 'x:float32[{BATCH},4]'"),
        (Sound(), f"--input 'wave:float32[{BATCH},length=7..64]'"),
        (nn.LSTM(8, 4), f"--input 'input:float32[length=1..64,{BATCH},8]'"),
        (nn.LSTM(8, 4, batch_first=True), f"--input 'input:float32[{BATCH},length=1..64,8]'"),
        (nn.TransformerEncoderLayer(**TRANSFORMER, batch_first=True), f"--input 'src:float32[{BATCH},length=1..64,8]'"),
        (nn.TransformerEncoderLayer(**TRANSFORMER), f"--input 'src:float32[length=1..64,{BATCH},8]'"),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), f"--input 'input:float32[{BATCH},784]'"),
        (nn.Linear(4, 2).to(torch.bfloat16), f"--input 'input:bfloat16[{BATCH},4]'"),
        (nn.Bilinear(3, 4, 2), f"--input 'input1:float32[{BATCH},3]' --input 'input2:float32[{BATCH},4]'"),
        (nn.BatchNorm3d(3), f"--input 'input:float32[{BATCH},3,depth=1..128,height=1..128,width=1..128]'"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, nn.Module) else "",
)
def test_what_is_proposed(net: nn.Module, proposed: str) -> None:
    found = propose(net, inspect.signature(net.forward), {})
    assert found is not None
    assert found.line == proposed


@pytest.mark.parametrize("net", [Mixing(), Deaf(), nn.ReLU()], ids=lambda net: type(net).__name__)
def test_nothing_is_proposed_where_nothing_holds(net: nn.Module, load: Any) -> None:
    with pytest.raises(MissingInputs, match="none that were tried are right\n  its forward takes"):
        load(net)


def test_constants_need_no_input(load: Any) -> None:
    model = load(TwoTowers(), options={"constants": '{"weighted": true}'})
    assert [(each.name, each.dtype) for each in model.inputs] == [("image", "float32"), ("tokens", "int64")]


def test_proposing_leaves_the_module_and_the_random_numbers_as_they_were() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(), nn.BatchNorm1d(4)).train()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    assert propose(net, inspect.signature(net.forward), {}) is not None
    assert torch.equal(torch.rand(1), wanted)
    assert all(part.training for part in net.modules())
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_a_proposal_is_shown_and_converts(tmp_path: Any) -> None:
    report = converter.convert(UNet().eval(), tmp_path / "net.onnx")
    assert report.agrees
    assert "proposed --input 'image:float32[batch=1..64,3,height=4..128/4,width=4..128/4]'" in report.spec.summary
    heights = {case.sizes["height"] for case in report.cases}
    assert len(heights) >= 3
    assert all(height % 4 == 0 for height in heights)
    session = converter.Session(tmp_path / "net.onnx", device="cpu")
    assert session({"image": np.zeros((2, 3, 36, 64), np.float32)})["output"].shape == (2, 4, 36, 64)


@pytest.mark.parametrize(("step", "low", "high"), [(1, 1, 10_000), (1, 7, 50), (8, 16, 10_000), (32, 32, 96)])
def test_the_sizes_of_an_axis_are_found(step: int, low: int, high: int) -> None:
    axis = axis_around(lambda at: low <= at["n"] <= high and at["n"] % step == 0, "n", {"n": 32})
    if high == 96:
        assert axis is None  # too few to tell a range from chance
    else:
        assert axis is not None
        assert (axis.low, axis.step) == (low, step)
        assert axis.high <= high


def test_the_multiples_that_a_module_wants_are_told(load: Any) -> None:
    with pytest.raises(PluginError, match="first run: RuntimeError") as caught:
        load(UNet(), "image:float32[batch,3,height=8..200,width]")
    shown = "the forward was called with image [5, 3, 17, 7]; it runs at the sizes of"
    assert caught.value.hint == f"{shown} --input 'image:float32[batch=1..64,3,height=8..200/4,width=4..64/4]'"
