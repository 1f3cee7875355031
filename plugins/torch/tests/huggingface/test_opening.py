"""From a folder to a module: whole and offline, or refused with what is wrong and what to do."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from converter.plugin import MissingPackage, SourceError, UnknownName, UnreadableSource, UnrecognisedSource, UntrustedSource, UsageError
from converter_torch.huggingface.opening import open_folder

Save = Callable[[str], Path]


@pytest.fixture
def bert(save: Save, tmp_path: Path) -> Path:
    """A copy of a BERT with the head of masked words."""
    return Path(shutil.copytree(save("bert of words"), tmp_path / "bert"))


def _edit(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _open(folder: Path, task: str = "", dtype: str = "", *, trust: bool = False) -> Any:
    return open_folder(folder, task, dtype, trust=trust)


def test_the_class_and_the_task_are_those_of_the_configuration(bert: Path) -> None:
    opened = _open(bert)
    assert type(opened.module).__name__ == "BertForMaskedLM"
    assert opened.task == "fill-mask"
    assert not opened.unused
    assert opened.module.dtype == torch.float32
    assert not opened.module.training


def test_a_task_chooses_the_class_and_tells_what_it_leaves(bert: Path) -> None:
    opened = _open(bert, "feature-extraction")
    assert type(opened.module).__name__ == "BertModel"
    assert opened.module.pooler is None  # the checkpoint has none, and a random one would answer nonsense
    assert any("cls.predictions" in key for key in opened.unused)


def test_a_head_that_is_not_in_the_checkpoint_is_not_made_up(bert: Path) -> None:
    with pytest.raises(SourceError, match=r"BertForSequenceClassification wants\n  missing: bert\.pooler\.dense\.bias") as caught:
        _open(bert, "text-classification")
    assert "leave -O task out" in caught.value.hint


def test_the_dtype_is_the_users_or_the_configurations(bert: Path) -> None:
    assert _open(bert, dtype="float64").module.dtype == torch.float64
    _edit(bert, dtype="bfloat16")
    assert _open(bert).module.dtype == torch.bfloat16
    assert _open(bert, dtype="float32").module.dtype == torch.float32


def test_pickled_weights_load_without_trust(bert: Path) -> None:
    from safetensors.torch import load_file

    weights = load_file(bert / "model.safetensors")
    (bert / "model.safetensors").unlink()
    torch.save(weights, bert / "pytorch_model.bin")
    assert torch.equal(_open(bert).module.state_dict()["bert.embeddings.word_embeddings.weight"], weights["bert.embeddings.word_embeddings.weight"])


def test_hostile_pickles_do_not(bert: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return open, (str(bert / "executed"), "w")

    (bert / "model.safetensors").unlink()
    torch.save({"weight": Evil()}, bert / "pytorch_model.bin")
    with pytest.raises(UntrustedSource, match="could execute code") as caught:
        _open(bert)
    assert ".safetensors" in caught.value.hint
    assert not (bert / "executed").exists()


def test_missing_weights(bert: Path) -> None:
    (bert / "model.safetensors").unlink()
    with pytest.raises(UnreadableSource, match=r"has a config\.json and no weights"):
        _open(bert)


def test_a_file_that_is_cut_off(bert: Path) -> None:
    path = bert / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UnreadableSource, match="cannot be loaded as BertForMaskedLM"):
        _open(bert)


def test_weights_of_another_size(bert: Path) -> None:
    _edit(bert, vocab_size=70)
    with pytest.raises(SourceError, match="do not fit BertForMaskedLM"):
        _open(bert)


def test_fewer_layers_than_the_checkpoint_has_are_told(save: Save, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(save("gpt2"), tmp_path / "gpt2"))
    _edit(folder, n_layer=1)
    assert any(key.startswith("transformer.h.1.") for key in _open(folder).unused)


def test_a_type_that_transformers_does_not_know(bert: Path) -> None:
    _edit(bert, model_type="nonesuch")
    with pytest.raises(UnrecognisedSource, match="no model type 'nonesuch'"):
        _open(bert)


def test_code_of_the_folder_is_not_executed(bert: Path) -> None:
    (bert / "own.py").write_text(f"open({str(bert / 'executed')!r}, 'w')")
    _edit(bert, model_type="nonesuch", auto_map={"AutoConfig": "own.Config", "AutoModel": "own.Model"})
    with pytest.raises(UntrustedSource, match="code in the folder, and nothing of it was executed") as caught:
        _open(bert)
    assert "--trust" in caught.value.hint
    assert not (bert / "executed").exists()


def test_quantised_weights(bert: Path) -> None:
    _edit(bert, quantization_config={"quant_method": "gptq"})
    with pytest.raises(SourceError, match=r"quantised \(gptq\)"):
        _open(bert)


def test_an_unknown_task(bert: Path) -> None:
    with pytest.raises(UnknownName, match="there is no task 'nonesuch'") as caught:
        _open(bert, "nonesuch")
    assert "text-generation-with-past" in caught.value.hint


def test_a_task_that_the_type_has_no_class_for(bert: Path) -> None:
    with pytest.raises(UsageError, match="no class of bert for the task image-classification") as caught:
        _open(bert, "image-classification")
    assert "fill-mask" in caught.value.hint


def test_without_transformers(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingPackage, match="transformers is needed to convert bert") as caught:
        _open(bert)
    assert caught.value.hint == "pip install transformers"


def test_a_file_of_a_model_folder_names_the_folder(bert: Path, load: Any) -> None:
    with pytest.raises(UnrecognisedSource) as caught:
        load(bert / "model.safetensors")
    assert caught.value.hint == "its folder is a model of transformers: convert the folder"
