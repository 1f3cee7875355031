"""What a model is for: the names of tasks, as optimum has them, and the classes of transformers that do them.

A task with a cache is the name of one without, and `-with-past`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from converter.plugin import UnknownName, UsageError

WITH_PAST = "-with-past"
FEATURES = "feature-extraction"
GENERATION = "text-generation"

CLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType(  # the first that has a class for the configuration
    {
        GENERATION: ("AutoModelForCausalLM",),
        "text2text-generation": ("AutoModelForSeq2SeqLM",),
        "fill-mask": ("AutoModelForMaskedLM",),
        "text-classification": ("AutoModelForSequenceClassification",),
        "token-classification": ("AutoModelForTokenClassification",),
        "question-answering": ("AutoModelForQuestionAnswering",),
        "multiple-choice": ("AutoModelForMultipleChoice",),
        "next-sentence-prediction": ("AutoModelForNextSentencePrediction",),
        "automatic-speech-recognition": ("AutoModelForSpeechSeq2Seq", "AutoModelForCTC"),
        "audio-classification": ("AutoModelForAudioClassification",),
        "audio-frame-classification": ("AutoModelForAudioFrameClassification",),
        "audio-xvector": ("AutoModelForAudioXVector",),
        "image-classification": ("AutoModelForImageClassification",),
        "object-detection": ("AutoModelForObjectDetection",),
        "semantic-segmentation": ("AutoModelForSemanticSegmentation", "AutoModelForUniversalSegmentation"),
        "image-segmentation": ("AutoModelForImageSegmentation", "AutoModelForUniversalSegmentation"),
        "depth-estimation": ("AutoModelForDepthEstimation",),
        "masked-im": ("AutoModelForMaskedImageModeling",),
        "image-to-image": ("AutoModelForImageToImage",),
        "image-to-text": ("AutoModelForImageTextToText",),
        "keypoint-detection": ("AutoModelForKeypointDetection",),
        "video-classification": ("AutoModelForVideoClassification",),
        "zero-shot-image-classification": ("AutoModelForZeroShotImageClassification",),
        "zero-shot-object-detection": ("AutoModelForZeroShotObjectDetection",),
        "visual-question-answering": ("AutoModelForVisualQuestionAnswering",),
        "document-question-answering": ("AutoModelForDocumentQuestionAnswering",),
        FEATURES: ("AutoModel",),
    }
)


def check_task(name: str) -> str:
    """Return the task without its `-with-past`; raises UnknownName for one that is none of the known ones."""
    bare = name.removesuffix(WITH_PAST)
    if bare not in CLASSES:
        raise UnknownName("task", name, [*CLASSES, f"{GENERATION}{WITH_PAST}"])
    return bare


def class_of(config: Any, architecture: str, task: str) -> type[Any]:
    """Return the class of transformers for a task, or where there is none for the architecture that the configuration names, or else the bare model.

    Raises UsageError where transformers has no such class.
    """
    import transformers

    if not task:
        own = getattr(transformers, architecture, None) if architecture else None
        return own if isinstance(own, type) else _in_mappings(config, FEATURES)
    return _in_mappings(config, check_task(task))


def task_of(kind: type[Any]) -> str:
    """Return the task of a class; FEATURES for one that is listed for no other."""
    for task, names in CLASSES.items():
        if any(kind.__name__ in _listed(value) for name in names for value in _names(name).values()):
            return task
    return FEATURES


def _in_mappings(config: Any, task: str) -> type[Any]:
    import transformers

    for name in CLASSES[task]:
        if config.model_type in _names(name):
            found: Any = getattr(transformers, name)._model_mapping[type(config)]
            kind: type[Any] = found[0] if isinstance(found, tuple) else found
            return kind
    known = [each for each, names in CLASSES.items() if any(config.model_type in _names(name) for name in names)]
    raise UsageError(f"transformers has no class of {config.model_type} for the task {task}", hint=f"it has for: {', '.join(known) or 'none'}")


def _names(auto: str) -> Mapping[str, Any]:
    """Return what one of transformers' auto classes chooses from: the name of a class, or of several, for each type of model."""
    import transformers

    mapping = getattr(getattr(transformers, auto, None), "_model_mapping", None)
    names: Mapping[str, Any] = {} if mapping is None else mapping._model_mapping
    return names


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)
