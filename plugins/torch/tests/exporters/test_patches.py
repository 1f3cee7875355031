"""What of torch fixes a free size or cannot be translated, and what stands in for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from converter.plugin import ExportRequest
from converter_torch.exporters.patches import patched

SIZES = tuple({"n": n} for n in (1, 2, 6, 7, 23))


class Functions(nn.Module):
    """One output for each function that has a stand-in."""

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        n = x.shape[-1]
        return {
            "average": functional.adaptive_avg_pool1d(x, 3),
            "global": functional.adaptive_avg_pool2d(x[None], 1),
            "plane": functional.adaptive_avg_pool2d(x[None], (None, 4)),
            "maximum": functional.adaptive_max_pool1d(x, 3),
            "hot": functional.one_hot(torch.arange(n), n),
            "grid": functional.affine_grid(x.mean() * torch.ones(2, 2, 3), [2, 1, n, n + 1], align_corners=False),
            "volume": functional.affine_grid(x.mean() * torch.ones(1, 3, 4), [1, 1, n, n + 1, 2], align_corners=False),
            "line": torch.linspace(-1, 1, n),
            "value": x * torch.tensor([1 / n, 2.0])[0] + torch.full((1,), n**-0.5),
            "attended": functional.scaled_dot_product_attention(x, x, x),
            "product": torch.einsum("cbn,cbn,cbn->b", x, x, x),
        }


def test_functions_of_free_sizes(load: Any, prove: Any) -> None:
    prove(load(Functions(), "x:float32[2,3,n=1..40]"), *SIZES)


class Spectral(nn.Module):
    """A real transform and back."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.fft.irfft(torch.fft.rfft(x) * 0.5, n=x.shape[-1])


def test_a_transform_and_its_inverse(load: Any, prove: Any) -> None:
    prove(load(Spectral(), "x:float32[2,n=2..40]"), {"n": 2}, {"n": 7}, {"n": 8}, {"n": 23}, atol=1e-4)


class Strided(nn.Module):
    """Asks its own small tensors for numbers, one of which it changes."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("stride", torch.tensor([2, 3]))
        self.register_buffer("shift", torch.tensor(1))
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        step = int((self.stride * 2).max().item()) - 4
        offset = self.shift.clone()
        offset.add_(1)
        return x[:: step + int(self.shift)][int(offset) - 1 :] * float(self.scale) if self.stride[0] > 1 else x


def test_scalars_of_the_models_own_tensors(load: Any, prove: Any) -> None:
    net = Strided()
    prove(load(net, "x:float32[n=5..40]"), {"n": 5}, {"n": 8}, {"n": 31})
    assert net.stride.tolist() == [2, 3]
    assert int(net.shift) == 1


def test_the_report_says_what_was_patched(load: Any, tmp_path: Path) -> None:
    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = nn.GRU(3, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return functional.adaptive_avg_pool1d(self.gru(x)[0].permute(1, 2, 0), 2)

    def note(net: nn.Module, given: str) -> str:
        model = load(net, given)
        return str(next(each.write for each in model.exporters if each.name == "patched")(ExportRequest(tmp_path / "out.onnx")))

    assert note(Pooled(), "x:float32[length,batch,3]") == "patched: GRU as one operator, adaptive pooling of a free size"
    assert note(nn.Linear(2, 2), "input:float32[n,2]") == ""


def test_stand_ins_do_as_torch_where_nothing_is_free() -> None:
    x = torch.randn(2, 3, 7)
    net = Functions()
    before = net(x)
    with patched(net) as (prepared, notes):
        after = prepared(x)
        assert notes.line == "patched: adaptive pooling in unequal windows, attention of four dims"
    for name, tensor in before.items():
        torch.testing.assert_close(after[name], tensor)


class Masked(nn.Module):
    """Attention under a mask that is an input, with queries that see nothing among its rows."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        blind = mask & (torch.arange(mask.shape[0]) % 2 == 0)[:, None]
        weights = torch.zeros_like(blind, dtype=x.dtype).masked_fill(~blind, float("-inf"))
        heads = x.unsqueeze(1)
        return {
            "bool": functional.scaled_dot_product_attention(heads, heads, heads, blind),
            "float": functional.scaled_dot_product_attention(x, x, x, weights),
        }


def test_queries_that_see_no_key_get_zeros(load: Any, prove: Any) -> None:
    prove(load(Masked(), "x:float32[batch,length,4]", "mask:bool[length,length]"), {"batch": 1, "length": 4}, {"batch": 3, "length": 7})


class Upwards(nn.Module):
    """Transposed convolutions to the sizes that the image had before."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.plane = nn.ConvTranspose1d(2, 3, 3, 3, 1), nn.ConvTranspose2d(2, 3, (3, 5), (2, 3), 1, dilation=2)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {
            "line": self.line(x[:, :, 0, ::3], output_size=[x.shape[3]]),
            "plane": self.plane(x[:, :, ::2, ::3], output_size=[x.shape[2] + 2, x.shape[3] + 6]),
        }


def test_transposed_convolutions_to_a_free_size(load: Any, prove: Any) -> None:
    sizes = tuple({"batch": batch, "height": height, "width": width} for batch, height, width in ((1, 4, 6), (2, 7, 9), (3, 8, 7), (1, 9, 8)))
    prove(load(Upwards(), "x:float32[batch,2,height=4..20,width=6..20]"), *sizes)
