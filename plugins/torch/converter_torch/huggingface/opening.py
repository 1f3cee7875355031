"""From a model folder to a module of transformers: offline, with no code of the folder's own unless the user vouches for it.

config.json ─▶ configuration ─ architectures, or the task ─▶ class ─ from_pretrained ─▶ module in evaluation mode, every weight of it from the folder
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from converter.plugin import MissingPackage, SourceError, UnreadableSource, UnrecognisedSource, UntrustedSource
from converter_torch.huggingface import tasks
from converter_torch.huggingface.folders import read_config, weights_in
from converter_torch.sources.modules import shown

ATTENTION = "eager"  # scores, mask and softmax as plain operators; the fused ones choose their way by the values of masks
_NEWER = "a newer transformers may know it: pip install -U transformers"
_SAFER = "convert the weights to .safetensors"


@dataclass(frozen=True)
class Opened:
    """A model of transformers, its task (without `-with-past`), and what of the folder's weights it has no use for."""

    module: Any  # a PreTrainedModel
    config: Any
    task: str
    unused: tuple[str, ...] = ()


def open_folder(folder: Path, task: str, dtype: str, *, trust: bool) -> Opened:
    """Return the model in a folder, for a task or as its configuration says, in a dtype or in the configuration's, else in float32.

    Raises MissingPackage without transformers; UnrecognisedSource for a type of model that it does not know; UntrustedSource where loading would
    execute code and `trust` is False; UnreadableSource for missing or damaged weights; SourceError where they do not fit; UsageError for a task that it lacks.
    """
    if importlib.util.find_spec("transformers") is None:
        raise MissingPackage("transformers", f"to convert {folder.name}, a model folder of Hugging Face's")
    document = read_config(folder)
    if not (found := weights_in(folder)):
        raise UnreadableSource(
            f"{folder.name} has a config.json and no weights", hint="model.safetensors or pytorch_model.bin is looked for beside it"
        )
    if quantised := document.get("quantization_config"):
        method = quantised.get("quant_method", "an unknown method") if isinstance(quantised, Mapping) else "an unknown method"
        raise SourceError(
            f"the weights of {folder.name} are quantised ({method}), which has no ONNX operators", hint="convert the model that it was made from"
        )
    with quiet():
        config = _config(folder, document, trust=trust)
        own = (document.get("architectures") or [""])[0]
        kind = _remote_class(config, document, task) if _is_remote(config) else tasks.class_of(config, own, task)
        module, told = _load(folder, kind, config, found, dtype=_dtype(config, dtype), trust=trust)
        if told.missing and _are_pooler(told.missing, kind):  # a checkpoint of a head has none, and the head has no use for one
            module, told = _load(folder, kind, config, found, dtype=_dtype(config, dtype), trust=trust, add_pooling_layer=False)
    if told.missing:
        raise _missing(folder, kind, told.missing)
    return Opened(module, module.config, tasks.check_task(task) if task else tasks.task_of(type(module)), told.unused)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep back what transformers tells while it loads: progress, and warnings of what is checked here anyway."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


@dataclass(frozen=True)
class _Told:
    """The weights that the class has and the folder has not, and the other way round."""

    missing: tuple[str, ...]
    unused: tuple[str, ...]


def _config(folder: Path, document: Mapping[str, Any], *, trust: bool) -> Any:
    import transformers

    kind = str(document["model_type"])
    if kind not in transformers.models.auto.configuration_auto.CONFIG_MAPPING and not trust:
        if "auto_map" in document:
            raise UntrustedSource(
                f"{folder.name} is a {kind}, which transformers {transformers.__version__} does not have: its classes are code in the folder, and nothing of it was executed",
                hint="--trust executes it, if you know where the folder comes from",
            )
        raise UnrecognisedSource(
            f"transformers {transformers.__version__} knows no model type '{kind}', which {folder.name}/config.json names", hint=_NEWER
        )
    try:
        return transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=trust)
    except Exception as error:
        raise UnreadableSource(f"{folder.name}/config.json is no configuration of a {kind}: {_line(error)}", hint=_NEWER) from error


