"""Random operators, kept states and statistics of the batch are found in the first run, and named."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from converter.plugin import UsageError

GIVEN = "x:float32[n=2..50,4]"


class Dropping(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.dropout(x, 0.5, training=True)


class Drawing(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.randn_like(x)


class Attending(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.scaled_dot_product_attention(x[None, None], x[None, None], x[None, None], dropout_p=0.5)


class Outer(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), inner])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


@pytest.mark.parametrize(("inner", "operator"), [(Dropping(), "bernoulli"), (Drawing(), "randn_like"), (Attending(), "")])
def test_random_operators_are_named_with_their_module(inner: nn.Module, operator: str, load: Any) -> None:
    name = rf"the model is random in evaluation mode too: aten\..*{operator}.* of layers\.1 \({type(inner).__name__}\)"
    with pytest.raises(UsageError, match=name) as caught:
        load(Outer(inner), GIVEN)
    assert "self.training" in caught.value.hint


def test_a_kept_state_is_named(load: Any) -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("total", torch.zeros(4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.total += x.mean(0)
            return x + self.total

    with pytest.raises(UsageError, match=r"the forward changes its own layers\.1\.total, and its answer with it") as caught:
        load(Outer(Counting()), GIVEN)
    assert "input" in caught.value.hint


def test_what_is_drawn_and_not_used_is_no_fault(load: Any) -> None:
    class Initialising(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            torch.rand(3)
            return functional.dropout(x, 0.0, training=True) * 2

    assert load(Initialising(), GIVEN)._notes == ()


def test_a_state_that_answers_do_not_show_is_noted(load: Any) -> None:
    class Forcing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.norm.train()(x)

    assert load(Outer(Forcing()), GIVEN)._notes == ("the forward changes its own layers.1.norm.num_batches_tracked, in evaluation mode too",)
    assert load(Outer(nn.BatchNorm1d(4)), GIVEN)._notes == ()
    assert load(Outer(nn.BatchNorm1d(4, track_running_stats=False)), GIVEN)._notes == ()


def test_watching_leaves_no_hooks(load: Any) -> None:
    from torch.nn.modules import module as hooks

    def count() -> int:
        return len(hooks._global_forward_hooks) + len(hooks._global_forward_pre_hooks)

    before = count()
    load(nn.Linear(4, 4), "input:float32[n,4]")
    with pytest.raises(UsageError):
        load(Outer(Drawing()), GIVEN)
    assert count() == before
