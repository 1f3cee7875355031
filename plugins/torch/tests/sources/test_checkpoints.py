"""Checkpoints as others write them: in several files, by Lightning, with what training left beside the weights, under prefixes."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from converter.plugin import SourceError, SourceNotFound, UnreadableSource, UnrecognisedSource, UsageError

INPUT = "x:float32[batch,4]"


class Net(nn.Module):
    def __init__(self, outputs: int = 3, depth: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(nn.Linear(4, 4) for _ in range(depth)))
        self.head = nn.Linear(4, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layers(x))


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Linear(4, 4, bias=False)
        self.head = nn.Linear(4, 4, bias=False)
        self.head.weight = self.layers.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layers(x))


class OfHparams(Net):
    def __init__(self, hparams: Any) -> None:
        super().__init__(hparams["outputs"], hparams["depth"])


class OfAnything(Net):
    def __init__(self, **settings: Any) -> None:
        super().__init__(settings["outputs"], settings["depth"])
        self.settings = settings


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """This module under a name that can be imported."""
    monkeypatch.setitem(sys.modules, "my_nets", sys.modules[__name__])


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net(outputs=5, depth=2).eval()


ARGUMENTS = {"outputs": 5, "depth": 2}


def agrees(model: Any, net: nn.Module) -> bool:
    feeds = model.sample(np.random.default_rng(0), {"batch": 3})
    return np.array_equal(model.run(feeds)["output"], net(torch.from_numpy(feeds["x"])).detach().numpy())


def write_shards(folder: Path, net: nn.Module, suffix: str) -> Path:
    """Write the weights as transformers does: two files and their index."""
    folder.mkdir(exist_ok=True)
    state, stem = net.state_dict(), "model" if suffix == "safetensors" else "pytorch_model"
    keys = list(state)
    places = {}
    for number, part in enumerate((keys[:2], keys[2:]), 1):
        name = f"{stem}-0000{number}-of-00002.{suffix}"
        shard = {key: state[key] for key in part}
        save_file(shard, folder / name) if suffix == "safetensors" else torch.save(shard, folder / name)
        places |= dict.fromkeys(part, name)
    index = folder / f"{stem}.{suffix}.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}))
    return index


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
@pytest.mark.parametrize("given", ["index", "folder"])
def test_weights_in_several_files(suffix: str, given: str, net: Net, load: Any, tmp_path: Path) -> None:
    index = write_shards(tmp_path / "net", net, suffix)
    source = index if given == "index" else index.parent
    assert agrees(load(source, INPUT, model="my_nets:Net", model_args=ARGUMENTS), net)


def test_a_folder_with_one_file_of_weights(net: Net, load: Any, tmp_path: Path) -> None:
    torch.save(net.state_dict(), tmp_path / "pytorch_model.bin")
    torch.save({"lr": 0.1}, tmp_path / "training_args.bin")
    assert agrees(load(tmp_path, INPUT, model="my_nets:Net", model_args=ARGUMENTS), net)


def test_a_folder_without_a_class(net: Net, load: Any, tmp_path: Path) -> None:
    write_shards(tmp_path / "net", net, "safetensors")
    with pytest.raises(UnrecognisedSource) as caught:
        load(tmp_path / "net", INPUT)
    assert "--model" in caught.value.hint


def test_a_folder_with_several_models(net: Net, load: Any, tmp_path: Path) -> None:
    for name in ("first", "second"):
        save_file(net.state_dict(), tmp_path / f"{name}.safetensors")
    with pytest.raises(SourceNotFound, match=r"holds several files of weights: first\.safetensors, second\.safetensors") as caught:
        load(tmp_path, INPUT, model="my_nets:Net")
    assert "name one" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda index: {"weight_map": {**index["weight_map"], "more": "model-00003-of-00003.safetensors"}},
            "names model-00003-of-00003.safetensors, which does not lie",
        ),
        (
            lambda index: {"weight_map": {**index["weight_map"], "more": "model-00001-of-00002.safetensors"}},
            "says that more lies in model-00001-of-00002",
        ),
        (
            lambda index: {"weight_map": dict.fromkeys(index["weight_map"], "../model.safetensors")},
            r"names '\.\./model\.safetensors', which is no file beside it",
        ),
        (lambda _: {"weight_map": ["model.safetensors"]}, "is no index of weights"),
    ],
)
def test_an_index_that_is_wrong(change: Any, told: str, net: Net, load: Any, tmp_path: Path) -> None:
    index = write_shards(tmp_path / "net", net, "safetensors")
    index.write_text(json.dumps(change(json.loads(index.read_text()))))
    with pytest.raises(UnreadableSource, match=told) as caught:
        load(index, INPUT, model="my_nets:Net", model_args=ARGUMENTS)
    assert caught.value.hint


def test_a_shard_that_is_cut_off(net: Net, load: Any, tmp_path: Path) -> None:
    index = write_shards(tmp_path / "net", net, "bin")
    shard = tmp_path / "net" / "pytorch_model-00002-of-00002.bin"
    shard.write_bytes(shard.read_bytes()[:-200])
    with pytest.raises(UnreadableSource, match=r"pytorch_model-00002-of-00002\.bin is .*cut off or damaged"):
        load(index, INPUT, model="my_nets:Net", model_args=ARGUMENTS)


def lightning(net: nn.Module, prefix: str = "", **more: Any) -> dict[str, Any]:
    """A checkpoint as Lightning writes it."""
    state = {f"{prefix}{key}": value for key, value in net.state_dict().items()}
    return {
        "epoch": 3,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": state,
        "loops": {"fit_loop": {}},
        "optimizer_states": [{"state": {0: {"step": torch.ones(1)}}}],
        **more,
    }


@pytest.mark.parametrize("model", ["Net", "OfAnything", "OfHparams"])
def test_lightning_checkpoints_know_the_arguments(model: str, net: Net, load: Any, tmp_path: Path) -> None:
    held = ARGUMENTS if model != "Net" else {**ARGUMENTS, "learning_rate": 0.1}
    extras = {"hparams_name": "hparams"} if model == "OfHparams" else {"hparams_name": "kwargs"}
    torch.save(lightning(net, hyper_parameters=held, **extras), tmp_path / "last.ckpt")
    assert agrees(load(tmp_path / "last.ckpt", INPUT, model=f"my_nets:{model}"), net)


def test_arguments_of_the_user_come_before_those_of_the_checkpoint(net: Net, load: Any, tmp_path: Path) -> None:
    torch.save(lightning(net, hyper_parameters={"outputs": 7, "depth": 9}), tmp_path / "last.ckpt")
    assert agrees(load(tmp_path / "last.ckpt", INPUT, model="my_nets:Net", model_args=ARGUMENTS), net)


@pytest.mark.parametrize("prefix", ["model.", "net.", "backbone.body."])
def test_a_prefix_that_alone_makes_the_keys_fit(prefix: str, net: Net, load: Any, tmp_path: Path) -> None:
    checkpoint = lightning(net, prefix, hyper_parameters=ARGUMENTS)
    checkpoint["state_dict"]["loss.weight"] = torch.ones(2)
    torch.save(checkpoint, tmp_path / "last.ckpt")
    model = load(tmp_path / "last.ckpt", INPUT, model="my_nets:Net")
    assert agrees(model, net)
    assert f"weights under {prefix}, 1 others left out" in model.summary


def test_two_prefixes_that_fit_are_for_the_user_to_choose(net: Net, load: Any, tmp_path: Path) -> None:
    other = Net(**ARGUMENTS).eval()
    checkpoint = lightning(net, "model.")
    checkpoint["state_dict"] |= {f"ema.{key}": value for key, value in other.state_dict().items()}
    torch.save(checkpoint, tmp_path / "last.ckpt")
    with pytest.raises(SourceError, match=r"the weights of last\.ckpt under ema\. and model\. all fit") as caught:
        load(tmp_path / "last.ckpt", INPUT, model="my_nets:Net", model_args=ARGUMENTS)
    assert "-O prefix=ema." in caught.value.hint
    assert agrees(load(tmp_path / "last.ckpt", INPUT, model="my_nets:Net", model_args=ARGUMENTS, options={"prefix": "ema."}), other)
    assert agrees(load(tmp_path / "last.ckpt", INPUT, model="my_nets:Net", model_args=ARGUMENTS, options={"prefix": "model."}), net)
    with pytest.raises(SourceError, match=r"no key of last\.ckpt begins with 'teacher\.'"):
        load(tmp_path / "last.ckpt", INPUT, model="my_nets:Net", model_args=ARGUMENTS, options={"prefix": "teacher."})


def test_a_prefix_is_for_weights(net: Net, load: Any) -> None:
    with pytest.raises(UsageError, match="Net takes no option prefix"):
        load(net, INPUT, options={"prefix": "model."})


def test_what_training_leaves_beside_the_weights_needs_no_trust(net: Net, load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = ModuleType("lightning_fabric.utilities.data")

    class AttributeDict(dict[str, Any]):
        pass

    AttributeDict.__module__, AttributeDict.__qualname__ = written.__name__, "AttributeDict"
    written.AttributeDict = AttributeDict  # type: ignore[attr-defined]
    for name in ("lightning_fabric", "lightning_fabric.utilities", written.__name__):
        monkeypatch.setitem(sys.modules, name, written)
    extras = {"args": argparse.Namespace(lr=0.1, out=pathlib.Path("runs") / "a"), "best": np.float64(0.5), "count": np.int64(3)}
    torch.save(lightning(net, hyper_parameters=AttributeDict(ARGUMENTS), **extras), tmp_path / "last.ckpt")
    for name in ("lightning_fabric", "lightning_fabric.utilities", written.__name__):
        monkeypatch.delitem(sys.modules, name)
    before = set(torch.serialization.get_safe_globals())
    assert agrees(load(tmp_path / "last.ckpt", INPUT, model="my_nets:Net"), net)
    assert set(torch.serialization.get_safe_globals()) == before


def test_a_tied_weight_that_is_saved_once(load: Any, tmp_path: Path) -> None:
    net = Tied().eval()
    save_file({"layers.weight": net.layers.weight.detach()}, tmp_path / "net.safetensors")
    assert agrees(load(tmp_path / "net.safetensors", INPUT, model="my_nets:Tied"), net)
