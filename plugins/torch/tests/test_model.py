"""A loaded model: its inputs and outputs, how it runs, and what it leaves as it was."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from torch import nn
from torch.export import Dim
from torch.utils import _pytree as pytree

from converter.plugin import Axis, MissingInputs, UsageError
from converter_torch.signature.outputs import flatten
from converter_torch.tensors import to_array, to_tensor

Pair = namedtuple("Pair", ["first", "second"])  # noqa: PYI024 - the kind that users' code is full of


@dataclass
class State:
    h: torch.Tensor
    c: torch.Tensor | None


@dataclass
class Layer:
    keys: torch.Tensor
    values: torch.Tensor


class Cache:
    """As transformers has them: an object with layers."""

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers


class Crossed:
    def __init__(self, own: Cache, crossed: Cache) -> None:
        self.self_attention_cache, self.cross_attention_cache = own, crossed


class Legacy:
    def to_legacy_cache(self) -> Any:
        return ((ONE, ONE),)


class Registered:
    """Registered with torch's pytree."""

    def __init__(self, first: Any, second: Any) -> None:
        self.first, self.second = first, second


pytree.register_pytree_node(
    Registered,
    lambda each: ([each.first, each.second], None),
    lambda items, _: Registered(*items),
    flatten_with_keys_fn=lambda each: ([(pytree.GetAttrKey("first"), each.first), (pytree.GetAttrKey("second"), each.second)], None),
    serialized_type_name="converter_torch.tests.Registered",
)


class ModelOutput(OrderedDict[str, Any]):
    """As transformers has them: a mapping that is a dataclass too."""


def names(value: Any) -> list[str]:
    return [name for name, _ in flatten(value)]


ONE = torch.ones(1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ONE, ["output"]),
        ((ONE, ONE), ["output_0", "output_1"]),
        ([ONE, (ONE, ONE)], ["output_0", "output_1.0", "output_1.1"]),
        ({"logits": ONE, "state": State(ONE, ONE)}, ["logits", "state.h", "state.c"]),
        (State(ONE, None), ["h"]),
        (Pair(ONE, {"a": ONE}), ["first", "second.a"]),
        (ModelOutput(logits=ONE, past_key_values=[(ONE, ONE)], loss=None), ["logits", "past_key_values.0.key", "past_key_values.0.value"]),
        (
            {"past_key_values": ((ONE, ONE, ONE, ONE),)},
            [f"past_key_values.0.{part}" for part in ("decoder.key", "decoder.value", "encoder.key", "encoder.value")],
        ),
        ({"states": ((ONE, ONE),), "cache": ()}, ["states.0.0", "states.0.1"]),
        ({"past": Cache([Layer(ONE, ONE), Layer(ONE, ONE)])}, ["past.0.key", "past.0.value", "past.1.key", "past.1.value"]),
        (
            Crossed(Cache([Layer(ONE, ONE)]), Cache([Layer(ONE, ONE)])),
            [f"output.0.{part}" for part in ("decoder.key", "decoder.value", "encoder.key", "encoder.value")],
        ),
        ({"past": Legacy()}, ["past.0.key", "past.0.value"]),
        (Registered(ONE, (ONE,)), ["first", "second.0"]),
        ({"boxes": ONE, "count": 3, "ratio": 0.5, "found": True}, ["boxes", "count", "ratio", "found"]),
        ((None, ONE), ["output_1"]),
    ],
)
def test_outputs_have_readable_names(value: Any, expected: list[str]) -> None:
    assert names(value) == expected


def test_an_output_that_is_no_tensor() -> None:
    with pytest.raises(UsageError, match=r"forward returns a str as sizes\.0, which is no tensor") as caught:
        flatten({"logits": ONE, "sizes": ["three"]})
    assert "tuples" in caught.value.hint


def test_an_output_that_is_not_dense() -> None:
    with pytest.raises(UsageError, match="forward returns found as a sparse_coo tensor") as caught:
        flatten({"found": torch.eye(2).to_sparse()})
    assert "dense" in caught.value.hint


def test_numbers_become_tensors() -> None:
    found = dict(flatten({"count": 3, "ratio": 0.5, "found": True}))
    assert [(each.dtype, each.shape, each.item()) for each in found.values()] == [
        (torch.int64, (), 3),
        (torch.float32, (), 0.5),
        (torch.bool, (), True),
    ]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "float16", "float64", "bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_values_survive_the_way_to_torch_and_back(dtype: str) -> None:
    found = getattr(ml_dtypes, dtype, None) or np.dtype(dtype)
    array = np.arange(6).reshape(2, 3).astype(found)
    tensor = to_tensor(array)
    assert str(tensor.dtype) == f"torch.{dtype}"
    back = to_array(tensor.t().contiguous().t())
    assert back.dtype == array.dtype
    assert np.array_equal(back.astype(np.float64), array.astype(np.float64))


