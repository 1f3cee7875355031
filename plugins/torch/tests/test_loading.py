"""From every source to a model, and what is said of those that cannot be loaded."""

from __future__ import annotations

import os
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from converter.plugin import (
    ConverterError,
    MissingInputs,
    PluginError,
    SourceError,
    SourceNotFound,
    UnreadableSource,
    UnrecognisedSource,
    UntrustedSource,
    UsageError,
)

INPUT = "x:float32[batch,4]"


class Net(nn.Module):
    def __init__(self, outputs: int = 3, depth: int = 1) -> None:
        super().__init__()
        if depth < 1:
            raise ValueError(f"depth must be at least 1, not {depth}")
        self.layers = nn.Sequential(*(nn.Linear(4, 4) for _ in range(depth)))
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.layers(x)))


def not_a_module() -> dict[str, int]:
    return {"a": 1}


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, (os.environ["EVIL"],)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> str:
    """This module under a name that can be imported."""
    monkeypatch.setitem(sys.modules, "my_nets", sys.modules[__name__])
    monkeypatch.setattr(Net, "__module__", "my_nets")
    return "my_nets"


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net().eval()


def agrees(model: Any, net: nn.Module) -> bool:
    feeds = model.sample(np.random.default_rng(0), {"batch": 3})
    return np.array_equal(model.run(feeds)["output"], net(torch.from_numpy(feeds["x"])).detach().numpy())


NESTINGS = {
    "bare": lambda state: state,
    "model": lambda state: {"model": state, "epoch": 3},
    "state_dict": lambda state: {"state_dict": state, "optimizer": {"state": {0: torch.ones(2)}}, "best": torch.tensor(0.5)},
    "model_state_dict": lambda state: {"model_state_dict": state},
    "twice": lambda state: {"model": {"state_dict": state}},
    "the only tensors": lambda state: {"generator": state, "args": {"lr": 0.1}},
    "module.": lambda state: {"model": {f"module.{key}": value for key, value in state.items()}},
    "_orig_mod.module.": lambda state: {f"_orig_mod.module.{key}": value for key, value in state.items()},
    "compiled inside": lambda state: {key.replace("head.", "head._orig_mod."): value for key, value in state.items()},
}


@pytest.mark.parametrize("nesting", NESTINGS)
@pytest.mark.parametrize("legacy", [False, True])
def test_checkpoints_however_nested(nesting: str, net: Net, here: str, load: Any, tmp_path: Path, *, legacy: bool) -> None:
    torch.save(NESTINGS[nesting](net.state_dict()), tmp_path / "net.pth", _use_new_zipfile_serialization=not legacy)
    model = load(tmp_path / "net.pth", INPUT, model=f"{here}:Net")
    assert agrees(model, net)
    assert model.summary == "Net, 43 parameters"


def test_a_checkpoint_that_was_compressed(net: Net, here: str, load: Any, tmp_path: Path) -> None:
    torch.save(net.state_dict(), tmp_path / "net.pth")
    with zipfile.ZipFile(tmp_path / "net.pth") as stored, zipfile.ZipFile(tmp_path / "small.pth", "w", zipfile.ZIP_DEFLATED) as small:
        for name in stored.namelist():
            small.writestr(name, stored.read(name))
    assert agrees(load(tmp_path / "small.pth", INPUT, model=f"{here}:Net"), net)


def test_safetensors_with_arguments(here: str, load: Any, tmp_path: Path) -> None:
    net = Net(depth=3).eval()
    save_file(net.state_dict(), tmp_path / "net.safetensors")
    assert agrees(load(tmp_path / "net.safetensors", INPUT, model=f"{here}:Net", model_args={"depth": 3}), net)


def test_a_module_instead_of_a_class(net: Net, here: str, load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[here], "ready", Net(), raising=False)
    torch.save(net.state_dict(), tmp_path / "net.pth")
    assert agrees(load(tmp_path / "net.pth", INPUT, model=f"{here}:ready"), net)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("legacy", [False, True])
def test_a_whole_module_needs_trust(net: Net, load: Any, tmp_path: Path, *, legacy: bool) -> None:
    torch.save({"model": net}, tmp_path / "net.pt", _use_new_zipfile_serialization=not legacy)
    with pytest.raises(UntrustedSource, match=r"net\.pt names my_nets\.Net, and loading it could execute code; nothing was loaded") as caught:
        load(tmp_path / "net.pt", INPUT)
    assert "safetensors" in caught.value.hint
    assert "--trust" in caught.value.hint
    assert agrees(load(tmp_path / "net.pt", INPUT, trust=True), net)


