"""Encoder-decoder models that generate, as three graphs: what reads, what begins to write, and what goes on with a cache.

    encoder              input_ids or features, attention_mask                                ─▶ last_hidden_state
    decoder              input_ids, encoder_hidden_states, encoder_attention_mask             ─▶ logits, present.N.decoder.key/value, present.N.encoder.key/value
    decoder-with-past    input_ids, encoder_attention_mask, past_key_values.N.decoder/encoder ─▶ logits, present.N.decoder.key/value

The encoder's keys and values do not change while it writes: those of `decoder` go into every call of `decoder-with-past`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from converter.plugin import Axis, Input
from converter_torch.huggingface import inputs, masks, past
from converter_torch.signature.flat import device_of, evaluating
from converter_torch.tensors import dtype_name, to_array, to_tensor

if TYPE_CHECKING:
    from converter_torch.huggingface.opening import Opened

ENCODER, DECODER, WITH_PAST, WHOLE = "encoder", "decoder", "decoder-with-past", "whole"
PARTS = (ENCODER, DECODER, WITH_PAST, WHOLE)
STATES = "encoder_hidden_states"
MASK = "encoder_attention_mask"
_LENGTH = "encoder_sequence"
_OWN, _CROSS = "decoder.", "encoder."


def has_parts(opened: Opened) -> bool:
    """Tell whether a model is an encoder and a decoder that generates."""
    return (
        bool(opened.config.is_encoder_decoder)
        and hasattr(opened.module, "get_encoder")
        and hasattr(opened.module, "generate")
        and opened.module.can_generate()
    )


class Encoder(nn.Module):
    """The part that reads."""

    def __init__(self, module: Any, names: Sequence[str]) -> None:
        super().__init__()
        self.module: nn.Module = module.get_encoder()
        self._names = tuple(names)

    def forward(self, *tensors: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the states of the encoder."""
        return {"last_hidden_state": self.module(**dict(zip(self._names, tensors, strict=True)), return_dict=True).last_hidden_state}


