"""Encoder-decoder models as graphs of their own: what each takes and gives, and that together they generate as the model does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.plugin import UsageError

Save = Callable[[str], Path]
Run = Callable[[Mapping[str, np.ndarray]], Mapping[str, Any]]

STEPS = 32
PARTS = ("encoder", "decoder", "decoder-with-past")
MODELS = ("t5", "bart", "whisper")


def _parts(save: Save, load: Any, name: str) -> dict[str, Any]:
    return {part: load(save(name), options={"part": part}) for part in PARTS}


def test_the_parts_are_listed_where_none_is_asked_for(save: Save, load: Any) -> None:
    with pytest.raises(UsageError, match="T5ForConditionalGeneration is an encoder and a decoder") as caught:
        load(save("t5"))
    assert all(f"-O part={part} " in caught.value.message for part in PARTS)
    assert "-O part=encoder -o encoder_model.onnx" in caught.value.hint


def test_other_models_have_no_parts(save: Save, load: Any) -> None:
    with pytest.raises(UsageError, match="BertModel has no part encoder"):
        load(save("bert"), options={"part": "encoder"})


def test_names_are_those_of_optimum(save: Save, load: Any) -> None:
    parts = _parts(save, load, "t5")
    taken = {part: [each.name for each in model.inputs] for part, model in parts.items()}
    given = {part: [each.name for each in model.outputs] for part, model in parts.items()}
    cache = [f"{layer}.{side}.{what}" for layer in (0, 1) for side in ("decoder", "encoder") for what in ("key", "value")]
    assert taken["encoder"] == ["input_ids", "attention_mask"]
    assert given["encoder"] == ["last_hidden_state"]
    assert taken["decoder"] == ["input_ids", "encoder_attention_mask", "encoder_hidden_states"]
    assert sorted(given["decoder"]) == sorted(["logits", *(f"present.{each}" for each in cache)])
    assert taken["decoder-with-past"] == ["input_ids", "encoder_attention_mask", *(f"past_key_values.{each}" for each in cache)]
    assert given["decoder-with-past"] == ["logits", *(f"present.{each}" for each in cache if "decoder" in each)]


def test_the_whole_is_one_graph_without_a_cache(save: Save, load: Any) -> None:
    model = load(save("t5"), options={"part": "whole"})
    assert [each.name for each in model.inputs] == ["input_ids", "attention_mask", "decoder_input_ids"]
    assert [each.name for each in model.outputs] == ["logits", "encoder_last_hidden_state"]


@pytest.mark.parametrize("name", MODELS)
def test_the_parts_generate_as_the_model_does(save: Save, load: Any, transformers: Any, name: str) -> None:
    """In torch: what the graphs are proven against is the model itself."""
    _check_tokens(transformers, save(name), {part: model.run for part, model in _parts(save, load, name).items()})


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_graphs_generate_as_the_model_does(save: Save, transformers: Any, tmp_path: Path, name: str) -> None:
    import converter

    sessions: dict[str, Run] = {}
    for part in PARTS:
        report = converter.convert(save(name), tmp_path / f"{part}.onnx", options={"part": part})
        assert report.agrees
        sessions[part] = converter.Session(tmp_path / f"{part}.onnx", device="cpu").run
    _check_tokens(transformers, save(name), sessions)


def _check_tokens(transformers: Any, folder: Path, parts: Mapping[str, Run]) -> None:
    import torch

    kind = transformers.AutoModelForSpeechSeq2Seq if folder.name == "whisper" else transformers.AutoModelForSeq2SeqLM
    own = kind.from_pretrained(folder, attn_implementation="eager")
    rng = np.random.default_rng(1)
    if folder.name == "whisper":
        read = {"input_features": rng.standard_normal((2, 8, 20)).astype(np.float32)}
    else:
        read = {"input_ids": rng.integers(3, 60, size=(2, 6)), "attention_mask": np.array([[1] * 6, [1] * 4 + [0] * 2], np.int64)}
    start = np.full((2, 1), own.config.decoder_start_token_id)
    settings = transformers.GenerationConfig(max_new_tokens=STEPS, do_sample=False, pad_token_id=0, eos_token_id=None)
    given = {name: torch.from_numpy(each) for name, each in read.items()}
    generate = transformers.GenerationMixin.generate  # Whisper's own adds tokens that tell the language and the task
    wanted = generate(own, **given, decoder_input_ids=torch.from_numpy(start), generation_config=settings)[:, 1:].numpy()
    tokens = _generated(parts, read, start)
    assert len(np.unique(wanted)) > 1
    assert tokens.tolist() == wanted.tolist()


def _generated(parts: Mapping[str, Run], read: Mapping[str, np.ndarray], ids: np.ndarray) -> np.ndarray:
    states = parts["encoder"](read)["last_hidden_state"]
    mask = {"encoder_attention_mask": read["attention_mask"]} if "attention_mask" in read else {}
    found = parts["decoder"]({"input_ids": ids, "encoder_hidden_states": states, **mask})
    tokens, cache = [], _cache(found)
    for _ in range(STEPS):
        ids = np.argmax(found["logits"][:, -1:], axis=-1)
        tokens.append(ids)
        found = parts["decoder-with-past"]({"input_ids": ids, **mask, **cache})
        cache |= _cache(found)
    return np.concatenate(tokens, axis=1)


def _cache(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("present", "past_key_values"): value for name, value in found.items() if name.startswith("present")}