@pytest.mark.usefixtures("here")
def test_a_plain_pickle_needs_trust(net: Net, load: Any, tmp_path: Path) -> None:
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(net))
    with pytest.raises(UntrustedSource, match=r"net\.pkl is a plain pickle"):
        load(tmp_path / "net.pkl", INPUT)
    assert agrees(load(tmp_path / "net.pkl", INPUT, trust=True), net)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(net)[:-100])
    with pytest.raises(UnreadableSource, match=r"net\.pkl is damaged.*: pickle data was truncated"):
        load(tmp_path / "net.pkl", INPUT, trust=True)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_runs_code_is_refused_unexecuted(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, legacy: bool) -> None:
    monkeypatch.setenv("EVIL", str(tmp_path / "executed"))
    torch.save({"model": {"weight": torch.ones(2)}, "extra": Evil()}, tmp_path / "evil.pth", _use_new_zipfile_serialization=not legacy)
    with pytest.raises(UntrustedSource, match=r"evil\.pth names posix\.mkdir") as caught:
        load(tmp_path / "evil.pth", INPUT)
    assert "--trust" in caught.value.hint
    assert not (tmp_path / "executed").exists()


def test_a_module_whose_class_is_not_here(net: Net, here: str, load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(net, tmp_path / "net.pt")
    monkeypatch.delitem(sys.modules, here)
    with pytest.raises(SourceError, match=r"net\.pt needs what is not here: No module named 'my_nets'") as caught:
        load(tmp_path / "net.pt", INPUT, trust=True)
    assert "--model" in caught.value.hint


def test_text_renamed(load: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.pth").write_text("Dear diary, today I trained a network.")
    with pytest.raises(UnreadableSource, match=r"notes\.pth is no torch file: it begins with 'Dear diary, today I '") as caught:
        load(tmp_path / "notes.pth")
    assert ".safetensors" in caught.value.hint


def test_a_pointer_of_git_lfs(load: Any, tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9")
    with pytest.raises(UnreadableSource, match="pointer of Git LFS") as caught:
        load(tmp_path / "net.pth")
    assert "git lfs pull" in caught.value.hint


def test_a_compiled_package(load: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.pt2", "w") as archive:
        archive.writestr("net/data/aotinductor/model/model.so", b"\x7fELF")
    with pytest.raises(UnreadableSource, match=r"net\.pt2 is a compiled AOTInductor package") as caught:
        load(tmp_path / "net.pt2", trust=True)
    assert "compiled from" in caught.value.hint


def test_an_empty_file(load: Any, tmp_path: Path) -> None:
    (tmp_path / "net.pth").touch()
    with pytest.raises(UnreadableSource, match=r"net\.pth is empty"):
        load(tmp_path / "net.pth")


@pytest.mark.parametrize(("name", "legacy"), [("zip", False), ("legacy", True)])
def test_a_checkpoint_that_is_cut_off(name: str, net: Net, load: Any, tmp_path: Path, *, legacy: bool) -> None:
    path = tmp_path / f"{name}.pth"
    torch.save(net.state_dict(), path, _use_new_zipfile_serialization=not legacy)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(UnreadableSource, match=rf"{name}\.pth is .*cut off or damaged") as caught:
        load(path)
    assert "again" in caught.value.hint


def test_safetensors_that_are_cut_off(net: Net, load: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_file(net.state_dict(), path)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(UnreadableSource, match=r"net\.safetensors is a \.safetensors file that is cut off or damaged") as caught:
        load(path)
    assert "again" in caught.value.hint


def test_a_script_that_is_damaged(load: Any, tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "whole.pt")
    path = tmp_path / "net.torchscript"
    with zipfile.ZipFile(tmp_path / "whole.pt") as whole, zipfile.ZipFile(path, "w") as damaged:
        for name in whole.namelist():
            damaged.writestr(name, b"this is no script" if name.endswith(".py") else whole.read(name))
    with pytest.raises(UnreadableSource, match=r"net\.torchscript is a TorchScript file that torch [\d.+a-z]* cannot load") as caught:
        load(path, "input:float32[2]")
    assert "damaged" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "told"), [([1, 2], "holds a list and no weights"), ({"epoch": 3}, "holds no weights; its keys: epoch"), ({}, "its keys: none")]
)
def test_a_checkpoint_without_weights(content: Any, told: str, load: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(UnreadableSource, match=told) as caught:
        load(tmp_path / "net.pth")
    assert "state_dict" in caught.value.hint


def test_an_unknown_architecture(net: Net, load: Any, tmp_path: Path) -> None:
    torch.save({"model": net.state_dict()}, tmp_path / "net.pth")
    with pytest.raises(UnrecognisedSource) as caught:
        load(tmp_path / "net.pth")
    assert str(caught.value) == (
        "net.pth has no architecture that the torch plugin knows\n  its keys begin with: layers.0.weight, layers.0.bias, norm.weight (9 in all)"
    )
    assert caught.value.hint == "name the class: converter convert net.pth --model package.module:Class --input 'x:float32[batch,3,224,224]'"


def test_weights_that_do_not_fit(net: Net, here: str, load: Any, tmp_path: Path) -> None:
    state = {f"body.{key}" if key.startswith("layers") else key: value for key, value in net.state_dict().items()}
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(SourceError) as caught:
        load(tmp_path / "net.pth", INPUT, model=f"{here}:Net", model_args={"outputs": 5, "depth": 2})
    assert str(caught.value).splitlines() == [
        "the weights of net.pth do not fit my_nets:Net",
        "  missing: layers.0.weight, layers.0.bias, layers.1.weight (4 in all)",
        "  unexpected: body.layers.0.weight, body.layers.0.bias",
        "  other shapes: head.weight is [3, 4], not [5, 4], head.bias is [3], not [5]",
    ]
    assert "--model-args" in caught.value.hint


@pytest.mark.parametrize(
    ("reference", "arguments", "error", "told", "hint"),
    [
        (
            "Net",
            {"depth": 0},
            SourceError,
            "my_nets:Net raised ValueError: depth must be at least 1, not 0",
            "(outputs: 'int' = 3, depth: 'int' = 1)",
        ),
        ("Net", {"width": 2}, SourceError, "my_nets:Net raised TypeError: .*width", "--model-args"),
        ("not_a_module", {}, UsageError, "my_nets:not_a_module gave a dict, which is no torch.nn.Module", "returns a module"),
        ("NESTINGS", {}, UsageError, "my_nets:NESTINGS gave a dict", "returns a module"),
        ("missing", {}, SourceNotFound, "has no 'missing'", "package.module:attribute"),
    ],
)
def test_factories_that_fail(
    reference: str, arguments: Any, error: type[ConverterError], told: str, hint: str, net: Net, here: str, load: Any, tmp_path: Path
) -> None:
    torch.save(net.state_dict(), tmp_path / "net.pth")
    with pytest.raises(error, match=told) as caught:
        load(tmp_path / "net.pth", INPUT, model=f"{here}:{reference}", model_args=arguments)
    assert hint in caught.value.hint


def test_a_module_that_cannot_be_imported(net: Net, load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_nets.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    torch.save(net.state_dict(), tmp_path / "net.pth")
    with pytest.raises(SourceError, match="importing broken_nets:Net raised ZeroDivisionError: division by zero") as caught:
        load(tmp_path / "net.pth", INPUT, model="broken_nets:Net")
    assert "importable" in caught.value.hint


def test_weights_of_another_model_are_asked_for_twice(net: Net, load: Any) -> None:
    with pytest.raises(UsageError, match="Net is a whole model, and --model my_nets:Net is for weights") as caught:
        load(net, INPUT, model="my_nets:Net")
    assert "--model" in caught.value.hint


def test_an_object_that_is_no_model(load: Any) -> None:
    with pytest.raises(UnrecognisedSource, match="a list is no torch model") as caught:
        load([1])
    assert "nn.Module" in caught.value.hint


def test_an_option_that_the_model_does_not_take(net: Net, load: Any) -> None:
    with pytest.raises(UsageError, match="Net takes no option softmax") as caught:
        load(net, INPUT, options={"softmax": True})
    assert "CRNN" in caught.value.hint


def test_inputs_that_are_not_given_are_proposed_and_shown(net: Net, load: Any) -> None:
    model = load(net)
    assert model.summary == "Net, 43 parameters; proposed --input 'x:float32[batch=1..64,4]'"
    assert agrees(model, net)


def test_inputs_that_are_not_given_and_cannot_be_proposed(load: Any) -> None:
    class Rows(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x - x.mean(0)

    with pytest.raises(MissingInputs) as caught:
        load(Rows())
    assert str(caught.value) == (
        "the inputs of Rows are not known, and none that were tried are right\n  its forward takes (x: 'torch.Tensor') -> 'torch.Tensor'"
    )
    assert "--input 'x:float32[batch,3,224,224]'" in caught.value.hint


def test_inputs_that_the_forward_cannot_take(net: Net, load: Any) -> None:
    with pytest.raises(PluginError, match="torch, first run: RuntimeError: mat1 and mat2 shapes cannot be multiplied") as caught:
        load(net, "x:float32[batch,5]")
    assert "x [5, 5]" in caught.value.hint
    assert "--input 'x:float32[batch=1..64,5]'" in caught.value.hint
