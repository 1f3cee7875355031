"""Encoders of texts, and encoder-decoder models without a cache."""

from __future__ import annotations

from typing import Any

from torch_cases.case import Case
from torch_cases.hugging.tiny import IDS, MASK, PAIR, SMALL, architecture

_TARGETS = "decoder_input_ids:int64[batch,target=2..60]{3..98}"


def _encoder(kind: str, *more: str, head: str = "AutoModel", **settings: Any) -> Case:
    return architecture(kind, IDS, MASK, *more, head=head, **{**SMALL, **settings})


def _translator(kind: str, **settings: Any) -> Case:
    given = {
        **PAIR,
        "max_position_embeddings": 128,
        "use_cache": False,
        "pad_token_id": 1,
    }
    return architecture(kind, IDS, MASK, _TARGETS, **{**given, **settings})


def _t5(kind: str, **settings: Any) -> Case:
    sizes = {"vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 37, "num_layers": 2, "num_heads": 4, "use_cache": False, "decoder_start_token_id": 0}
    return architecture(kind, IDS, MASK, _TARGETS, **{**sizes, **settings})


CASES = (
    _encoder("bert"),
    _encoder("roberta"),
    _encoder("distilbert", dim=32, n_layers=2, n_heads=4, hidden_dim=37),
    _encoder("albert", embedding_size=16, head="AutoModelForMaskedLM"),
    _encoder("electra", embedding_size=16, head="AutoModelForTokenClassification"),
    _encoder("mpnet"),
    _encoder("deberta", relative_attention=True, pos_att_type="c2p|p2c", max_relative_positions=16),
    _encoder("deberta-v2", relative_attention=True, pos_att_type="c2p|p2c", position_buckets=8, share_att_key=True),
    _encoder("xlm-roberta", head="AutoModelForSequenceClassification"),
    _encoder("rembert", input_embedding_size=16, output_embedding_size=16),
    _encoder("convbert", embedding_size=32, conv_kernel_size=3, head_ratio=2),
    _encoder("squeezebert", embedding_size=32, intermediate_size=36),
    _encoder("mobilebert", embedding_size=16, intra_bottleneck_size=16, true_hidden_size=16, num_feedforward_networks=2),
    _encoder("roformer", embedding_size=32),
    _encoder("ernie"),
    _encoder("megatron-bert"),
    _encoder("ibert"),
    _encoder("splinter"),
    _encoder("xmod", default_language="en_XX"),
    _encoder("data2vec-text"),
    _encoder("modernbert", global_attn_every_n_layers=2, local_attention=8, pad_token_id=0),
    architecture("fnet", IDS, **{**SMALL, "use_tpu_fourier_optimizations": False}),
    architecture(
        "funnel", IDS, MASK, head="FunnelModel", vocab_size=99, block_sizes=[1, 1], d_model=32, n_head=4, d_head=8, d_inner=37, num_decoder_layers=1
    ),
    _encoder("layoutlm", "bbox:int64[batch,sequence,4]{0..0}", max_2d_position_embeddings=32),
    architecture("xlnet", IDS, MASK, vocab_size=99, d_model=32, n_layer=2, n_head=4, d_inner=37, use_mems_eval=False),
    _translator("bart"),
    _translator("mbart"),
    _translator("pegasus", pad_token_id=0),
    _translator("marian", decoder_start_token_id=0),
    _translator("m2m_100"),
    _translator("blenderbot"),
    _translator("led", max_encoder_position_embeddings=128, max_decoder_position_embeddings=128, attention_window=4),
    _t5("t5"),
    _t5("mt5", feed_forward_proj="gated-gelu"),
)
