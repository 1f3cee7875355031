"""From a model folder to a loaded model: opened, its inputs proposed, as one graph or as the part of it that is asked for."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.plugin import Axis, Input, UsageError
from converter_torch.huggingface import encoder_decoder, images, inputs, masks, tasks
from converter_torch.huggingface.causal import Causal
from converter_torch.huggingface.encoder_decoder import Part
from converter_torch.huggingface.opening import open_folder, quiet
from converter_torch.huggingface.plain import Plain
from converter_torch.model import Description, Sample, TorchModel
from converter_torch.signature.binding import bind
from converter_torch.signature.flat import Flat
from converter_torch.signature.overriding import overridden
from converter_torch.sources.modules import parameters_in_words, shown

if TYPE_CHECKING:
    from torch import nn

    from converter.plugin import LoadRequest
    from converter_torch.huggingface.opening import Opened

OPTIONS = ("task", "part", "dtype")
_PLACED = ("image_token_id", "image_token_index", "video_token_id", "audio_token_id", "audio_token_index")


@dataclass(frozen=True)
class _Chosen:
    """A module that takes tensors and gives named ones, what it takes, and feeds for it."""

    module: nn.Module
    inputs: tuple[Input, ...]
    axes: Mapping[str, Axis]
    sample: Sample
    task: str
    part: str = ""


def load_folder(request: LoadRequest) -> TorchModel:
    """Load a model folder; raises what `open_folder` raises, MissingInputs where the inputs cannot be told, UsageError for options and inputs that do not fit."""
    path, options = request.source.path, request.options
    assert path is not None
    task = str(options.get("task", ""))
    if task:
        tasks.check_task(task)
    opened = open_folder(path, task, str(options.get("dtype", "")), trust=request.trust)
    with quiet():
        chosen = _chosen(opened, task, str(options.get("part", "")), request)
        given, axes = overridden(chosen.inputs, chosen.axes, request, rename=False)
        _check_axes(chosen.axes, axes)
        binding = bind(inspect.signature(chosen.module.forward), [each.name for each in given])
        description = Description(given, axes, _summary(opened, chosen), metadata=_metadata(opened, chosen), sample=chosen.sample)
        return TorchModel(Flat(chosen.module, binding), description)


def _chosen(opened: Opened, task: str, part: str, request: LoadRequest) -> _Chosen:
    """Return the module to convert: a part of an encoder-decoder model, a language model with its cache, or the model as it is."""
    name = type(opened.module).__name__
    if encoder_decoder.has_parts(opened) and part != encoder_decoder.WHOLE:
        _check_part(part, name)
        found = Part(opened, part)
        return _Chosen(found.module, found.inputs, found.axes, found.sample, opened.task, part)
    if part and not encoder_decoder.has_parts(opened):
        raise UsageError(f"{name} has no part {part}: it is one graph", hint="leave -O part out")
    if task.endswith(tasks.WITH_PAST) and opened.task != tasks.GENERATION:
        raise UsageError(f"{name} does {opened.task}, which keeps no cache", hint=f"-O task={opened.task}")
    _check_not_placed(opened)
    if opened.task == tasks.GENERATION and (not task or task.endswith(tasks.WITH_PAST)):
        causal = Causal(opened)
        return _Chosen(causal.module, causal.inputs, causal.axes, causal.sample, f"{opened.task}{tasks.WITH_PAST}")
    return _plain(opened, part, request)


def _plain(opened: Opened, part: str, request: LoadRequest) -> _Chosen:
    proposal = _proposal(opened, request)
    module = Plain(opened.module, [each.name for each in proposal.inputs], proposal.constants)
    return _Chosen(module, proposal.inputs, proposal.axes, partial(_sampled, proposal.inputs), opened.task, part)


def _proposal(opened: Opened, request: LoadRequest) -> inputs.Proposal:
    """Return what a model takes: what the user says, where that names parameters of its forward, else what its configuration says."""
    if not request.inputs:
        return inputs.propose(opened)
    forward = inputs.parameters(opened.module)
    if strangers := [each.name for each in request.inputs if each.name not in forward]:
        raise UsageError(f"{strangers[0]} is no parameter of {type(opened.module).__name__}", hint=f"its forward takes {', '.join(forward)}")
    constants = inputs.constants(opened)
    free = any(each.name == images.NAME and any(isinstance(dim, str) for dim in each.dims[1:]) for each in request.inputs)
    if free and images.INTERPOLATES in forward:
        constants[images.INTERPOLATES] = True
    return inputs.Proposal(request.inputs, request.axes, constants)


def _sampled(taken: tuple[Input, ...], rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    return masks.made_valid({each.name: each.draw(rng, sizes) for each in taken}, taken, rng)


def _check_axes(known: Mapping[str, Axis], given: Mapping[str, Axis]) -> None:
    if strangers := [name for name in given if name not in known]:
        raise UsageError(f"the model has no axis {strangers[0]}", hint=f"its axes are {', '.join(known)}")


def _check_part(part: str, name: str) -> None:
    if part not in encoder_decoder.PARTS:
        told = f"has no part {part}" if part else "is an encoder and a decoder, which are graphs of their own"
        lines = "".join(f"\n  -O part={each:<19} {what}" for each, what in _PARTS.items())
        raise UsageError(f"{name} {told}{lines}", hint=f"convert each with its own output: -O part={encoder_decoder.ENCODER} -o encoder_model.onnx")


_PARTS = {
    encoder_decoder.ENCODER: "what reads",
    encoder_decoder.DECODER: "what writes the first tokens",
    encoder_decoder.WITH_PAST: "what writes on, with the keys and values of what was read and written",
    encoder_decoder.WHOLE: "all in one graph without a cache",
}


def _check_not_placed(opened: Opened) -> None:
    """Refuse models whose images or sounds stand at marked places of their text: how many places each takes is the business of their processor."""
    marks = [name for name in _PLACED if getattr(opened.config, name, None) is not None]
    if marks and hasattr(opened.config, "text_config"):
        raise UsageError(
            f"{type(opened.module).__name__} puts images or sounds in the places of its text that hold the token {getattr(opened.config, marks[0])} ({marks[0]})",
            hint="such models are not converted as a whole; save its language model in a folder of its own: model.get_decoder().save_pretrained(…)",
        )


def _summary(opened: Opened, chosen: _Chosen) -> str:
    part = f", part {chosen.part}" if chosen.part else ""
    unused = f"; weights of the folder that it has no use for: {shown(opened.unused)}" if opened.unused else ""
    return f"{type(opened.module).__name__} for {chosen.task}{part}, {parameters_in_words(chosen.module)}{unused}"


def _metadata(opened: Opened, chosen: _Chosen) -> dict[str, str]:
    import transformers

    told = {"model_type": opened.config.model_type, "task": chosen.task, **({"part": chosen.part} if chosen.part else {})}
    told["transformers"] = transformers.__version__
    found = {"huggingface": json.dumps(told)}
    labels: Any = getattr(opened.config, "id2label", None)
    if labels and chosen.task.endswith("classification"):
        found["classes"] = json.dumps([str(labels[place]) for place in sorted(labels)])
    return found
