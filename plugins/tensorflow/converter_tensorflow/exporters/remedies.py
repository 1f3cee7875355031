"""What can be done about an operation that has no ONNX operator, by what it does."""

from __future__ import annotations

import re
from collections.abc import Sequence

from converter_tensorflow.sources.libraries import library_hint, library_of

_REMEDIES = {
    r"Parse\w*Example\w*|Decode(Png|Jpeg|Gif|Bmp|Image|Raw|Csv|Wav|Proto\w*|Base64)\w*|ReadFile": (
        "feed what it reads, not the file: convert the function behind it (-O signature=NAME, or -O inputs=NAME for a frozen graph)"
    ),
    r"\w*(FFT|Complex|Real|Imag|Angle|Conj)\w*": "ONNX Runtime has no complex numbers: of a spectrum, tf.abs right behind tf.signal.stft or tf.signal.rfft converts",
    r"\w*(Lookup|HashTable|String|Regex|Unicode|Fingerprint|AsString|ReduceJoin|Substr)\w*": (
        "prepare texts outside: convert the part of the model that takes the ids"
    ),
    r"\w*(Cholesky|Qr|Svd|Lu|SelfAdjointEig|Eig|Matrix(Inverse|Solve|TriangularSolve|Determinant|Exponential|Logarithm|SquareRoot))\w*": (
        "ONNX has no linear algebra of this kind: compute it before the model and give its result as an input"
    ),
    r"XlaCallModule": "the function comes from JAX: export it by jax2tf.convert(…, native_serialization=False)",
    r"(Ref)?(Enter|Exit|Switch|Merge|NextIteration|LoopCond)": "it is a loop or branch of TensorFlow 1: build the graph with tf.compat.v1.enable_control_flow_v2()",
    r"\w*Random\w*|Multinomial|Rng\w*": "a model that throws dice cannot be proven: give the random numbers as an input",
    r"Assign\w*|Resource\w*|Variable\w*|VarHandleOp": "-O state=explicit makes variables that the function changes inputs and outputs",
}
_GENERAL = "write these parts of the model with other operations of keras.ops or tf"


def remedy(operations: Sequence[str]) -> str:
    """Return what to do about the operations; that of the first one which is known."""
    for operation in operations:
        if library_of(operation):
            return library_hint(operation)
        for pattern, text in _REMEDIES.items():
            if re.fullmatch(pattern, operation):
                return text
    return _GENERAL
