"""`-O dtype=`: a module in another precision, compared with the tolerances of that dtype."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import converter
from converter.plugin import PluginError, UsageError
from converter_torch.plugin import Torch
from converter_torch.precision import CHOICES, converted


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2)).eval()


def test_the_graph_has_the_dtype_and_the_module_keeps_its_own(tmp_path: Any) -> None:
    net = small()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    report = converter.convert(net, tmp_path / "net.onnx", inputs=["input:float16[batch,4]"], options={"dtype": "float16"})
    assert report.agrees
    assert [each.dtype for each in report.spec.outputs] == ["float16"]
    assert all(torch.equal(value, before[key]) and value.dtype == before[key].dtype for key, value in net.state_dict().items())


@pytest.mark.parametrize("name", CHOICES)
def test_every_dtype_is_proposed_and_answered(name: str, load: Any) -> None:
    model = load(small(), options={"dtype": name})
    assert model.inputs[0].dtype == model.outputs[0].dtype == name


@pytest.mark.parametrize(
    "make", [nn.LSTM, nn.GRU, lambda size, out: nn.utils.weight_norm(nn.Linear(size, out)), lambda size, out: torch.jit.script(nn.Linear(size, out))]
)
def test_weights_that_layers_keep_twice(make: Any) -> None:
    net = make(4, 3)
    double = converted(net, "float64")
    x = torch.randn(2, 5, 4)
    with torch.no_grad():
        found, wanted = double(x.double()), net(x)
    first, second = (found, wanted) if isinstance(found, torch.Tensor) else (found[0], wanted[0])
    assert first.dtype == torch.float64
    assert torch.allclose(first.float(), second, atol=1e-5)


def test_shared_weights_stay_shared() -> None:
    net = nn.ModuleDict({"a": nn.Linear(3, 3, bias=False), "b": nn.Linear(3, 3, bias=False)})
    net["b"].weight = net["a"].weight
    half = converted(net, "bfloat16")
    assert half["a"].weight is half["b"].weight
    assert half["a"].weight.dtype == torch.bfloat16


def test_complex_weights_are_refused(load: Any) -> None:
    net = nn.Module()
    net.weight = nn.Parameter(torch.ones(2, dtype=torch.complex64))
    net.forward = lambda x: x  # type: ignore[method-assign]
    with pytest.raises(UsageError, match="complex weights, and -O dtype=float16 would lose their imaginary part"):
        load(net, "x:float16[n]", options={"dtype": "float16"})


def test_inputs_of_another_dtype_are_told(load: Any) -> None:
    with pytest.raises(PluginError, match="first run") as caught:
        load(small(), "input:float32[batch,4]", options={"dtype": "float64"})
    assert "input:float32" in caught.value.hint


def test_an_exported_program_stays_as_it_is(load: Any) -> None:
    program = torch.export.export(small(), (torch.ones(3, 4),))
    with pytest.raises(UsageError, match="an exported program takes no option dtype"):
        load(program, options={"dtype": "float16"})


def test_the_choices_are_those_of_the_option() -> None:
    assert next(option.choices for option in Torch.options if option.name == "dtype") == CHOICES