def _is_remote(config: Any) -> bool:
    return not type(config).__module__.startswith("transformers.")


def _remote_class(config: Any, document: Mapping[str, Any], task: str) -> Any:
    """Return the auto class that fetches the folder's own class: that of the task, else the first that `auto_map` has."""
    import transformers

    listed = [name for name in document.get("auto_map", {}) if name.startswith("AutoModel")]
    wanted = (
        [name for name in tasks.CLASSES[tasks.check_task(task)] if name in listed] if task else sorted(listed, key=lambda name: name == "AutoModel")
    )
    if not wanted:
        raise UnrecognisedSource(
            f"the folder has no class of its own for {f'the task {task}' if task else config.model_type}",
            hint=f"auto_map names {', '.join(listed) or 'none'}",
        )
    return getattr(transformers, wanted[0])


def _dtype(config: Any, name: str) -> torch.dtype:
    """Return the dtype that the user names, else the configuration's, else float32."""
    own = getattr(config, "dtype", None) or getattr(config.get_text_config(), "dtype", None) or torch.float32
    wanted = name or str(own).removeprefix("torch.")
    dtype: torch.dtype = getattr(torch, wanted)
    return dtype


def _load(folder: Path, kind: Any, config: Any, found: list[str], *, dtype: torch.dtype, trust: bool, **arguments: Any) -> tuple[Any, _Told]:
    pickled = not any(".safetensors" in name for name in found)
    settings = {"config": config, "dtype": dtype, "local_files_only": True, "output_loading_info": True, **arguments}
    if trust and _is_remote(config):
        settings["trust_remote_code"] = True
    if pickled:
        settings["weights_only"] = not trust
    try:
        module, told = _with_attention(kind, folder, settings)
    except Exception as error:
        raise _refusal(error, folder, kind, pickled=pickled) from error
    missing = sorted(told["missing_keys"])
    return module.eval(), _Told(tuple(missing), tuple(sorted(told["unexpected_keys"])))


def _with_attention(kind: Any, folder: Path, settings: Mapping[str, Any]) -> Any:
    try:
        return kind.from_pretrained(folder, attn_implementation=ATTENTION, **settings)
    except (ValueError, TypeError) as error:
        if "attn_implementation" not in str(error) and "attention" not in str(error).lower():
            raise
        return kind.from_pretrained(folder, **settings)


def _refusal(error: Exception, folder: Path, kind: Any, *, pickled: bool) -> SourceError:
    text = str(error)
    if isinstance(error, ImportError):
        return SourceError(f"{kind.__name__} needs what is not installed: {_line(error)}", hint="install it, and convert again")
    if pickled and ("weights_only" in text or "Unpickling" in type(error).__name__ or "GLOBAL" in text):
        return UntrustedSource(
            f"the pickled weights of {folder.name} name more than weights, and loading them could execute code", hint=f"{_SAFER}, or --trust"
        )
    if "size mismatch" in text or "mismatch" in text.lower():
        return SourceError(
            f"the weights of {folder.name} do not fit {kind.__name__}: {_line(error)}", hint="config.json and the weights are of different models"
        )
    return UnreadableSource(
        f"{folder.name} cannot be loaded as {kind.__name__}: {_line(error)}", hint="a file may be cut off: copy or download the folder again"
    )


def _are_pooler(keys: tuple[str, ...], kind: type[Any]) -> bool:
    return all("pooler" in key for key in keys) and "add_pooling_layer" in inspect.signature(kind.__init__).parameters


def _missing(folder: Path, kind: Any, keys: tuple[str, ...]) -> SourceError:
    return SourceError(
        f"the weights of {folder.name} are not all that {kind.__name__} wants\n  missing: {shown(keys)}",
        hint="the head of another task is not in the checkpoint: leave -O task out, or take the checkpoint that was trained for it",
    )


def _line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__
