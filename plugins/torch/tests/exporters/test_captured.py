"""What a capture could freeze or lose, and must not: changes in place, computed weights, other precisions, complex numbers inside."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

SIZES = tuple({"n": n} for n in (1, 2, 9))


class Written(nn.Module):
    """Views that are written through, of the input and of new tensors."""

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        own = x.clone()
        own[:, 0] += 1
        own.transpose(0, 1)[1].mul_(2)
        made = torch.zeros_like(x)
        made[::2] = own[::2]
        made.view(-1)[:2].sub_(3)
        made.diagonal().fill_(7)
        made[made > 5] = 0
        square = own.T @ own
        square.fill_diagonal_(2)
        square.diagonal(-1).copy_(own[0, 1:])
        x += 1
        return {"own": own, "made": made, "square": square, "given": x}


def test_views_that_are_written_through(load: Any, prove: Any) -> None:
    prove(load(Written(), "x:float32[n,3]"), *SIZES)


class Computed(nn.Module):
    """Weights that are computed from others at each call."""

    def __init__(self) -> None:
        super().__init__()
        self.old = nn.utils.weight_norm(nn.Linear(3, 4))
        self.new = nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 4, 1))
        self.spectral = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))
        self.orthogonal = nn.utils.parametrizations.orthogonal(nn.Linear(4, 4), orthogonal_map="householder")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.orthogonal(self.spectral(self.new(self.old(x).unsqueeze(-1)).squeeze(-1)))


def test_weights_that_are_computed(load: Any, prove: Any) -> None:
    net = Computed()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    prove(load(net, "x:float32[n,3]"), *SIZES)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


class Mixed(nn.Module):
    """A part of it in half precision."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.float16):
            return self.linear(x).float() + 1


def test_autocast(load: Any, prove: Any) -> None:
    prove(load(Mixed(), "x:float32[n,3]"), *SIZES, atol=2e-3)


class Turned(nn.Module):
    """Complex numbers between real ones, as rotary embeddings have them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        angles = torch.arange(x.shape[0], dtype=x.dtype)[:, None] * torch.tensor([0.1, 0.01])
        turned = torch.view_as_complex(x.reshape(-1, 2, 2)) * torch.polar(torch.ones_like(angles), angles)
        return torch.view_as_real(turned).flatten(1)


def test_complex_numbers_inside(load: Any, prove: Any) -> None:
    prove(load(Turned(), "x:float32[n,4]"), *SIZES)


class Sliced(nn.Module):
    """A number of its own tensor, of which part a free size decides."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.arange(12))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.table[: x.shape[0]].sum().item()


def test_a_number_of_a_free_part_is_not_fixed(load: Any, prove: Any) -> None:
    prove(load(Sliced(), "x:float32[n=1..12,2]"), *SIZES)
