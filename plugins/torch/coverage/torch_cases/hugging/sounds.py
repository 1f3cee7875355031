"""Models of speech and sound, their length free."""

from __future__ import annotations

from typing import Any

from torch_cases.case import Case
from torch_cases.hugging.tiny import PAIR, architecture

_WAVES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "conv_dim": [16, 16],
    "conv_kernel": [8, 4],
    "conv_stride": [4, 2],
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
    "vocab_size": 32,
    "num_feat_extract_layers": 2,
}


def _wave(kind: str, *, head: str = "AutoModel", **settings: Any) -> Case:
    return architecture(kind, "input_values:float32[batch,samples=200..2000]", head=head, **{**_WAVES, **settings})


CASES = (
    _wave("wav2vec2", head="AutoModelForCTC"),
    _wave("hubert"),
    _wave("wavlm"),
    _wave("unispeech"),
    _wave("unispeech-sat"),
    _wave("data2vec-audio", conv_pos_kernel_size=5),
    _wave("wav2vec2-conformer"),
    _wave("sew", squeeze_factor=2),
    architecture(
        "whisper",
        *("input_features:float32[batch,16,60]", "decoder_input_ids:int64[batch,target=2..30]{3..98}"),
        num_mel_bins=16,
        **PAIR,
        max_source_positions=30,
        max_target_positions=40,
        use_cache=False,
        pad_token_id=1,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    ),
    architecture(
        "speech_to_text",
        *("input_features:float32[batch,frames=20..200,16]", "decoder_input_ids:int64[batch,target=2..30]{3..98}"),
        input_feat_per_channel=16,
        **PAIR,
        max_source_positions=256,
        max_target_positions=64,
        use_cache=False,
        conv_channels=16,
        conv_kernel_sizes=[3, 3],
    ),
    architecture(
        "encodec",
        "input_values:float32[batch,1,samples=320..3200]",
        num_filters=4,
        hidden_size=16,
        codebook_size=16,
        codebook_dim=16,
        upsampling_ratios=[4, 2],
        num_lstm_layers=1,
        target_bandwidths=[24.0],
    ),
)
