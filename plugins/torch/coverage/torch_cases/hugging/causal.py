"""Causal language models: the logits of whole texts, and with the keys and values of earlier tokens as inputs and outputs."""

from __future__ import annotations

from typing import Any

from torch_cases.case import Case
from torch_cases.hugging.tiny import SMALL, architecture

_IDS = "input_ids:int64[batch,sequence=2..100]{3..98}"
_MASK = "attention_mask:int64[batch,sequence=2..100]{1..1}"
_GROUPED = {"num_key_value_heads": 2, "head_dim": 8}


def _model(kind: str, **settings: Any) -> Case:
    return architecture(kind, _IDS, _MASK, head="AutoModelForCausalLM", **{**SMALL, "use_cache": False, **settings})


CASES = (
    _model("gpt2"),
    _model("gpt_neo", attention_types=[[["global", "local"], 1]], num_layers=2, num_heads=4, window_size=8),
    _model("gptj", rotary_dim=4),
    _model("gpt_neox", rotary_pct=0.5),
    _model("codegen", rotary_dim=4),
    _model("bloom"),
    _model("opt", ffn_dim=37, word_embed_proj_dim=32),
    _model("falcon", new_decoder_architecture=False, multi_query=True, alibi=False),
    _model("mpt", d_model=32, n_heads=4, n_layers=2),
    _model("llama", **_GROUPED),
    _model("mistral", sliding_window=16, **_GROUPED),
    _model("mixtral", num_local_experts=4, num_experts_per_tok=2, **{**_GROUPED, "intermediate_size": 40}),
    _model("qwen2", **_GROUPED),
    _model("qwen3", **_GROUPED),
    _model("gemma", **_GROUPED),
    _model("gemma2", sliding_window=16, query_pre_attn_scalar=8, **_GROUPED),
    _model("gemma3_text", sliding_window=16, query_pre_attn_scalar=8, **_GROUPED),
    _model("phi", partial_rotary_factor=0.5),
    _model("phi3", pad_token_id=0, eos_token_id=1, bos_token_id=2, **_GROUPED),
    _model("stablelm", partial_rotary_factor=0.5, num_key_value_heads=4),
    _model("starcoder2", **_GROUPED),
    _model("olmo", **_GROUPED),
    _model("olmo2", **_GROUPED),
    _model("cohere", **_GROUPED),
    _model("granite", **_GROUPED),
    _model("smollm3", pad_token_id=0, **_GROUPED),
    _model("biogpt"),
    _model("xglm", d_model=32, ffn_dim=37, num_layers=2, attention_heads=4),
)
