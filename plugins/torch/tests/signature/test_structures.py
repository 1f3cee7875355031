"""Arguments that are made of parts, optional ones and constants: how `--input` names them and what the forward gets."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional, TypedDict

import numpy as np
import pytest
import torch
from torch import nn

import converter
from converter.plugin import MissingInputs, UsageError

Old = namedtuple("Old", ["a", "b"])  # noqa: PYI024 - the kind that users' code is full of
A, B = "part:float32[batch,2]", "other:float32[batch,2]"


@dataclass
class Batch:
    a: torch.Tensor
    b: torch.Tensor
    scale: float = 3.0


class New(NamedTuple):
    a: torch.Tensor
    b: torch.Tensor


class Typed(TypedDict):
    a: torch.Tensor
    b: torch.Tensor


@dataclass
class Nested:
    first: Batch
    rest: list[New]


class Recording(nn.Module):
    """Keeps what it was called with."""

    def __init__(self, annotation: Any) -> None:
        super().__init__()
        self.seen: list[Any] = []
        self.forward.__func__.__annotations__["x"] = annotation  # type: ignore[attr-defined]

    def forward(self, x, extra=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201, ARG002 - left out
        self.seen.append(x)
        return _sum(x)


def _sum(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.float()
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, Sequence) else vars(value).values()
    return sum(_sum(item) for item in items if not isinstance(item, float))


FIELDS = ("x.a:float32[batch,2]", "x.b:float32[batch,2]")
PLACES = ("x.0:float32[batch,2]", "x.1:float32[batch,2]")


@pytest.mark.parametrize(
    ("annotation", "inputs", "kind"),
    [
        (Any, PLACES, tuple),
        (tuple[torch.Tensor, torch.Tensor], PLACES, tuple),
        (list[torch.Tensor], PLACES, list),
        (Sequence[torch.Tensor], PLACES, list),
        (Optional[list[torch.Tensor]], PLACES, list),  # noqa: UP045 - the kind that users' code is full of
        (list[torch.Tensor] | None, PLACES, list),
        (torch.Tensor | tuple[torch.Tensor, ...], PLACES, tuple),
        (New, PLACES, New),
        (Any, FIELDS, dict),
        (dict[str, torch.Tensor], FIELDS, dict),
        (Typed, FIELDS, dict),
        (Batch, FIELDS, Batch),
        (Batch | None, FIELDS, Batch),
        (New, FIELDS, New),
        (Old, FIELDS, Old),
        ("no.such.Thing", FIELDS, dict),
    ],
)
def test_parts_become_what_the_annotation_wants(annotation: Any, inputs: tuple[str, ...], kind: type, load: Any) -> None:
    net = Recording(annotation)
    model = load(net, *inputs)
    feeds = {each.name: np.full((1, 2), place + 1, np.float32) for place, each in enumerate(model.inputs)}
    assert model.run(feeds)["output"].tolist() == [[3, 3]]
    assert isinstance(net.seen[-1], kind)


def test_structures_inside_one_another(load: Any) -> None:
    net = Recording(Nested)
    model = load(net, "x.first.a:float32[n]", "x.first.b:float32[n]", "x.rest.0.a:float32[n]", "x.rest.0.b:float32[n]")
    model.run({each.name: np.full(1, place, np.float32) for place, each in enumerate(model.inputs)})
    seen = net.seen[-1]
    assert isinstance(seen.first, Batch)
    assert seen.first.scale == 3.0
    assert isinstance(seen.rest[0], New)
    assert [float(each) for each in (seen.first.a, seen.first.b, *seen.rest[0])] == [0, 1, 2, 3]


def test_a_mapping_has_its_items_as_attributes_too(load: Any) -> None:
    class ByAttribute(nn.Module):
        def forward(self, batch):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            return batch.ids + batch["shift"]

    feeds = {"batch.ids": np.int64([1, 2]), "batch.shift": np.int64([10])}
    assert load(ByAttribute(), "batch.ids:int64[n]", "batch.shift:int64[1]").run(feeds)["output"].tolist() == [11, 12]


@pytest.mark.parametrize(
    ("inputs", "error", "told", "hint"),
    [
        (("x.0:float32[n]", "x.a:float32[n]"), UsageError, r"x\.0 is a place and x\.a is a name", "in one way"),
        (("x.0:float32[n]", "x.2:float32[n]"), UsageError, r"the parts of x are x\.0, x\.2, and x\.1 is missing", '{"x.1": null}'),
        (("x:float32[n]", "x.a:float32[n]"), UsageError, r"'x\.a' is given as a whole and in parts", "pair.0"),
        (("x.a:float32[n]", "x.a.b:float32[n]"), UsageError, r"'x\.a\.b' is given as a whole and in parts", "pair.0"),
        (("x.a:float32[n]", "y.b:float32[n]"), UsageError, "'x' is a parameter of forward.*, but 'y' is none", "all of them"),
        (("extra.a:float32[n]",), MissingInputs, "no input is given for x of forward", "--input 'x:"),
    ],
)
def test_parts_that_do_not_fit(inputs: Any, error: Any, told: str, hint: str, load: Any) -> None:
    with pytest.raises(error, match=told) as caught:
        load(Recording(Any), *inputs)
    assert hint in caught.value.hint


class Switched(nn.Module):
    def forward(self, x: torch.Tensor, pair: tuple[torch.Tensor, torch.Tensor | None], *, double: bool, power: float = 1.0) -> torch.Tensor:
        total = x + pair[0] if pair[1] is None else x - pair[0]
        return (2 * total if double else total) ** power


def test_constants_are_values_that_no_input_gives(load: Any) -> None:
    model = load(Switched(), "x:float32[n]", "pair.0:float32[n]", options={"constants": '{"pair.1": null, "double": true, "power": 2}'})
    assert [each.name for each in model.inputs] == ["x", "pair.0"]
    assert model.run({"x": np.float32([1]), "pair.0": np.float32([2])})["output"].tolist() == [36]


def test_inputs_by_position_skip_the_constants(load: Any) -> None:
    class Three(nn.Module):
        def forward(self, a: torch.Tensor, flag: bool, b: torch.Tensor) -> torch.Tensor:  # noqa: FBT001 - the kind that is skipped
            return a - b if flag else a + b

    feeds = {"p": np.float32([5]), "q": np.float32([3])}
    assert load(Three(), "p:float32[n]", "q:float32[n]", options={"constants": '{"flag": true}'}).run(feeds)["output"].tolist() == [2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "-O constants is no JSON"),
        ("[1]", "-O constants is a list"),
        ('{"depth": 3}', "-O constants names 'depth', which is no parameter of forward"),
    ],
)
def test_constants_that_are_wrong(text: str, told: str, load: Any) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        load(nn.Linear(2, 2), "input:float32[n,2]", options={"constants": text})
    assert caught.value.hint


def test_any_number_of_tensors_by_name_and_keywords_of_any_name(load: Any) -> None:
    class Variadic(nn.Module):
        def forward(self, first: torch.Tensor, *rest: torch.Tensor, **named: Any) -> torch.Tensor:
            return first + sum(rest) + named["extra"]["y"] * named["factor"]

    model = load(
        Variadic(), "rest.0:float32[n]", "rest.1:float32[n]", "first:float32[n]", "extra.y:float32[n]", options={"constants": '{"factor": 10}'}
    )
    feeds = {each.name: np.float32([place + 1]) for place, each in enumerate(model.inputs)}
    assert model.run(feeds)["output"].tolist() == [3 + 1 + 2 + 40]
    with pytest.raises(UsageError, match=r"\*rest takes tensors by place") as caught:
        load(Variadic(), "first:float32[n]", "rest.a:float32[n]")
    assert "rest.0" in caught.value.hint


def test_a_script_takes_lists_tuples_and_dicts(load: Any) -> None:
    class Script(nn.Module):
        def forward(self, several: list[torch.Tensor], pair: tuple[torch.Tensor, list[torch.Tensor]], named: dict[str, torch.Tensor]) -> torch.Tensor:
            return torch.stack(several).sum(0) + pair[0] + pair[1][0] + named["k"]

    inputs = [f"{name}:float32[n]" for name in ("several.0", "several.1", "pair.0", "pair.1.0", "named.k")]
    model = load(torch.jit.script(Script()), *inputs)
    assert model.run({each.name: np.float32([1]) for each in model.inputs})["output"].tolist() == [5]


def test_the_graph_of_a_module_with_structures(tmp_path: Any) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(20, 4)

        def forward(self, batch: Batch, states: list[tuple[torch.Tensor, torch.Tensor]], scale: float) -> dict[str, Any]:
            hidden = self.words(batch.a) * batch.b[..., None]
            return {"hidden": hidden * scale, "past_key_values": [(key + hidden.mean(1), value) for key, value in states], "length": batch.a.shape[1]}

    inputs = ["batch.a:int64[rows,length=2..32]{0..19}", "batch.b:float32[rows,length]"]
    inputs += ["states.0.0:float32[rows,4]", "states.0.1:float32[rows,4]"]
    report = converter.convert(Net(), tmp_path / "net.onnx", inputs=inputs, options={"constants": '{"scale": 0.5}'})
    assert report.agrees
    session = converter.Session(tmp_path / "net.onnx", device="cpu")
    feeds = {"batch.a": np.ones((2, 7), np.int64), "batch.b": np.ones((2, 7), np.float32)}
    answer = session({**feeds, "states.0.0": np.zeros((2, 4), np.float32), "states.0.1": np.ones((2, 4), np.float32)})
    assert [each.name for each in report.spec.outputs] == ["hidden", "past_key_values.0.key", "past_key_values.0.value", "length"]
    assert int(answer["length"]) == 7
