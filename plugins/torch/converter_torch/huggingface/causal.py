"""Causal language models whose keys and values are inputs and outputs: one graph for the prompt and for every token after it.

    input_ids, attention_mask, position_ids, past_key_values.N.key/value ─▶ logits, present.N.key/value

The cache of a sampled case is the model's own, of tokens that it has read in two steps; rows are padded on the left, as they are to be continued.
In float16 the past alone is padded: a query at a padded place sees no key, and its scores, masked by -65504, are equal or not by whether they are added in float16 or, as ONNX Runtime
does on the CPU, in float32. Nobody reads what such a query gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from converter.plugin import Axis, Domain, Input
from converter_torch.huggingface import inputs, masks, past
from converter_torch.signature.flat import device_of, evaluating
from converter_torch.tensors import dtype_name, to_array, to_tensor

if TYPE_CHECKING:
    from converter_torch.huggingface.opening import Opened

TASK = "text-generation"
_POSITIONS = "position_ids"


class CausalWithPast(nn.Module):
    """A causal language model that takes its cache as tensors and gives the grown one as tensors."""

    def __init__(self, module: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.module = module
        self._names = tuple(names)
        self._argument = past.argument(module)

    def forward(self, *tensors: torch.Tensor) -> dict[str, Any]:
        """Return the logits and the keys and values of all tokens so far."""
        named = dict(zip(self._names, tensors, strict=False))
        cache = past.cache_of(tensors[len(named) :])
        found = self.module(**named, **{self._argument: cache}, use_cache=True, return_dict=True)
        return {"logits": found.logits, **past.outputs(cache)}


class Causal:
    """What a causal language model with its cache takes, and feeds for it."""

    def __init__(self, opened: Opened) -> None:
        past.check_growing(opened.module, opened.config, TASK)
        self._layers = _layers(opened)
        self._dtype = opened.module.dtype
        text = opened.config.get_text_config()
        tokens = inputs.longest(text)
        named = [
            inputs.token_ids(opened, "input_ids", ("batch", "sequence")),
            Input("attention_mask", "int64", ("batch", "past + sequence"), masks.MASK),
        ]
        if _POSITIONS in inputs.parameters(opened.module):
            named.append(Input(_POSITIONS, "int64", ("batch", "sequence"), Domain(0, tokens - 1)))
        self.inputs = (*named, *past.inputs(self._layers, dtype_name(self._dtype), "past"))
        self.axes: Mapping[str, Axis] = {"batch": Axis(), "sequence": Axis(1, max(1, tokens // 2)), "past": Axis(0, tokens - max(1, tokens // 2))}
        self.module = CausalWithPast(opened.module, [each.name for each in named])
        self._named = tuple(named)

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return feeds with the cache of a model that has read `past` tokens."""
        batch, before, length = sizes["batch"], sizes["past"], sizes["sequence"]
        ids = self._named[0].draw(rng, {**sizes, "sequence": before + length})
        mask = masks.padded(rng, batch, before + length, left=True, least=length if self._dtype == torch.float16 else 1)
        with evaluating(self.module):
            cache = self._read(ids[:, :before], mask[:, :before])
        feeds = {"input_ids": ids[:, before:], "attention_mask": mask, _POSITIONS: masks.positions(mask, length)}
        kept = {each.name: feeds[each.name] for each in self._named}
        return kept | {each.name: to_array(tensor) for each, tensor in zip(self.inputs[len(kept) :], cache, strict=True)}

    def _read(self, ids: np.ndarray, mask: np.ndarray) -> list[torch.Tensor]:
        """Let the model read tokens in two steps, the second one with the cache of the first; return the cache."""
        device = device_of(self.module)
        cache = past.empty(self._layers, len(ids), self._dtype, device)
        half = ids.shape[1] // 2
        for begin, end in ((0, half), (half, ids.shape[1])):
            if begin < end:
                feeds = {"input_ids": ids[:, begin:end], "attention_mask": mask[:, :end], _POSITIONS: masks.positions(mask[:, :end], end - begin)}
                found = self.module(*(to_tensor(feeds[each.name], device) for each in self._named), *cache)
                cache = [tensor for name, tensor in found.items() if name.startswith(past.PRESENT)]
        return cache


def _layers(opened: Opened) -> tuple[past.Layer, ...]:
    from transformers.cache_utils import DynamicCache

    cache = DynamicCache()
    ids = torch.zeros(1, 1, dtype=torch.int64, device=device_of(opened.module))
    with evaluating(opened.module):
        opened.module(input_ids=ids, **{past.argument(opened.module): cache}, use_cache=True)
    return past.layers_of(cache, opened.module, TASK)
