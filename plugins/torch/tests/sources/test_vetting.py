"""Hostile exported programs are refused, named and unexecuted; what torch itself writes passes."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.export import Dim

from converter.plugin import UntrustedSource


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 3)
        self.register_buffer("scale", torch.full((3,), 2.0))

    def forward(self, x: torch.Tensor, factor: torch.Tensor) -> dict[str, torch.Tensor]:
        flat = torch.cat([x, x]).reshape(x.shape[0] * 2, -1)
        return {"scores": self.head(flat) * self.scale * factor, "count": torch.full((x.shape[0] // 2 + 1,), x.shape[0] + 1)}


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, (os.environ["EVIL"],)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVIL", str(tmp_path / "executed"))
    exported = torch.export.export(Net(), (torch.ones(6, 4), torch.ones(3)), dynamic_shapes=({0: Dim("n", min=2, max=50)}, None))
    path = tmp_path / "net.pt2"
    with path.open("wb") as file:
        torch.export.save(exported, file)
    return path


def rewrite(path: Path, change: Callable[[str, bytes], bytes], more: dict[str, bytes] | None = None) -> None:
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    root = members[0][0].partition("/")[0]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, change(name.partition("/")[2], content))
        for name, content in (more or {}).items():
            archive.writestr(f"{root}/{name}", content)


def in_graph(old: str, new: str) -> Callable[[str, bytes], bytes]:
    def change(name: str, content: bytes) -> bytes:
        if name != "models/model.json":
            return content
        assert old.encode() in content
        return content.replace(old.encode(), new.encode(), 1)

    return change


def in_document(name: str, edit: Callable[[Any], None]) -> Callable[[str, bytes], bytes]:
    def change(found: str, content: bytes) -> bytes:
        if found != name:
            return content
        document = json.loads(content)
        edit(document)
        return json.dumps(document).encode()

    return change


def evil_pickle() -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": Evil()}, buffer)
    return buffer.getvalue()


def pickle_a_weight(document: Any) -> None:
    document["config"]["scale"]["use_pickle"] = True


def hold_an_object(document: Any) -> None:
    document["config"]["thing"] = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}


def keep(_name: str, content: bytes) -> bytes:
    return content


def attack(kind: str) -> tuple[Callable[[str, bytes], bytes], dict[str, bytes]]:
    size = json.dumps("Symbol('s77', positive=True, integer=True)")
    weights, constants = "data/weights/model_weights_config.json", "data/constants/model_constants_config.json"
    attacks: dict[str, tuple[Callable[[str, bytes], bytes], dict[str, bytes]]] = {
        "a function that is called": (in_graph('"torch.ops.aten.linear.default"', '"torch.os.system"'), {}),
        "a library that is loaded": (in_graph('"torch.ops.aten.linear.default"', '"torch.ops.load_library"'), {}),
        "a Python operator": (in_graph('"torch.ops.aten.linear.default"', '"_operator.call"'), {}),
        "a size that is code": (in_graph(size, json.dumps("__import__('os').mkdir('executed')")), {}),
        "a size that opens": (in_graph(size, json.dumps("open('executed', 'w')")), {}),
        "a module to import": (in_graph('"builtins.dict', '"collections.defaultdict\\", \\"default_factory_module'), {}),
        "example inputs": (lambda name, content: evil_pickle() if name == "data/sample_inputs/model.pt" else content, {}),
        "a pickled weight": (
            lambda name, content: evil_pickle() if name == "data/weights/weight_2" else in_document(weights, pickle_a_weight)(name, content),
            {},
        ),
        "an object": (in_document(constants, hold_an_object), {"data/constants/opaque_obj_0": pickle.dumps(Evil())}),
        "a library": (keep, {"data/native.so": b"\x7fELF"}),
        "a second graph": (keep, {"models/other.json": b'{"target": "torch.os.system"}'}),
        "the weights of old": (keep, {"data/weights/model.pt": evil_pickle()}),
    }
    return attacks[kind]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("a function that is called", r"a call of torch\.os\.system in "),
        ("a library that is loaded", r"a call of torch\.ops\.load_library in "),
        ("a Python operator", r"a call of _operator\.call in "),
        ("a size that is code", r"the size __import__\('os'\)\.mkdir\('executed'\) in "),
        ("a size that opens", r"the size open\('executed', 'w'\) in "),
        ("a module to import", "an import by default_factory_module in "),
        ("example inputs", r"posix\.mkdir in .*sample_inputs/model\.pt"),
        ("a pickled weight", r"posix\.mkdir in .*weight_2"),
        ("an object", "an object opaque_obj_0 in "),
        ("a library", r"a member .*data/native\.so that torch does not write"),
        ("a second graph", r"a call of torch\.os\.system in .*other\.json"),
        ("the weights of old", r"posix\.mkdir in .*data/weights/model\.pt"),
    ],
)
def test_attacks_are_refused_unexecuted(kind: str, told: str, program: Path, load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(program.parent)
    rewrite(program, *attack(kind))
    with pytest.raises(UntrustedSource, match=rf"net\.pt2 holds {told}.*; nothing was loaded") as caught:
        load(program)
    assert "--trust" in caught.value.hint
    assert not (program.parent / "executed").exists()


def test_two_members_of_one_name_are_refused(program: Path, load: Any) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        rewrite(program, keep, {"models/model.json": b"{}"})
    with pytest.raises(UntrustedSource, match=r"two members .*model\.json"):
        load(program)


def test_trust_loads_what_is_refused(program: Path, load: Any) -> None:
    rewrite(program, keep, {"data/native.so": b"\x7fELF"})
    assert load(program, trust=True).summary == "exported program, 15 parameters"


def test_what_torch_writes_passes(program: Path, load: Any) -> None:
    assert [output.name for output in load(program).outputs] == ["scores", "count"]


class Branching(nn.Module):
    """Sizes that follow the data, a branch, Python arithmetic on sizes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        chosen = x[x[:, 0] > 0]
        branch = torch.cond(x.sum() > 0, lambda value: value + 1, lambda value: value - 1, (x,))
        half = max(x.shape[0] // 2, 1)
        return branch.sum() + chosen.sum() + torch.zeros(half * 2 + x.shape[0] % 3).sum()


def test_unusual_programs_of_torch_pass(load: Any, tmp_path: Path) -> None:
    exported = torch.export.export(Branching(), (torch.randn(7, 4),), dynamic_shapes=({0: Dim("n", min=4, max=64)},), strict=False)
    with (tmp_path / "branching.pt2").open("wb") as file:
        torch.export.save(exported, file)
    assert load(tmp_path / "branching.pt2").inputs[0].dims == ("batch", 4)
