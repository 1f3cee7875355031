"""Language models with the keys and values of earlier tokens as inputs and outputs, from the folder that `save_pretrained` writes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch_cases.case import Case
from torch_cases.hugging.tiny import PAIR, SMALL, architecture

_GROUPED = {"num_key_value_heads": 2, "head_dim": 8}
_PARTS = ("encoder", "decoder", "decoder-with-past")


def _model(kind: str, **settings: Any) -> list[Case]:
    case = architecture(kind, row=f"{kind} with its cache", head="AutoModelForCausalLM", **{**SMALL, **settings})
    return [replace(case, setting="text-generation-with-past", is_saved=True)]


def _parts(kind: str, head: str, **settings: Any) -> list[Case]:
    case = architecture(kind, row=f"{kind} in parts", head=head, **settings)
    return [replace(case, setting=part, options={"part": part}, is_saved=True) for part in _PARTS]


_BART = {**PAIR, "max_position_embeddings": 128}
_WHISPER = {**PAIR, "num_mel_bins": 16, "max_source_positions": 30, "max_target_positions": 40, "decoder_start_token_id": 1}
_TOKENS = {"pad_token_id": 1, "bos_token_id": 1, "eos_token_id": 2}
_T5 = {"vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 37, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0}

CASES = (
    *_model("gpt2"),
    *_model("gpt_neox", rotary_pct=0.5),
    *_model("gptj", rotary_dim=4),
    *_model("opt", ffn_dim=37, word_embed_proj_dim=32),
    *_model("bloom"),
    *_model("falcon", new_decoder_architecture=False, multi_query=True, alibi=False),
    *_model("llama", **_GROUPED),
    *_model("mistral", sliding_window=None, **_GROUPED),
    *_model("qwen2", **_GROUPED),
    *_model("qwen3", **_GROUPED),
    *_model("gemma", **_GROUPED),
    *_model("phi", partial_rotary_factor=0.5),
    *_model("phi3", pad_token_id=0, eos_token_id=1, bos_token_id=2, **_GROUPED),
    *_model("stablelm", partial_rotary_factor=0.5, num_key_value_heads=4),
    *_model("starcoder2", **_GROUPED),
    *_model("olmo2", **_GROUPED),
    *_model("granite", **_GROUPED),
    *_model("smollm3", pad_token_id=0, **_GROUPED),
    *_parts("t5", "AutoModelForSeq2SeqLM", **_T5),
    *_parts("bart", "AutoModelForSeq2SeqLM", **_BART),
    *_parts("whisper", "AutoModelForSpeechSeq2Seq", **{**_WHISPER, **_TOKENS}),
)
