"""Language models with the keys and values of earlier tokens as inputs and outputs, from the folder that `save_pretrained` writes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch_cases.case import Case
from torch_cases.hugging.tiny import PAIR, SMALL, architecture

_GROUPED = {"num_key_value_heads": 2, "head_dim": 8}
_WINDOWED = {**_GROUPED, "sliding_window": 6}
_EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 16}
_SPLIT = {"q_lora_rank": 8, "kv_lora_rank": 8, "qk_rope_head_dim": 4, "qk_nope_head_dim": 4, "v_head_dim": 6}  # heads of latent attention
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
    *_model("bloom", tie_word_embeddings=False),
    *_model("falcon", new_decoder_architecture=False, multi_query=True, alibi=False),
    *_model("llama", **_GROUPED),
    *_model("mistral", sliding_window=None, **_GROUPED),
    *_model("qwen2", **_GROUPED),
    *_model("qwen3", **_GROUPED),
    *_model("gemma", tie_word_embeddings=False, **_GROUPED),
    *_model("phi", partial_rotary_factor=0.5),
    *_model("phi3", pad_token_id=0, eos_token_id=1, bos_token_id=2, **_GROUPED),
    *_model("stablelm", partial_rotary_factor=0.5, num_key_value_heads=4),
    *_model("starcoder2", **_GROUPED),
    *_model("olmo2", **_GROUPED),
    *_model("granite", **_GROUPED),
    *_model("smollm3", pad_token_id=0, **_GROUPED),
    *_model("gemma2", **_WINDOWED),
    *_model("gemma3_text", **_WINDOWED),
    *_model("mpt", d_model=32, n_layers=2, n_heads=4, max_seq_len=128),
    *_model("gpt_neo", num_layers=2, num_heads=4, attention_types=[[["global", "local"], 1]], window_size=6),
    *_model("gpt_bigcode"),
    *_model("olmo", **_GROUPED),
    *_model("cohere", **_GROUPED),
    *_model("mixtral", num_local_experts=4, num_experts_per_tok=2, intermediate_size=32, **_GROUPED),
    *_model("qwen2_moe", num_experts=4, shared_expert_intermediate_size=16, **_EXPERTS, **_GROUPED),
    *_model("gpt_oss", num_local_experts=4, num_experts_per_tok=2, intermediate_size=32, **_WINDOWED),
    *_model("deepseek_v3", n_routed_experts=4, n_group=2, topk_group=1, first_k_dense_replace=1, num_key_value_heads=4, **_EXPERTS, **_SPLIT),
    *_parts("t5", "AutoModelForSeq2SeqLM", **_T5),
    *_parts("bart", "AutoModelForSeq2SeqLM", **_BART),
    *_parts("whisper", "AutoModelForSpeechSeq2Seq", **{**_WHISPER, **_TOKENS}),
)
