"""Which sizes are measured, and where each comes from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from converter.benching.sizes import BATCHES, Choice, batch_axis, choose, combinations, items, parse_sizes, title, with_batch
from converter.errors import UnknownName, UsageError
from converter.images import ImagePreparation
from converter.specs import Axis, Input, ModelSpec, Output, axis_names


def spec(*inputs: Input, axes: dict[str, Axis] | None = None, **metadata: str) -> ModelSpec:
    known = axes or {}
    return ModelSpec(inputs, (Output("y"),), {name: known.get(name, Axis()) for name in axis_names(inputs)}, metadata=metadata)


IMAGES = Input("images", "float32", ("batch", 3, 32, "width"))


@pytest.mark.parametrize("given", ["1,8,64", [1, 8, 64], (1, 8, 64), " 1, 8,64,8"])
def test_sizes_are_texts_or_numbers(given: Any) -> None:
    assert parse_sizes({"batch": given}) == {"batch": (1, 8, 64)}


def test_one_number_is_one_size() -> None:
    assert parse_sizes({"batch": 7, "width": "100"}) == {"batch": (7,), "width": (100,)}


@pytest.mark.parametrize("given", ["", "1,x", "0", "-1", "1.5", "1,,2", "²", [], [0], -3])
def test_what_is_no_size_is_told(given: Any) -> None:
    with pytest.raises(UsageError) as caught:
        parse_sizes({"batch": given})
    shown = given if isinstance(given, str) else ",".join(map(str, given)) if isinstance(given, list) else str(given)
    assert caught.value.message == f"the sizes of axis 'batch' are '{shown}'"
    assert caught.value.hint == "positive whole numbers: --sizes batch=1,8,64"


@pytest.mark.parametrize(
    ("inputs", "axis"),
    [
        ((IMAGES,), "batch"),
        ((Input("x", "float32", ("time", "Batch", 4)),), "Batch"),
        ((Input("a", "float32", ("d0", 4)), Input("b", "int64", ("d0", "d1"))), "d0"),
        ((Input("a", "float32", ("d0", 4)), Input("scale", "float32", ())), "d0"),
        ((Input("a", "float32", ("d0", 4)), Input("b", "int64", ("d1",))), None),
        ((Input("a", "float32", ("past + length", 4)),), None),
        ((Input("a", "float32", (8, "width")),), None),
        ((), None),
    ],
)
def test_the_batch_is_the_axis_called_so_or_what_all_inputs_begin_with(inputs: tuple[Input, ...], axis: str | None) -> None:
    assert batch_axis(spec(*inputs)) == axis


def test_the_batch_has_three_sizes_by_default_inside_its_range() -> None:
    assert choose(spec(IMAGES), {"width": (40,)}, {}) == (Choice("batch", BATCHES, "by default"), Choice("width", (40,), "as given"))
    small = spec(IMAGES, axes={"batch": Axis(2, 16, 2)})
    assert choose(small, {}, {})[0].sizes == (2, 8, 16)


@pytest.mark.parametrize(
    ("model", "size", "why"),
    [
        (spec(IMAGES, axes={"width": Axis(16, 1024, usual=100)}), 100, "what the model is made for"),
        (spec(IMAGES, image=ImagePreparation("images", 32, 120).to_json()), 120, "what images are prepared to"),
        (spec(IMAGES, image=ImagePreparation("others", 32, 120).to_json()), 64, "assumed"),
        (spec(IMAGES, **{"converter.sizes": json.dumps({"width": [16, 113, 100]})}), 113, "the largest that was proven"),
        (spec(IMAGES, axes={"width": Axis(1, 48)}), 48, "assumed"),
        (spec(IMAGES), 64, "assumed"),
    ],
)
def test_another_axis_has_the_size_that_the_model_or_the_graph_tells(model: ModelSpec, size: int, why: str) -> None:
    assert choose(model, {}, {})[1] == Choice("width", (size,), why)


def test_the_data_fixes_what_it_has() -> None:
    assert choose(spec(IMAGES), {}, {"width": 77})[1] == Choice("width", (77,), "the data's")
    assert choose(spec(IMAGES), {"width": (77,)}, {"width": 77})[1].sizes == (77,)
    with pytest.raises(UsageError) as caught:
        choose(spec(IMAGES), {"width": (77, 100)}, {"width": 77})
    assert caught.value.message == "axis 'width' cannot have another size than that of the data, 77"
    assert caught.value.hint == "leave out --sizes or --data"


def test_an_unknown_axis_is_named_with_the_known() -> None:
    with pytest.raises(UnknownName) as caught:
        choose(spec(IMAGES), {"bacth": (1,)}, {})
    assert (caught.value.message, caught.value.hint) == ("there is no axis 'bacth'", "known: batch, width")


def test_every_combination_is_measured() -> None:
    choices = choose(spec(IMAGES), {"batch": (1, 2), "width": (32, 64)}, {})
    assert combinations(choices) == [{"batch": batch, "width": width} for batch in (1, 2) for width in (32, 64)]
    assert combinations(choose(spec(Input("x", "float32", (1, 3))), {}, {})) == [{}]
    assert (title({"batch": 1, "width": 32}), title({})) == ("batch 1, width 32", "fixed sizes")


@pytest.mark.parametrize(
    ("inputs", "sizes", "count"),
    [
        ((IMAGES,), {"batch": 8, "width": 100}, 8),
        ((Input("x", "float32", (4, "width")),), {"width": 100}, 4),
        ((Input("x", "float32", (4, 3)), Input("y", "float32", (2, 3))), {}, 1),
        ((Input("x", "float32", ("a", 3)), Input("y", "float32", ("b", 3))), {"a": 5, "b": 6}, 1),
        ((Input("x", "float32", ()),), {}, 1),
    ],
)
def test_how_many_items_a_call_is(inputs: tuple[Input, ...], sizes: dict[str, int], count: int) -> None:
    assert items(spec(*inputs), sizes) == count


def test_real_feeds_are_repeated_or_cut_off_along_the_batch() -> None:
    inputs = (Input("x", "float32", (2, "batch")), Input("scale", "float32", ("n",)))
    feeds = {"x": np.array([[1, 2, 3], [4, 5, 6]]), "scale": np.array([7, 8])}
    assert with_batch(inputs, feeds, "batch", 5)["x"].tolist() == [[1, 2, 3, 1, 2], [4, 5, 6, 4, 5]]
    assert with_batch(inputs, feeds, "batch", 2)["x"].tolist() == [[1, 2], [4, 5]]
    assert with_batch(inputs, feeds, "batch", 2)["scale"].tolist() == [7, 8]
