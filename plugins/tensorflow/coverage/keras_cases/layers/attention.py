"""Attention: plain, of many heads and of groups of them, with masks, causal, and with the scores beside."""

from collections.abc import Callable
from functools import partial
from typing import Any

from keras import layers

from keras_cases.case import Case, case, cases

QUERY, VALUE, KEY = "query:float32[batch,length,6]", "value:float32[batch,value_length,6]", "key:float32[batch,value_length,6]"
TOKENS = ("query:int32[batch,length]{0..11}", "value:int32[batch,value_length]{0..11}")
MASKS = ("query_mask:bool[batch,length]", "value_mask:bool[batch,value_length]")
Call = Callable[..., Any]


def _listed(layer: Any, *tensors: Any, **options: Any) -> Any:
    return layer(list(tensors), **options)


def _masked(layer: Any, query: Any, value: Any, query_mask: Any, value_mask: Any) -> Any:
    return layer([query, value], mask=[query_mask, value_mask])


def _plain(kind: Callable[..., Any], *settings: dict[str, Any]) -> list[Case]:
    scores = partial(_listed, return_attention_scores=True)
    return [
        *cases(kind, (QUERY, VALUE), *settings, {"dropout": 0.5}, {"dtype": "mixed_float16"}),
        *cases(kind, (QUERY, VALUE, KEY), title="key"),
        *cases(kind, (QUERY, VALUE), title="scores", call=scores),
        *cases(kind, (QUERY, VALUE), title="causal", call=partial(_listed, use_causal_mask=True)),
        *cases(kind, (QUERY, VALUE, *MASKS), title="both masks", call=_masked, is_declared=True),
        *cases(kind, TOKENS, title="masks of embeddings", call=_embedded),
    ]


def _embedded(layer: Any, query: Any, value: Any) -> Any:
    table = layers.Embedding(12, 6, mask_zero=True)
    return layer([table(query), table(value)])


def _embedded_apart(layer: Any, query: Any, value: Any) -> Any:
    table = layers.Embedding(12, 6, mask_zero=True)
    return layer(table(query), table(value))


def _apart(layer: Any, *tensors: Any, **options: Any) -> Any:
    return layer(*tensors, **options)


def _with_mask(layer: Any, query: Any, value: Any, mask: Any) -> Any:
    return layer(query, value, attention_mask=mask)


def _with_both_masks(layer: Any, query: Any, value: Any, query_mask: Any, value_mask: Any) -> Any:
    return layer(query, value, query_mask=query_mask, value_mask=value_mask)


def _itself(layer: Any, x: Any, **options: Any) -> Any:
    return layer(x, x, **options)


def _heads(kind: Callable[..., Any], *settings: dict[str, Any], **always: Any) -> list[Case]:
    scores, causal = {"return_attention_scores": True}, {"use_causal_mask": True}
    return [
        *cases(kind, QUERY, *settings, {"use_bias": False}, {"dropout": 0.5}, {"dtype": "mixed_float16"}, call=_itself, **always),
        *cases(kind, QUERY, title="causal", call=partial(_itself, **causal), **always),
        *cases(kind, QUERY, title="scores", call=partial(_itself, **scores), **always),
        *cases(kind, QUERY, title="causal, scores", call=partial(_itself, **causal, **scores), **always),
        *cases(kind, (QUERY, VALUE), title="value", call=_apart, **always),
        *cases(kind, (QUERY, VALUE, KEY), title="value, key", call=_apart, **always),
        *cases(kind, (QUERY, VALUE, "mask:bool[batch,length,value_length]"), title="attention mask", call=_with_mask, is_declared=True, **always),
        *cases(kind, (QUERY, VALUE, *MASKS), title="both masks", call=_with_both_masks, is_declared=True, **always),
        *cases(kind, TOKENS, title="masks of embeddings", call=_embedded_apart, **always),
    ]


CASES = (
    *_plain(layers.Attention, {"use_scale": True}, {"score_mode": "concat"}, {"score_mode": "concat", "use_scale": True}),
    *_plain(layers.AdditiveAttention, {"use_scale": False}),
    *_heads(layers.MultiHeadAttention, {"value_dim": 3}, {"output_shape": 5}, {"flash_attention": False}, num_heads=2, key_dim=4),
    *cases(layers.MultiHeadAttention, "x:float32[batch,5,7,6]", title="two axes", call=_itself, num_heads=2, key_dim=4, attention_axes=(1, 2)),
    case(
        "MultiHeadAttention",
        "mask of Masking, causal",
        lambda x: _itself(layers.MultiHeadAttention(2, 4), layers.Masking()(x), use_causal_mask=True),
        "x:float32[batch,length,6]",
    ),
    *_heads(layers.GroupQueryAttention, {"num_key_value_heads": 1}, {"num_key_value_heads": 4}, head_dim=4, num_query_heads=4, num_key_value_heads=2),
    *cases(
        layers.GroupQueryAttention,
        QUERY,
        {"sliding_window": 4, "use_gate": True},
        title="causal, sliding window",
        sliding_window=3,
        call=partial(_itself, use_causal_mask=True),
        head_dim=4,
        num_query_heads=4,
        num_key_value_heads=2,
    ),
)
