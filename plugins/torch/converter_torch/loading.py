"""From a source to a loaded model.

    checkpoint ─┬─ --model ───────▶ module of the user's class, filled ─┐
                ├─ its keys ──────▶ module of a known architecture ─────┤
                └─ --trust ───────▶ the pickled module itself ──────────┼─▶ Flat ─▶ TorchModel
    TorchScript ──────────────────▶ ScriptModule ───────────────────────┤
    exported program ─────────────▶ its module ─────────────────────────┤
    model folder ─────────────────▶ module of transformers (see `huggingface.loading`)
    live object ──────────────────▶ as it is ───────────────────────────┘

A module's inputs come from `--input`: bound to the parameters of its forward by name if the names match, else by position. Without it they are
proposed from its layers, tried, and told in the summary (see `proposals`).
Those of an architecture and of an exported program are known; `--input` then narrows or widens their axes.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.export import ExportedProgram

from converter.plugin import Axis, Input, LoadRequest, MissingInputs, UnreadableSource, UnrecognisedSource, UsageError
from converter_torch import precision
from converter_torch.architectures import registry
from converter_torch.architectures.architecture import Evidence
from converter_torch.exporters import translations
from converter_torch.huggingface.folders import is_beside_config, is_model_folder
from converter_torch.huggingface.loading import OPTIONS as OF_FOLDERS
from converter_torch.huggingface.loading import load_folder
from converter_torch.model import Description, TorchModel
from converter_torch.plugin import Torch
from converter_torch.proposing.proposals import propose
from converter_torch.signature import constants
from converter_torch.signature.binding import bind, how_to_give, required
from converter_torch.signature.constants import constants_of
from converter_torch.signature.flat import Flat
from converter_torch.signature.overriding import overridden
from converter_torch.signature.structures import hints_of
from converter_torch.sources import prefixes
from converter_torch.sources.checkpoints import read_checkpoint
from converter_torch.sources.kinds import SUFFIXES, Kind, kind_of
from converter_torch.sources.lightning import arguments_from
from converter_torch.sources.modules import factory_of, fill, filled, parameters_in_words, shown
from converter_torch.sources.prefixes import without_prefixes
from converter_torch.sources.programs import binding_of, inputs_of, read_program
from converter_torch.sources.scripts import read_script, signature_of

if TYPE_CHECKING:
    from converter_torch.sources.checkpoints import Checkpoint


def load(request: LoadRequest) -> TorchModel:
    """Load a model from whatever the request's source is.

    Raises SourceError (its subclasses tell what) for a source that cannot be loaded, MissingInputs where the inputs are not known,
    UsageError where the request does not fit the source, PluginError where the model cannot run on the declared inputs.
    """
    path = request.source.path
    if path is None:
        return _from_object(request.source.live, request)
    if is_model_folder(request.source) and not request.model:
        _refuse_options(request, (*OF_FOLDERS, translations.OPTION), "a model folder")
        return load_folder(request)
    kind = kind_of(request.source)
    if kind is None:
        raise _unknown_file(path, request.source.head)
    if kind is Kind.FOLDER and not request.model:
        raise UnrecognisedSource(
            f"{path.name} is a folder of weights, and none says of which model", hint="name the class: --model package.module:Class"
        )
    if kind is Kind.COMPILED:
        raise UnreadableSource(f"{path.name} is a compiled AOTInductor package: native code, no program", hint="convert what it was compiled from")
    if kind is Kind.PROGRAM:
        return _from_object(read_program(path, trust=request.trust), request)
    if kind is Kind.SCRIPT:
        return _from_object(read_script(path), request)
    return _from_checkpoint(read_checkpoint(path, kind, trust=request.trust), request)


def _from_checkpoint(checkpoint: Checkpoint, request: LoadRequest) -> TorchModel:
    if request.model:
        weights = checkpoint.weights if checkpoint.module is None else checkpoint.module.state_dict()
        arguments = request.model_args or arguments_from(checkpoint.extras, factory_of(request.model))
        module, note = filled(request.model, arguments, weights, name=request.source.name, prefix=str(request.options.get(prefixes.OPTION, "")))
        return _from_module(module, request, taken=(prefixes.OPTION,), note=note)
    if checkpoint.module is not None:
        return _from_module(checkpoint.module, request)
    return _from_architecture(checkpoint, request)


def _from_architecture(checkpoint: Checkpoint, request: LoadRequest) -> TorchModel:
    name = request.source.name
    weights = without_prefixes(checkpoint.weights)
    found = registry.recognise(Evidence.of(weights, checkpoint.extras, request.options))
    if found is None:
        raise UnrecognisedSource(
            f"{name} has no architecture that the torch plugin knows\n  its keys begin with: {shown(weights)}",
            hint="its folder is a model of transformers: convert the folder"
            if is_beside_config(request.source)
            else f"name the class: converter convert {name} --model package.module:Class --input 'x:float32[batch,3,224,224]'",
        )
    architecture, recognised = found
    _refuse_options(request, (*architecture.options, translations.OPTION), recognised.summary)
    fill(recognised.module, weights, name=name, model=f"the architecture {architecture.name}")
    inputs, axes = overridden(recognised.inputs, recognised.axes, request, rename=False)
    binding = bind(inspect.signature(recognised.module.forward), [each.name for each in inputs])
    description = Description(inputs, axes, recognised.summary, output_names=recognised.outputs, metadata=recognised.metadata)
    return TorchModel(Flat(recognised.module, binding), description)


def _from_object(found: Any, request: LoadRequest) -> TorchModel:
    if request.model:
        raise UsageError(f"{request.source.name} is a whole model, and --model {request.model} is for weights", hint="leave --model out")
    if isinstance(found, ExportedProgram):
        return _from_program(found, request)
    if isinstance(found, torch.jit.ScriptModule):
        return _from_script(found, request)
    if isinstance(found, nn.Module):
        return _from_module(found, request)
    raise UnrecognisedSource(f"a {type(found).__name__} is no torch model", hint="nn.Module, ScriptModule and ExportedProgram are")


def _from_module(module: nn.Module, request: LoadRequest, *, taken: tuple[str, ...] = (), note: str = "") -> TorchModel:
    name = type(module).__name__
    _refuse_options(request, (*_OF_MODULES, *taken, translations.OPTION), name)
    module = _in_dtype(module, request)
    flat, given = _bound(module, name, inspect.signature(module.forward), request)
    summary = "; ".join(filter(None, (f"{name}, {parameters_in_words(module)}", note, given.note)))
    return TorchModel(flat, Description(given.inputs, given.axes, summary))


def _from_script(module: torch.jit.ScriptModule, request: LoadRequest) -> TorchModel:
    name = str(module.original_name)
    _refuse_options(request, _OF_MODULES, name)
    flat, given = _bound(_in_dtype(module, request), name, signature_of(module), request)
    summary = "; ".join(filter(None, (f"TorchScript {name}, {parameters_in_words(module)}", given.note)))
    return TorchModel(flat, Description(given.inputs, given.axes, summary, exporters=("script",)))


def _from_program(program: ExportedProgram, request: LoadRequest) -> TorchModel:
    module = program.module(check_guards=False)  # a file's guards are code
    _refuse_options(request, (translations.OPTION,), "an exported program")
    inputs, axes = overridden(*inputs_of(program), request, rename=True)
    summary = f"exported program, {parameters_in_words(module)}"
    return TorchModel(Flat(module, binding_of(program)), Description(inputs, axes, summary, exporters=("program",), program=program))


@dataclass(frozen=True)
class _Given:
    """The inputs of a module and their axes; a note where nobody gave them."""

    inputs: tuple[Input, ...]
    axes: Mapping[str, Axis]
    note: str = ""


def _bound(module: nn.Module, name: str, signature: inspect.Signature, request: LoadRequest) -> tuple[Flat, _Given]:
    """Return the module with its inputs bound: those of the request, else those that are proposed."""
    fixed = constants_of(request.options)
    given = _Given(request.inputs, request.axes) if request.inputs else _proposed(module, name, signature, fixed)
    return Flat(module, bind(signature, [each.name for each in given.inputs], fixed, hints_of(module.forward))), given


def _proposed(module: nn.Module, name: str, signature: inspect.Signature, fixed: Mapping[str, Any]) -> _Given:
    found = propose(module, signature, fixed)
    if found is None:
        raise MissingInputs(
            f"the inputs of {name} are not known, and none that were tried are right\n  its forward takes {signature}",
            hint=how_to_give(required(signature) or ["x"]),
        )
    return _Given(found.inputs, found.axes, f"proposed {found.line}")


def _in_dtype(module: nn.Module, request: LoadRequest) -> nn.Module:
    wanted = str(request.options.get(precision.OPTION, ""))
    return precision.converted(module, wanted) if wanted else module


_OF_MODULES = (constants.OPTION, precision.OPTION)  # options that every module takes


def _refuse_options(request: LoadRequest, taken: tuple[str, ...], what: str) -> None:
    """Raise UsageError for an option that was set and that this model does not take: ignored, it would deceive."""
    for option in Torch.options:
        if option.name not in taken and request.options.get(option.name, option.default) != option.default:
            raise UsageError(f"{what} takes no option {option.name}", hint=f"{option.name} is for {option.help}")


def _unknown_file(path: Path, head: bytes) -> UnreadableSource:
    """Return the error for a file that is none of torch's, with what it is instead where that shows."""
    if path.is_dir():
        return UnreadableSource(f"{path.name} is a folder without weights", hint="weights are .safetensors or pytorch_model.bin, or an .index.json")
    if not head:
        return UnreadableSource(f"{path.name} is empty", hint="the file was not written to its end, or is the wrong one")
    if head.startswith(b"version https://git-lfs"):
        return UnreadableSource(f"{path.name} is a pointer of Git LFS, not the file itself", hint="git lfs pull fetches it")
    begins = ascii(head[:20].decode("latin-1"))
    return UnreadableSource(
        f"{path.name} is no torch file: it begins with {begins}",
        hint=f"files of torch ({', '.join(sorted(SUFFIXES))}) are zip files, pickles or .safetensors",
    )
