"""Masks, positions and boxes of sampled feeds are such as occur."""

from __future__ import annotations

import numpy as np
import pytest

from converter.plugin import Domain, Input
from converter_torch.huggingface.masks import made_valid, padded, positions


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("length", [1, 2, 9])
def test_every_row_keeps_a_token_and_the_first_all(length: int, left: bool) -> None:  # noqa: FBT001 - a parameter of the test
    for seed in range(20):
        mask = padded(np.random.default_rng(seed), 4, length, left=left)
        assert mask.dtype == np.int64
        assert mask[0].all()
        assert mask.any(axis=1).all()
        assert (np.diff(mask, axis=1) >= 0 if left else np.diff(mask, axis=1) <= 0).all()


def test_so_many_places_are_kept() -> None:
    mask = padded(np.random.default_rng(0), 50, 9, left=True, least=6)
    assert mask[:, 3:].all()
    assert not mask[1:, 2].all()


def test_a_mask_may_be_empty() -> None:
    assert padded(np.random.default_rng(0), 3, 0, left=True).shape == (3, 0)


def test_positions_count_what_is_not_padding() -> None:
    mask = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])
    assert positions(mask, 3).tolist() == [[0, 1, 2], [2, 3, 4]]
    assert positions(mask, 1).tolist() == [[2], [4]]


def test_only_masks_and_boxes_are_changed() -> None:
    inputs = (
        Input("input_ids", "int64", ("batch", "sequence"), Domain(0, 9)),
        Input("attention_mask", "int64", ("batch", "sequence"), Domain(0, 1)),
        Input("bbox", "int64", ("batch", "sequence", 4), Domain(0, 99)),
    )
    rng = np.random.default_rng(0)
    drawn = {each.name: each.draw(rng, {"batch": 6, "sequence": 7}) for each in inputs}
    made = made_valid(drawn, inputs, rng)
    assert made["input_ids"] is drawn["input_ids"]
    assert made["attention_mask"].any(axis=1).all()
    assert (made["attention_mask"] == 0).any()
    assert (made["bbox"][..., :2] <= made["bbox"][..., 2:]).all()


def test_a_mask_that_the_user_narrowed_stays() -> None:
    each = Input("attention_mask", "int64", ("batch", "sequence"), Domain(1, 1))
    drawn = {"attention_mask": np.ones((3, 4), np.int64)}
    assert made_valid(drawn, (each,), np.random.default_rng(0))["attention_mask"].all()
