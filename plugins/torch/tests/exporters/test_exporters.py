"""The exporters: what they write, and what they leave as it was."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.onnx._internal.exporter._registration import ONNXRegistry

from converter.plugin import ExportError, ExportRequest
from converter_torch.exporters import capturing, patches, translating
from converter_torch.exporters.patches import patched

SEQUENCE = "x:float32[batch,length,4]"
SIZES = ({"batch": 1, "length": 1}, {"batch": 3, "length": 8}, {"batch": 2, "length": 31})


class Reader(nn.Module):
    """A convolution, two LSTM layers, several outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = nn.Conv1d(4, 6, 3, padding=1)
        self.drop = nn.Dropout(0.5)
        self.lstm = nn.LSTM(6, 5, num_layers=2, bidirectional=True, batch_first=True, dropout=0.5)
        self.head = nn.Linear(10, 3)

    def forward(self, x: torch.Tensor) -> dict[str, Any]:
        features = self.drop(self.narrow(x.transpose(1, 2)).relu())
        context, (hidden, _) = self.lstm(features.transpose(1, 2))
        return {"scores": self.head(context), "state": {"h": hidden}}


@pytest.fixture
def reader() -> Reader:
    torch.manual_seed(1)
    return Reader()


def write(model: Any, exporter: str, path: Path, opset: int | None = None) -> None:
    next(each.write for each in model.exporters if each.name == exporter)(ExportRequest(path, opset))


@pytest.mark.parametrize("exporter", ["patched", "trace"])
def test_each_exporter_keeps_every_axis_free(exporter: str, reader: Reader, load: Any, prove: Any) -> None:
    graph = prove(load(reader, SEQUENCE), *SIZES, exporter=exporter)
    assert [node.op_type for node in graph.graph.node].count("LSTM") == 2
    assert [each.name for each in graph.graph.input] == ["x"]
    assert [each.name for each in graph.graph.output] == ["scores", "state.h"]
    assert graph.opset_import[0].version == 20


OWN_OPERATOR = """
import torch

library = torch.library.Library("older_own", "DEF")
library.define("twice(Tensor x) -> Tensor")
library.impl("twice", lambda x: x * 2, "CPU")
torch.onnx.register_custom_op_symbolic("older_own::twice", lambda graph, x: graph.op("Add", x, x), 16)

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.ops.older_own.twice(x) + 1
"""


def test_operators_of_a_package_are_known_in_the_exporting_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: Any, prove: Any) -> None:
    (tmp_path / "own_operator.py").write_text(OWN_OPERATOR)
    monkeypatch.syspath_prepend(str(tmp_path))
    net = importlib.import_module("own_operator").Net()
    prove(load(net, "x:float32[batch,3]"), {"batch": 2}, {"batch": 5}, exporter="trace")


@pytest.mark.parametrize(("exporter", "opset"), [("patched", 18), ("patched", 22), ("trace", 16)])
def test_the_opset_is_honoured(exporter: str, opset: int, reader: Reader, load: Any, prove: Any) -> None:
    assert prove(load(reader, SEQUENCE), SIZES[1], exporter=exporter, opset=opset).opset_import[0].version == opset


