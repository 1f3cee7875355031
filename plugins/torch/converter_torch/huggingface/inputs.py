"""The inputs of a model that answers in one go, known from the parameters of its forward and from its configuration.

text      input_ids, attention_mask, token_type_ids, bbox, decoder_input_ids
images    pixel_values, of a free size where the model runs at others than its own
sounds    input_values, input_features
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from converter.plugin import Axis, Dim, Domain, Input, MissingInputs
from converter_torch.huggingface import images, sounds
from converter_torch.huggingface.masks import MASK
from converter_torch.signature.binding import how_to_give

if TYPE_CHECKING:
    from converter_torch.huggingface.opening import Opened

LONGEST = 512  # tokens, for models that can take any number
_FEW = 64  # sequences, boxes, choices


@dataclass(frozen=True)
class Proposal:
    """What a model takes, its axes, and the arguments of its forward that no input gives."""

    inputs: tuple[Input, ...]
    axes: Mapping[str, Axis]
    constants: Mapping[str, Any]


def propose(opened: Opened) -> Proposal:
    """Return what a model takes; raises MissingInputs where its forward needs what cannot be told from its configuration."""
    forward = parameters(opened.module)
    wanted = [name for name in forward if name in _KNOWN and _is_wanted(name, opened, forward)]
    needed = [name for name, each in forward.items() if each.default is inspect.Parameter.empty and each.kind is each.POSITIONAL_OR_KEYWORD]
    if not wanted or (strangers := [name for name in needed if name not in wanted]):
        raise MissingInputs(
            f"the inputs of {type(opened.module).__name__} are not known\n  its forward takes {', '.join(forward)}",
            hint=how_to_give(strangers if wanted else needed or ["x"]),
        )
    inputs = tuple(_KNOWN[name](opened, name) for name in wanted)
    inputs, axes = images.freed(opened, inputs, _axes(opened, inputs))
    return Proposal(inputs, axes, constants(opened))


def constants(opened: Opened) -> dict[str, Any]:
    """Return what a forward is told beside its inputs: to keep no cache, and to name its outputs."""
    forward = parameters(opened.module)
    return {"return_dict": True} | ({"use_cache": False} if "use_cache" in forward else {})


def parameters(module: Any) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a module's forward, as its class declares them."""
    return inspect.signature(module.forward).parameters


def token_ids(opened: Opened, name: str, dims: tuple[Dim, ...]) -> Input:
    """Return an input of token ids."""
    text = opened.config.get_text_config(decoder=True) if name.startswith("decoder") else opened.config.get_text_config()
    return Input(name, "int64", dims, Domain(0, int(text.vocab_size) - 1))


def longest(config: Any) -> int:
    """Return how many tokens a model takes at most: as many as it has positions, less those that are kept for padding."""
    found = min((value for key in _POSITIONS if isinstance(value := getattr(config, key, None), int) and value > 0), default=LONGEST)
    padding = getattr(config, "pad_token_id", None)
    kept = padding + 1 if isinstance(padding, int) and 0 <= padding < _RESERVED and found > 2 * _RESERVED else 0
    return int(min(found - kept, LONGEST))


_POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "max_target_positions", "n_ctx")
_RESERVED = 4


def _is_wanted(name: str, opened: Opened, forward: Mapping[str, Any]) -> bool:
    config = opened.config
    takes_text = "input_ids" in forward and hasattr(config.get_text_config(), "vocab_size")
    match name:
        case "input_ids" | "bbox":
            return takes_text
        case "attention_mask":
            return takes_text
        case "token_type_ids":
            return takes_text and (getattr(config.get_text_config(), "type_vocab_size", 0) or 0) > 1
        case "position_ids":
            return takes_text and opened.task == "text-generation"
        case "decoder_input_ids":
            return bool(config.is_encoder_decoder)
        case "pixel_values":
            return opened.module.main_input_name == name or images.reads_images(config)
        case _:
            return opened.module.main_input_name == name or hasattr(config, "audio_config")


def _text(opened: Opened, name: str) -> Input:
    choices = ("choices",) if opened.task == "multiple-choice" else ()
    dims: tuple[Dim, ...] = (_batch(opened, "text"), *choices, "sequence")
    match name:
        case "input_ids":
            return token_ids(opened, name, dims)
        case "attention_mask":
            return Input(name, "int64", dims, MASK)
        case "token_type_ids":
            return Input(name, "int64", dims, Domain(0, opened.config.get_text_config().type_vocab_size - 1))
        case "position_ids":
            return Input(name, "int64", dims, Domain(0, longest(opened.config.get_text_config()) - 1))
        case _:
            return Input(name, "int64", (*dims, 4), Domain(0, opened.config.max_2d_position_embeddings - 1))


def _decoder(opened: Opened, name: str) -> Input:
    return token_ids(opened, name, ("batch", "decoder_sequence"))


def _images(opened: Opened, name: str) -> Input:
    return images.pixel_values(opened, name, _batch(opened, "image"))


def _sounds(opened: Opened, name: str) -> Input:
    return sounds.of(opened, name, _batch(opened, "audio"))


def _batch(opened: Opened, modality: str) -> str:
    """Return the axis of a batch: models that compare two kinds of things take as many as they are given of each."""
    features = [name for name in ("get_text_features", "get_image_features", "get_audio_features") if hasattr(opened.module, name)]
    return f"{modality}_batch" if len(features) > 1 else "batch"


_KNOWN: Mapping[str, Callable[[Opened, str], Input]] = MappingProxyType(
    {
        "input_ids": _text,
        "attention_mask": _text,
        "token_type_ids": _text,
        "position_ids": _text,
        "bbox": _text,
        "decoder_input_ids": _decoder,
        "pixel_values": _images,
        "input_values": _sounds,
        "input_features": _sounds,
    }
)


def _axes(opened: Opened, inputs: tuple[Input, ...]) -> dict[str, Axis]:
    named = dict.fromkeys(dim for each in inputs for dim in each.dims if isinstance(dim, str))
    config = opened.config
    ranges = {
        "sequence": Axis(1, longest(config.get_text_config())),
        "decoder_sequence": Axis(1, longest(config.get_text_config(decoder=True))),
        "choices": Axis(1, 8),
        **sounds.ranges(config),
    }
    return {name: ranges.get(name, Axis(1, _FEW)) for name in named}
