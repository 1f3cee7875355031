"""Models of transformers in tiny random configurations."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch_cases.case import Case, declared

SMALL = {
    "vocab_size": 99,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "max_position_embeddings": 128,
}
PAIR = {
    "vocab_size": 99,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 37,
    "decoder_ffn_dim": 37,
}
IDS = "input_ids:int64[batch,sequence=8..100]{3..98}"
MASK = "attention_mask:int64[batch,sequence=8..100]{0..1}"


def tiny(kind: str, head: str = "AutoModel", **settings: Any) -> Any:
    """Return a random model of a `model_type`; `head` is the class of transformers that makes it of a configuration."""
    import transformers

    config = transformers.AutoConfig.for_model(kind, **settings)
    made = getattr(transformers, head)
    return made.from_config(config) if head.startswith("Auto") else made(config)


def louder(module: Any) -> Any:
    """Return the module with weights three times as large: fresh ones are so small that the last token decides what comes next."""
    for parameter in module.parameters():
        parameter.data.mul_(3)
    return module


def architecture(kind: str, *inputs: str, row: str = "", head: str = "AutoModel", **settings: Any) -> Case:
    """Return the case of an architecture; its row is its `model_type` where nothing else is said."""
    return declared(row or kind, partial(tiny, kind, head, **settings), *inputs, setting=head.removeprefix("AutoModelFor").removeprefix("Auto"))