def test_a_tensor_is_a_copy_in_native_byte_order() -> None:
    array = np.array([1.0, 2.0], ">f4")
    tensor = to_tensor(array)
    tensor[0] = 5
    assert array.tolist() == [1, 2]
    assert tensor.tolist() == [5, 2]


def test_strings_are_refused() -> None:
    with pytest.raises(UsageError, match="torch takes no strings") as caught:
        to_tensor(np.array(["a"], object))
    assert "integers" in caught.value.hint


class Scaled(nn.Module):
    def forward(self, x: torch.Tensor, ids: torch.Tensor | None = None, *, scale: torch.Tensor) -> torch.Tensor:
        return x * scale + (0 if ids is None else ids[:, None])


X, IDS, SCALE = "x:float32[batch,4]", "ids:int64[batch]{3..5}", "scale:float32[]"


def test_inputs_are_bound_by_name_in_any_order(load: Any) -> None:
    model = load(Scaled(), SCALE, IDS, X)
    feeds = model.sample(np.random.default_rng(0), {"batch": 2})
    assert set(feeds["ids"].tolist()) <= {3, 4, 5}
    np.testing.assert_allclose(model.run(feeds)["output"], feeds["x"] * feeds["scale"] + feeds["ids"][:, None], rtol=1e-6)


def test_an_optional_input_may_be_left_out(load: Any) -> None:
    feeds = {"x": np.ones((1, 4), np.float32), "scale": np.float32(3) * np.ones((), np.float32)}
    assert load(Scaled(), X, SCALE).run(feeds)["output"].tolist() == [[3, 3, 3, 3]]


def test_inputs_are_bound_by_position_where_no_name_matches(load: Any) -> None:
    class Minus(nn.Module):
        def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
            return first - second

    feeds = {"a": np.float32([5]), "b": np.float32([3])}
    assert load(Minus(), "a:float32[1]", "b:float32[1]").run(feeds)["output"].tolist() == [2]


def test_a_forward_that_takes_any_number_of_tensors(load: Any) -> None:
    class Total(nn.Module):
        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            return torch.stack(tensors).sum(0)

    feeds = {name: np.float32([1]) for name in "abc"}
    assert load(Total(), "a:float32[1]", "b:float32[1]", "c:float32[1]").run(feeds)["output"].tolist() == [3]


@pytest.mark.parametrize(
    ("inputs", "error", "told", "hint"),
    [
        ((X, "mask:bool[batch]"), UsageError, "'x' is a parameter of forward.*, but 'mask' is none", "all of them"),
        ((X,), MissingInputs, r"no input is given for scale of forward\(", "--input 'scale:"),
        (("a:float32[2]", "b:float32[2]", "c:float32[2]"), UsageError, "3 inputs are given, but forward takes 2", "leave out"),
    ],
)
def test_inputs_that_do_not_fit_the_forward(inputs: Any, error: Any, told: str, hint: str, load: Any) -> None:
    with pytest.raises(error, match=told) as caught:
        load(Scaled(), *inputs)
    assert hint in caught.value.hint


def test_an_output_with_the_name_of_an_input_gets_another(load: Any) -> None:
    class Echo(nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"x": x, "y": x.to(torch.bfloat16)}

    assert [(each.name, each.dtype) for each in load(Echo(), "x:float32[n]").outputs] == [("output.x", "float32"), ("y", "bfloat16")]


def test_a_complex_output_is_refused(load: Any) -> None:
    class Spectrum(nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"power": x.square(), "spectrum": torch.fft.rfft(x)}

    with pytest.raises(UsageError, match="output 'spectrum' is complex64, and ONNX Runtime computes no complex numbers") as caught:
        load(Spectrum(), "x:float32[n]")
    assert "view_as_real" in caught.value.hint


def test_a_model_without_outputs(load: Any) -> None:
    class Silent(nn.Module):
        def forward(self, _x: torch.Tensor) -> None:
            return None

    with pytest.raises(UsageError, match="the forward returns no tensor"):
        load(Silent(), "_x:float32[n]")