class Decoder(nn.Module):
    """The part that writes, from the states of the encoder, or from their keys and values and its own."""

    def __init__(self, module: Any, names: Sequence[str], width: int) -> None:
        super().__init__()
        self.module = module
        self._names = tuple(names)
        self._width = width
        self._argument = past.argument(module)

    def forward(self, *tensors: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the logits and what grew of the cache."""
        named = dict(zip(self._names, tensors, strict=False))
        kept = tensors[len(named) :]
        own, crossed = past.cache_of(_of(kept, 0)), past.cache_of(_of(kept, 2))
        states = named[STATES] if STATES in named else self._shaped(crossed)
        found = self._run(named, states, own, crossed)
        return {"logits": found, **past.outputs(own, _OWN), **(past.outputs(crossed, _CROSS) if not kept else {})}

    def _run(self, named: Mapping[str, torch.Tensor], states: torch.Tensor, own: Any, crossed: Any) -> torch.Tensor:
        from transformers.cache_utils import EncoderDecoderCache
        from transformers.modeling_outputs import BaseModelOutput

        mask = {"attention_mask": named[MASK]} if MASK in named else {}
        cache = EncoderDecoderCache(own, crossed)
        cache.is_updated = dict.fromkeys(range(len(crossed.layers)), True)
        given = {"decoder_input_ids": named["input_ids"], "encoder_outputs": BaseModelOutput(last_hidden_state=states), self._argument: cache}
        logits: torch.Tensor = self.module(**given, **mask, use_cache=True, return_dict=True).logits
        return logits

    def _shaped(self, crossed: Any) -> torch.Tensor:
        """Return states of which nothing but the shape is read: their keys and values are known."""
        keys = crossed.layers[0].keys
        return torch.zeros(keys.shape[0], keys.shape[2], self._width, dtype=keys.dtype, device=keys.device)


class Part:
    """One of the graphs of an encoder-decoder model: what it takes, and feeds for it."""

    def __init__(self, opened: Opened, part: str) -> None:
        self._opened = opened
        self._part = part
        proposal = inputs.propose(opened)
        read = tuple(each for each in proposal.inputs if not each.name.startswith("decoder"))
        self._encoder = Encoder(opened.module, [each.name for each in read])
        self._read = read
        self._ranges = dict(proposal.axes)
        self._masked = any(each.name == "attention_mask" for each in read)
        if part == ENCODER:
            self.module: nn.Module = self._encoder
            self.inputs = read
            self.axes: Mapping[str, Axis] = {name: axis for name, axis in proposal.axes.items() if not name.startswith("decoder")}
            return
        past.check_growing(opened.module, opened.config, "text2text-generation")
        states, self._own, self._crossed = self._probe()
        self._width = states.shape[-1]
        dtype = dtype_name(opened.module.dtype)
        ids = inputs.token_ids(opened, "decoder_input_ids", ("batch", "sequence"))
        named = [replace(ids, name="input_ids")]
        named += [Input(MASK, "int64", ("batch", _LENGTH), masks.MASK)] if self._masked else []
        named += [Input(STATES, dtype, ("batch", _LENGTH, self._width))] if part == DECODER else []
        kept = self._past(dtype) if part == WITH_PAST else ()
        self.inputs = (*named, *kept)
        self._named = tuple(named)
        self.module = Decoder(opened.module, [each.name for each in named], self._width)
        self.axes = self._axes(states)

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return feeds: the states of the encoder for something that it has read, the cache of a decoder that has written `past` tokens."""
        if self._part == ENCODER:
            return masks.made_valid({each.name: each.draw(rng, sizes) for each in self.inputs}, self.inputs, rng)
        feeds = masks.made_valid({each.name: each.draw(rng, sizes) for each in self._named}, self._named, rng)
        if STATES in feeds:
            states = self._states(rng, sizes, feeds)
            feeds[STATES] = feeds[STATES] if states is None else to_array(states)
        if self._part == WITH_PAST:
            feeds |= self._written(rng, sizes, feeds)
        return feeds

    def _states(self, rng: np.random.Generator, sizes: Mapping[str, int], feeds: Mapping[str, np.ndarray]) -> torch.Tensor | None:
        """Return what the encoder makes of random feeds, None where it gives another number of states than is wanted."""
        read = (
            {each.name: each.draw(rng, {**sizes, "sequence": sizes.get(_LENGTH, 0)}) for each in self._read if each.name != "attention_mask"}
            if self._reads_tokens
            else None
        )
        if read is None:
            return None
        if self._masked:
            read["attention_mask"] = feeds[MASK]
        with evaluating(self._encoder):
            device = device_of(self._encoder)
            found: torch.Tensor = self._encoder(*(to_tensor(read[each.name], device) for each in self._read))["last_hidden_state"]
        return found

    @property
    def _reads_tokens(self) -> bool:
        return any(each.name == "input_ids" for each in self._read)

    def _written(self, rng: np.random.Generator, sizes: Mapping[str, int], feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the cache of a decoder that has written random tokens."""
        begin = Decoder(self._opened.module, ["input_ids", *([MASK] if self._masked else []), STATES], self._width)
        states = self._states(rng, sizes, feeds)
        if states is None:
            shape = (sizes["batch"], sizes[_LENGTH], self._width)
            states = to_tensor(rng.standard_normal(shape).astype(np.float32)).to(device_of(begin), self._opened.module.dtype)
        ids = self._named[0].draw(rng, {**sizes, "sequence": sizes["past"]})
        device = device_of(begin)
        mask = [to_tensor(feeds[MASK], device)] if self._masked else []
        with evaluating(begin):
            found = begin(to_tensor(ids, device), *mask, states)
        return {each.name: to_array(found[each.name.replace(past.PAST, past.PRESENT)]) for each in self.inputs[len(self._named) :]}

    def _past(self, dtype: str) -> tuple[Input, ...]:
        own, crossed = past.inputs(self._own, dtype, "past", _OWN), past.inputs(self._crossed, dtype, _LENGTH, _CROSS)
        pairs = zip(own[::2], own[1::2], crossed[::2], crossed[1::2], strict=True)
        return tuple(each for layer in pairs for each in layer)

    def _axes(self, states: torch.Tensor) -> dict[str, Axis]:
        longest = inputs.longest(self._opened.config.get_text_config(decoder=True))
        half = max(1, longest // 2)
        reading = self._ranges.get("sequence", Axis(1, max(states.shape[1], 1)))
        axes = {"batch": Axis(), "sequence": Axis(1, half), _LENGTH: reading}
        return axes | ({"past": Axis(1, longest - half)} if self._part == WITH_PAST else {})

    def _probe(self) -> tuple[torch.Tensor, tuple[past.Layer, ...], tuple[past.Layer, ...]]:
        """Read and write once; return the states of the encoder and the layers of both parts of the cache."""
        from transformers.cache_utils import DynamicCache, EncoderDecoderCache

        module = self._opened.module
        sizes = {name: axis.low for name, axis in self._ranges.items()}
        rng = np.random.default_rng(0)
        feeds = masks.made_valid({each.name: each.draw(rng, sizes) for each in self._read}, self._read, rng)
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        device = device_of(module)
        given = {name: to_tensor(feed, device) for name, feed in feeds.items()}
        with evaluating(module):
            states = self._encoder(*given.values())["last_hidden_state"]
            module(
                **given,
                decoder_input_ids=torch.zeros(sizes["batch"], 1, dtype=torch.int64, device=device),
                **{past.argument(module): cache},
                use_cache=True,
            )
        task = "text2text-generation"
        return states, past.layers_of(cache.self_attention_cache, module, task), past.layers_of(cache.cross_attention_cache, module, task)


def _of(tensors: Sequence[torch.Tensor], first: int) -> list[torch.Tensor]:
    """Return the keys and values of one part of a cache, of which a layer has four tensors: two from `first` on."""
    return [tensor for place, tensor in enumerate(tensors) if place % 4 in {first, first + 1}]