def test_an_opset_that_cannot_be_had(load: Any, tmp_path: Path) -> None:
    class Normed(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.group_norm(x, 2)

    with pytest.raises(ExportError, match=r"the graph came out in opset \d+, not 7") as caught:
        write(load(Normed(), "x:float32[batch,4,length]"), "patched", tmp_path / "out.onnx", 7)
    assert "--opset" in caught.value.hint


@pytest.mark.slow  # the default tests convert a live module three times
def test_three_exports_of_one_process_are_equal_and_right(reader: Reader, load: Any, prove: Any) -> None:
    graphs = [prove(load(reader, SEQUENCE), *SIZES) for _ in range(3)]
    assert len({graph.SerializeToString(deterministic=True) for graph in graphs}) == 1


def state_of_torch() -> dict[str, Any]:
    """Everything that a patch replaces, as it is now."""
    layers = {kind.__name__: dict(vars(kind)) for kind in (nn.RNNBase, nn.LSTM, nn.GRU, nn.RNN)}
    functions = {name: getattr(torch, name) for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")}
    doors = {name: getattr(torch._VF, name) for name in (*functions, "_pack_padded_sequence", "_pad_packed_sequence")}
    return {
        "layers": layers,
        "functions": functions,
        "doors": {**doors, "own": sorted(vars(torch._VF))},
        "code": (pack_padded_sequence.__code__, pad_packed_sequence.__code__),
        "attention": torch.backends.mha.get_fastpath_enabled(),
        "caches": [len(getattr(getattr(torch.ops.aten, name), kind)._dispatch_cache) for name in functions for kind in ("input", "data")],
        "sizes": capturing.shape_settings.backed_size_oblivious,
        "functional": dict(vars(nn.functional)),
        "torch": {name: getattr(torch, name) for name in ("linspace", "full", "tensor", "as_tensor")},
        "fft": torch.fft.irfft,
        "einsum": torch.backends.opt_einsum.enabled,
        "masks": nn.modules.transformer._detect_is_causal_mask,
        "torchlib": vars(ONNXRegistry)["from_torchlib"],
        "numbers": [math.sqrt, math.log, np.ceil, np.prod, sorted(globals())],
        "tensors": dict(vars(torch.Tensor)),
        "parametrizations": (parametrize._cache_enabled, dict(parametrize._cache)),
    }


def state_of(module: nn.Module) -> dict[str, Any]:
    """Every attribute of every part of a module, lists by their items."""
    return {
        f"{name}.{key}": _items(value)
        for name, part in module.named_modules()
        for key, value in vars(part).items()
        if key != "_flat_weight_refs"  # weak references, made anew at every run
    }


def _items(value: Any) -> Any:
    """Tensors and functions by their identity, everything else by its value."""
    if isinstance(value, dict):
        return [(key, id(item)) for key, item in value.items()]
    return [id(item) if isinstance(item, torch.Tensor) else item for item in value] if isinstance(value, list) else value


def test_every_patch_is_undone(reader: Reader, load: Any, tmp_path: Path) -> None:
    model = load(reader, SEQUENCE)
    write(model, "patched", tmp_path / "first.onnx")  # whatever torch sets up once is set up now
    before, module_before = state_of_torch(), state_of(reader)
    with patched(model.flat):
        during = state_of_torch()
    write(model, "patched", tmp_path / "second.onnx")
    assert state_of_torch() == before
    assert state_of(reader) == module_before
    unpatched = {key for key in before if during[key] == before[key]}
    optional = set() if torch.backends.opt_einsum.is_available() else {"einsum"}  # torch turns it on where its package is installed
    of_the_export = {"caches", "sizes", "torchlib"}  # changed by what goes on within the patches
    assert unpatched == of_the_export | optional, "the test looks where the patches work"


@pytest.mark.parametrize("exporter", ["patched", "trace"])
def test_every_patch_is_undone_where_the_export_raises(exporter: str, reader: Reader, load: Any, tmp_path: Path) -> None:
    class Failing(nn.Module):
        calls = 0

        def __init__(self) -> None:
            super().__init__()
            self.reader = reader

        def forward(self, x: torch.Tensor) -> Any:
            Failing.calls += 1
            if Failing.calls > 2:  # the first run is made twice
                raise RuntimeError("only twice")
            return self.reader(x)

    net = Failing()
    model = load(net, SEQUENCE)
    before, module_before = state_of_torch(), state_of(net)
    with pytest.raises(Exception, match="only twice"):
        write(model, exporter, tmp_path / "out.onnx")
    assert state_of_torch() == before
    assert state_of(net) == module_before
    assert torch.is_grad_enabled()


def test_a_patch_that_fails_takes_the_others_with_it(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_module: nn.Module, _notes: Any) -> Any:
        raise RuntimeError("no patch")

    monkeypatch.setattr(patches, "PATCHES", (*patches.PATCHES, failing))
    before = state_of_torch()
    with pytest.raises(RuntimeError, match="no patch"), patched(reader):
        pass
    assert state_of_torch() == before


@pytest.mark.filterwarnings("ignore:The tensor attributes:UserWarning")  # torch's own, about its own LSTM
def test_torch_answers_as_before_between_exports(reader: Reader, load: Any, tmp_path: Path) -> None:
    """An eager run, a packed sequence, and an export that knows nothing of converter."""
    reader.eval()
    x = torch.randn(3, 7, 4)
    lengths = torch.tensor([7, 3, 5])

    def answers() -> list[torch.Tensor]:
        packed = reader.lstm(pack_padded_sequence(reader.narrow(x.transpose(1, 2)).transpose(1, 2), lengths, batch_first=True, enforce_sorted=False))[
            0
        ]
        program = torch.export.export(reader, (x,), strict=False)
        return [reader(x)["scores"], pad_packed_sequence(packed, batch_first=True)[0], program.module()(x)["scores"]]

    before = answers()
    write(load(reader, SEQUENCE), "patched", tmp_path / "out.onnx")
    for one, other in zip(before, answers(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_large_weights_lie_beside_the_graph(reader: Reader, load: Any, prove: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(reader, SEQUENCE)
    size = sum(parameter.nbytes for parameter in reader.parameters())
    monkeypatch.setattr(translating, "EXTERNAL_DATA_FROM", size + 1)
    prove(model, SIZES[0])
    assert [each.name for each in tmp_path.iterdir()] == ["patched.onnx"]
    monkeypatch.setattr(translating, "EXTERNAL_DATA_FROM", size)
    prove(model, *SIZES)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["patched.onnx", "patched.onnx.data"]
    stored = onnx.load(tmp_path / "patched.onnx", load_external_data=False).graph.initializer
    assert any(each.data_location == onnx.TensorProto.EXTERNAL for each in stored)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_modules_of_other_dtypes(dtype: str, load: Any, prove: Any) -> None:
    torch.manual_seed(2)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).to(getattr(torch, dtype))
    model = load(net, f"input:{dtype}[rows,4]")
    assert model.outputs[0].dtype == dtype
    assert [each.name for each in model.exporters] == ["patched", "resized", "dynamo", "script", "trace", "generalised"]
    prove(model, {"rows": 1}, {"rows": 7}, atol=2.5e-3 if dtype == "float16" else 1e-9)


def test_a_bfloat16_module_is_kept_and_widened(load: Any, prove: Any, tmp_path: Path) -> None:
    """ONNX Runtime has next to no kernels for bfloat16 on the CPU: the second exporter computes in float32 between casts."""
    torch.manual_seed(2)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.LSTM(8, 3)).to(torch.bfloat16)
    model = load(net, "input:bfloat16[rows,batch,4]")
    assert [each.name for each in model.exporters][:3] == ["patched", "widened", "resized"]
    assert {each.dtype for each in model.outputs} == {"bfloat16"}
    prove(model, {"rows": 1, "batch": 2}, {"rows": 7, "batch": 1}, exporter="widened", atol=2e-2)
    assert {parameter.dtype for parameter in net.parameters()} == {torch.bfloat16}
    write(model, "patched", tmp_path / "kept.onnx")
    assert onnx.TensorProto.BFLOAT16 in {each.data_type for each in onnx.load(tmp_path / "kept.onnx").graph.initializer}


class Several(nn.Module):
    """Several inputs, of which one goes unread; whole numbers; an output that is an input; the same output twice."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(20, 4)

    def forward(self, ids: torch.Tensor, unread: torch.Tensor, weights: torch.Tensor, *, factor: torch.Tensor) -> Any:  # noqa: ARG002
        found = self.table(ids) * weights[..., None] * factor
        return {"found": found, "again": found, "weights": weights, "best": [found.argmax(-1), found.sum() > 0]}


SEVERAL = ("weights:float32[batch,length]", "ids:int64[batch,length]{0..19}", "factor:float32[]", "unread:int32[other]")


@pytest.mark.parametrize("exporter", ["patched", "trace"])
def test_several_inputs_and_outputs(exporter: str, load: Any, prove: Any) -> None:
    model = load(Several(), *SEVERAL)
    graph = prove(model, {"batch": 1, "length": 3, "other": 1}, {"batch": 4, "length": 2, "other": 5}, exporter=exporter)
    assert [each.name for each in graph.graph.input] == ["weights", "ids", "factor", "unread"]
    assert [each.name for each in graph.graph.output] == ["found", "again", "output.weights", "best.0", "best.1"]


def test_attention_keeps_the_length_free(load: Any, prove: Any) -> None:
    torch.manual_seed(0)
    net = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    prove(load(net, "src:float32[batch,length,8]"), {"batch": 1, "length": 9}, {"batch": 4, "length": 2})


def test_an_exported_program(load: Any, prove: Any) -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)).eval()
    program = torch.export.export(net, (torch.ones(3, 4),), dynamic_shapes=({0: torch.export.Dim("rows", max=99)},))
    graph = prove(load(program), {"batch": 2}, {"batch": 50}, exporter="program")
    assert [each.name for each in graph.graph.input] == ["input"]


class Looping(nn.Module):
    """What only a script keeps: a loop over a free axis, and a branch on values."""

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        total = x[0] * 0
        for row in range(x.size(0)):
            total = total * 0.5 + x[row]
        if bool(x.sum() > 0):
            total = total * 2
        return {"total": total}


def test_a_script_keeps_its_control_flow(load: Any, prove: Any, tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(Looping()), tmp_path / "loop.torchscript")
    graph = prove(load(tmp_path / "loop.torchscript", "x:float32[rows,3]"), *({"rows": rows} for rows in (1, 2, 7, 20)), exporter="script")
    assert {"Loop", "If"} <= {node.op_type for node in graph.graph.node}


def test_a_frozen_script(load: Any, prove: Any, tmp_path: Path) -> None:
    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(3, 2)

        def forward(self, x: torch.Tensor, bias: torch.Tensor, factor: float = 2.0) -> Any:
            return self.head(x) * factor, (bias + 1,)

    class Plain(Frozen):
        def forward(self, x: torch.Tensor, bias: torch.Tensor) -> Any:
            total = self.head(x)
            for row in range(x.size(0)):
                total = total + x[row].sum()
            return total, (bias + 1,)

    for kind in (Frozen, Plain):
        torch.jit.save(torch.jit.freeze(torch.jit.script(kind().eval())), tmp_path / f"{kind.__name__}.pt")
    prove(load(tmp_path / "Plain.pt", "bias:float32[2]", "x:float32[rows,3]"), {"rows": 2}, {"rows": 7}, exporter="script")
    with pytest.raises(ExportError, match="a frozen TorchScript module wants every input: x, bias, factor") as caught:
        write(load(tmp_path / "Frozen.pt", "bias:float32[2]", "x:float32[rows,3]"), "script", tmp_path / "out.onnx")
    assert "--input" in caught.value.hint


def test_a_child_that_dies_names_the_signal(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python imports `sitecustomize` when it starts: this one brings the child down as a fault in native code does."""
    (tmp_path / "sitecustomize.py").write_text("import os, signal, sys\nprint('last words', flush=True)\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ExportError, match="torch, exporter trace: the exporting process died of SIGSEGV") as caught:
        write(load(nn.Linear(2, 2), "input:float32[n,2]"), "trace", tmp_path / "out.onnx")
    assert "last words" in caught.value.details
    assert "--debug" in caught.value.hint


def test_a_child_that_fails_tells_why(load: Any, tmp_path: Path) -> None:
    class Unknown(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.special.bessel_j0(x)

    with pytest.raises(ExportError, match=r"trace: UnsupportedOperatorError: Exporting the operator 'aten::special_bessel_j0'") as caught:
        write(load(Unknown(), "x:float32[n]"), "trace", tmp_path / "out.onnx")
    assert "Traceback" in caught.value.details


def test_an_example_never_has_a_batch_of_one(load: Any) -> None:
    shapes = [tuple(tensor.shape) for tensor in load(Several(), *SEVERAL).example()]
    assert len({size for shape in shapes for size in shape}) == 3
    assert all(size > 1 for shape in shapes for size in shape)
    first, second = (load(Several(), *SEVERAL).example() for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
