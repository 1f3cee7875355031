"""The stand-ins for torch's poolings: equal to torch's own in every setting, and right in the graph at every size."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch import nn
from torch.nn import functional

from converter_torch.exporters.patches.divisors import own_divisors
from converter_torch.exporters.patches.notes import Notes
from converter_torch.exporters.patches.pooling import free_pooling

pytestmark = pytest.mark.usefixtures("holders")


class Call(nn.Module):
    """A function of torch.nn.functional with its settings."""

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.name, self.args, self.kwargs = name, args, kwargs

    def forward(self, x: torch.Tensor) -> Any:
        return getattr(functional, self.name)(x, *self.args, **self.kwargs)


def assert_as_torch(call: Call, x: torch.Tensor) -> None:
    before = call(x)
    with free_pooling(call, Notes()), own_divisors(call, Notes()):
        after = call(x)
    torch.testing.assert_close(after, before)


def drawn(lengths: list[int], seed: int) -> torch.Tensor:
    return torch.randn([2, 3, *lengths], generator=torch.Generator().manual_seed(seed))


@given(some.data(), some.sampled_from(["avg", "max"]), some.lists(some.integers(1, 9), min_size=1, max_size=3), some.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_adaptive_pooling(data: Any, kind: str, lengths: list[int], seed: int) -> None:
    sizes = tuple(data.draw(some.one_of(some.integers(1, 9), some.none())) for _ in lengths)
    kwargs = {"return_indices": data.draw(some.booleans())} if kind == "max" else {}
    assert_as_torch(Call(f"adaptive_{kind}_pool{len(lengths)}d", sizes if len(sizes) > 1 else sizes[0] or lengths[0], **kwargs), drawn(lengths, seed))


@given(some.data(), some.integers(2, 3), some.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_average_pooling_with_its_own_divisor(data: Any, dims: int, seed: int) -> None:
    kernel = tuple(data.draw(some.integers(1, 4)) for _ in range(dims))
    lengths = [data.draw(some.integers(size, 9)) for size in kernel]
    stride = data.draw(some.one_of(some.none(), some.integers(1, 4), some.tuples(*[some.integers(1, 4)] * dims)))
    padding = tuple(data.draw(some.integers(0, size // 2)) for size in kernel)
    ceil, counted = data.draw(some.booleans()), data.draw(some.booleans())
    divisor = data.draw(some.sampled_from([1, 3, -2]))
    assert_as_torch(Call(f"avg_pool{dims}d", kernel, stride, padding, ceil, counted, divisor), drawn(lengths, seed))


@pytest.mark.parametrize(
    "call",
    [
        Call("adaptive_max_pool2d", (2, 3), return_indices=True),
        Call("adaptive_max_pool2d", (1, 1)),
        Call("avg_pool2d", 3, 2, 1, ceil_mode=True, divisor_override=2),
    ],
    ids=["maxima with places", "the whole", "own divisor in ceil mode"],
)
def test_every_axis_stays_free(call: Call, load: Any, prove: Any) -> None:
    prove(load(call, "x:float32[batch,2,height=3..32,width=3..32]"), {"batch": 1, "height": 3, "width": 3}, {"batch": 3, "height": 8, "width": 13})
