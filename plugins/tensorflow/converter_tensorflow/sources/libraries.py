"""Libraries of custom operations for TensorFlow, told by the names of their operations."""

from __future__ import annotations

import re

_TEXT = (
    "Sentencepiece|Wordpiece|FastWordpiece|FastBertNormalize|RegexSplitWithOffsets|CaseFoldUTF8|NormalizeUTF8|FindSourceOffsets|UnicodeScriptTokenize"
    "|WhitespaceTokenize|SplitMerge|TokenizerFromLogits|SentenceFragment|ConstrainedSequence|MaxSpanningTree|MstGen|RougeL|NgramsStringJoin|RoundRobin"
)
_LIBRARIES = {
    rf"TFText>\w+|({_TEXT})\w*": "tensorflow-text",
    r"Addons>\w+": "tensorflow-addons",
    r"IO>\w+": "tensorflow-io",
    r"TFRA>\w+": "tensorflow-recommenders-addons",
    r"SimpleML\w+": "tensorflow-decision-forests",
    r"AudioMicrofrontend": "TensorFlow Lite's microfrontend",
    r"TRTEngineOp|CreateTRTResourceHandle|InitializeTRTResource": "TensorRT",
    r"edgetpu-custom-op": "Edge TPU's compiler",
    r"Horovod\w+": "horovod",
}
_HINTS = {
    "tensorflow-text": "ONNX has no form for it: tokenize outside, and convert the part of the model that takes the ids",
    "tensorflow-decision-forests": "convert the forest by the library that trained it, or give its features and leaves to scikit-learn's",
    "TensorRT": "convert the SavedModel that TensorRT was given",
    "Edge TPU's compiler": "convert the model that the compiler was given",
}
_GENERAL = "ONNX has no form for operations of one's own: convert the part of the model without them"


def library_of(operation: str) -> str:
    """Return the library that an operation comes from, as far as its name tells; "" where it does not."""
    return next((library for pattern, library in _LIBRARIES.items() if re.fullmatch(pattern, operation)), "")


def library_hint(operation: str) -> str:
    """Return what to do about an operation of a library."""
    return _HINTS.get(library_of(operation), _GENERAL)


def named(operations: list[str]) -> str:
    """Return the operations with the libraries that they come from: `SentencepieceOp of tensorflow-text`."""
    return ", ".join(f"{each} of {library_of(each)}" if library_of(each) else each for each in operations)
