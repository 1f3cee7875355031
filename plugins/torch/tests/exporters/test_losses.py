"""The stand-ins for torch's losses: equal to torch's own in every setting."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.nn import functional

from converter_torch.exporters.patches.ctc import ctc_by_scan
from converter_torch.exporters.patches.entropies import written_out_entropies
from converter_torch.exporters.patches.margins import margins_of_one
from converter_torch.exporters.patches.notes import Notes

pytestmark = pytest.mark.usefixtures("holders")
CLASSES = 4
REDUCTIONS = some.sampled_from(["none", "mean", "sum"])


@given(some.data(), some.sampled_from([(), (1,), (3,), (3, 2), (2, 3, 2)]), REDUCTIONS, some.sampled_from([0.0, 0.15, 1.0]), some.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_cross_entropies(data: Any, places: tuple[int, ...], reduction: str, smoothing: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    shape = (*places[:1], CLASSES, *places[1:])
    x = torch.randn(shape, generator=generator)
    probable = data.draw(some.booleans())
    target = torch.rand(shape, generator=generator) if probable else torch.randint(0, CLASSES, places, generator=generator)
    weight = torch.rand(CLASSES, generator=generator) if data.draw(some.booleans()) else None
    ignored = {} if probable else {"ignore_index": data.draw(some.sampled_from([-100, 1]))}
    given: dict[str, Any] = {"reduction": reduction, "label_smoothing": smoothing, **ignored}
    wanted = functional.cross_entropy(x, target, weight, **given)
    with written_out_entropies(torch.nn.Identity(), Notes()):
        torch.testing.assert_close(functional.cross_entropy(x, target, weight, **given), wanted, equal_nan=True)


@given(alone=some.booleans(), reduction=REDUCTIONS)
@settings(max_examples=10, deadline=None)
def test_multilabel_margins(*, alone: bool, reduction: str) -> None:
    x, target = torch.randn(2, CLASSES), torch.tensor([[3, 1, -1, 0], [0, -1, 1, 2]])
    given = (x[0], target[0]) if alone else (x, target)
    wanted = functional.multilabel_margin_loss(*given, reduction=reduction)
    with margins_of_one(torch.nn.Identity(), Notes()):
        torch.testing.assert_close(functional.multilabel_margin_loss(*given, reduction=reduction), wanted)


@given(some.data(), REDUCTIONS, some.booleans(), some.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_ctc(data: Any, reduction: str, zeroed: bool, seed: int) -> None:  # noqa: FBT001 - drawn
    """Rows of targets and targets one after the other; also where the labels do not fit into the steps, and the loss is infinite."""
    generator = torch.Generator().manual_seed(seed)
    steps, batch, labels = data.draw(some.integers(1, 7)), data.draw(some.integers(1, 3)), data.draw(some.integers(1, 4))
    x = torch.randn(steps, batch, CLASSES, generator=generator).log_softmax(2)
    read = torch.randint(1, steps + 1, (batch,), generator=generator)
    lengths = torch.randint(0, labels + 1, (batch,), generator=generator)
    rows = torch.randint(1, CLASSES, (batch, labels), generator=generator)
    line = torch.cat([row[:length] for row, length in zip(rows, lengths.tolist(), strict=True)])
    given: dict[str, Any] = {"reduction": reduction, "zero_infinity": zeroed}
    wanted = functional.ctc_loss(x, rows, read, lengths, **given)
    with ctc_by_scan(torch.nn.Identity(), Notes()):
        for targets in (rows, line) if len(line) else (rows,):
            torch.testing.assert_close(functional.ctc_loss(x, targets, read, lengths, **given), wanted, equal_nan=True)
