"""Tiny random models of transformers, saved as folders; and the skip where transformers is not installed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from torch_cases.hugging.tiny import louder

Save = Callable[[str], Path]

_TEXT = {
    "vocab_size": 60,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 24,
    "max_position_embeddings": 80,
}
_GROUPED = {**_TEXT, "num_key_value_heads": 2, "bos_token_id": 0, "eos_token_id": None, "pad_token_id": None}
_VISION = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24, "image_size": 24, "patch_size": 8}
_RANDOM = {"hidden_size": 16, "num_hidden_layers": 2, "state_size": 4, "vocab_size": 60}
_WAVES = {"conv_dim": (8, 8), "conv_stride": (5, 2), "conv_kernel": (10, 3), "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2}
_BOTH = {
    "vocab_size": 60,
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": None,
    "decoder_start_token_id": 1,
}

MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {  # class, configuration, its arguments
    "gpt2": (
        "GPT2LMHeadModel",
        "GPT2Config",
        {"vocab_size": 60, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 80, "bos_token_id": 0, "eos_token_id": None},
    ),
    "llama": ("LlamaForCausalLM", "LlamaConfig", _GROUPED),
    "mistral": ("MistralForCausalLM", "MistralConfig", {**_GROUPED, "sliding_window": 6}),
    "gemma2": ("Gemma2ForCausalLM", "Gemma2Config", {**_GROUPED, "head_dim": 8, "sliding_window": 6}),
    "bloom": ("BloomForCausalLM", "BloomConfig", {"vocab_size": 60, "hidden_size": 16, "n_layer": 2, "n_head": 4}),
    "mamba": ("MambaForCausalLM", "MambaConfig", _RANDOM),
    "lfm2": ("Lfm2ForCausalLM", "Lfm2Config", {**_GROUPED, "layer_types": ["conv", "full_attention"]}),
    "bert": ("BertModel", "BertConfig", _TEXT),
    "bert of words": ("BertForMaskedLM", "BertConfig", _TEXT),
    "bert of answers": ("BertForQuestionAnswering", "BertConfig", _TEXT),
    "roberta": ("RobertaForTokenClassification", "RobertaConfig", {**_TEXT, "pad_token_id": 1, "type_vocab_size": 1}),
    "layoutlm": ("LayoutLMForTokenClassification", "LayoutLMConfig", _TEXT),
    "vit": ("ViTForImageClassification", "ViTConfig", _VISION),
    "resnet": ("ResNetForImageClassification", "ResNetConfig", {"embedding_size": 8, "hidden_sizes": [8, 8], "depths": [1, 1]}),
    "wav2vec2": ("Wav2Vec2ForCTC", "Wav2Vec2Config", {**_TEXT, **_WAVES}),
    "ast": (
        "ASTForAudioClassification",
        "ASTConfig",
        {**_VISION, "patch_size": 4, "max_length": 24, "num_mel_bins": 16, "frequency_stride": 4, "time_stride": 4},
    ),
    "clip": ("CLIPModel", "CLIPConfig", {"text_config": {**_TEXT, "max_position_embeddings": 40}, "vision_config": _VISION, "projection_dim": 8}),
    "t5": (
        "T5ForConditionalGeneration",
        "T5Config",
        {"vocab_size": 60, "d_model": 16, "d_ff": 24, "d_kv": 4, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0, "eos_token_id": None},
    ),
    "bart": ("BartForConditionalGeneration", "BartConfig", {**_BOTH, "max_position_embeddings": 80, "forced_eos_token_id": None}),
    "whisper": (
        "WhisperForConditionalGeneration",
        "WhisperConfig",
        {**_BOTH, "num_mel_bins": 8, "max_source_positions": 10, "max_target_positions": 80},
    ),
}


@pytest.fixture(scope="session")
def transformers() -> Any:
    """The package, told to be quiet."""
    found = pytest.importorskip("transformers", reason="transformers is not installed")
    found.logging.set_verbosity_error()
    found.logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    return found


@pytest.fixture(scope="session")
def save(transformers: Any, tmp_path_factory: pytest.TempPathFactory) -> Save:
    """Save one of MODELS with random weights, once a session; gives its folder, which nobody changes."""
    import torch

    saved: dict[str, Path] = {}

    def made(name: str) -> Path:
        if name not in saved:
            kind, config, arguments = MODELS[name]
            torch.manual_seed(0)
            model = louder(getattr(transformers, kind)(getattr(transformers, config)(**arguments)).eval())
            saved[name] = tmp_path_factory.mktemp("models") / name.replace(" ", "_")
            model.save_pretrained(saved[name])
        return saved[name]

    return made