def test_it_runs_in_evaluation_mode_and_leaves_the_modes_as_they_were(load: Any) -> None:
    class Merging(nn.Dropout):
        merged = False

        def train(self, mode: bool = True) -> Any:  # noqa: FBT001, FBT002 - torch's signature
            self.merged = True  # as LoRA layers do: evaluation changes the weights
            return super().train(mode)

    net = nn.Sequential(Merging(0.5), nn.BatchNorm1d(3), nn.Dropout(0.5))
    net[1].training = False
    model = load(net, "input:float32[n,3]")
    feeds = {"input": np.ones((4, 3), np.float32)}
    np.testing.assert_allclose(model.run(feeds)["output"], np.ones((4, 3)), atol=1e-5)
    assert [each.training for each in net.modules()] == [True, True, False, True]
    assert not net[0].merged
    assert torch.is_grad_enabled()


def test_the_axes_of_an_exported_program(load: Any) -> None:
    class Joined(nn.Module):
        def forward(self, x: torch.Tensor, past: dict[str, torch.Tensor], flag: bool) -> torch.Tensor:  # noqa: FBT001 - a constant of the program
            return torch.cat([x, past["key"]], 1) * (2 if flag else 3)

    batch, length = Dim("batch", min=2, max=16), Dim("length", max=5000)
    example = (torch.ones(3, 5, 4), {"key": torch.ones(3, 10, 4)}, True)
    program = torch.export.export(Joined(), example, dynamic_shapes=({0: batch, 1: length}, {"key": {0: batch, 1: 2 * length}}, None))
    model = load(program)
    assert [(each.name, each.dims) for each in model.inputs] == [("x", ("batch", "x_1", 4)), ("past_key", ("batch", "x_1 + x_1", 4))]
    assert dict(model.axes) == {"batch": Axis(2, 16), "x_1": Axis(1, 64)}
    assert [each.name for each in model.exporters] == ["program"]
    feeds = model.sample(np.random.default_rng(0), {"batch": 2, "x_1": 3})
    np.testing.assert_array_equal(model.run(feeds)["output"], 2 * np.concatenate([feeds["x"], feeds["past_key"]], 1))


def test_the_inputs_of_an_exported_program_can_be_renamed_and_narrowed(load: Any) -> None:
    program = torch.export.export(nn.Linear(4, 2), (torch.ones(3, 4),), dynamic_shapes=({0: Dim("n")},))
    model = load(program, "rows:float32[count=2..9,4]")
    assert [each.name for each in model.inputs] == ["rows"]
    assert dict(model.axes) == {"count": Axis(2, 9)}
    with pytest.raises(UsageError, match="input rows is float64 of 2 dims, the model's is float32 of 2") as caught:
        load(program, "rows:float64[count,4]")
    assert "--input 'input:float32[batch=" in caught.value.hint
    with pytest.raises(UsageError, match="the model's inputs are input, not a, b"):
        load(program, "a:float32[n,4]", "b:float32[n]")


def test_a_size_that_is_no_sum_is_refused(load: Any) -> None:
    class Shifted(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return x[1:] + y

    class Doubled(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return torch.cat([x, x])[1:] + y

    n = Dim("n", min=3, max=40)
    program = torch.export.export(Shifted(), (torch.ones(6), torch.ones(5)), dynamic_shapes=({0: n + 1}, {0: n}))
    assert {each.name: each.dims for each in load(program).inputs}["x"] == ("batch + 1",)
    program = torch.export.export(Doubled(), (torch.ones(6), torch.ones(11)), dynamic_shapes=({0: n}, {0: 2 * n - 1}))
    with pytest.raises(UsageError, match=r"dim 0 of y is 2\*s\d+ - 1, which is no sum of free sizes") as caught:
        load(program)
    assert "--input" in caught.value.hint


def test_a_script_keeps_its_control_flow(load: Any) -> None:
    class Looping(nn.Module):
        def forward(self, x: torch.Tensor, bias: float = 0.5) -> dict[str, torch.Tensor]:
            total = x[0] * 0 + bias
            for row in range(x.size(0)):
                total = total + x[row]
            return {"total": total}

    model = load(torch.jit.script(Looping()), "x:float32[rows,2]")
    assert model.summary == "TorchScript Looping, 0 parameters"
    assert [each.name for each in model.exporters] == ["script"]
    assert model.run({"x": np.ones((7, 2), np.float32)})["total"].tolist() == [7.5, 7.5]
    with pytest.raises(MissingInputs, match=r"its forward takes \(x: Tensor, bias: float = 0.5\)"):
        load(torch.jit.script(Looping()))
