"""The process that TensorFlow's interpreters run in: `python -m converter_tensorflow.tflite.serving`.

It answers on its standard output, one message for each that it reads, and ends when there are no more. What TensorFlow prints goes to standard error.
Each message names a file and the kernels that answer for it; one that cannot be answered gets {"error": REASON}.

    {"do": "open"}                               → {}
    {"do": "describe"}                           → what the file takes and gives
    {"do": "run", "signature": NAME} + arrays    → arrays
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from converter_tensorflow.tflite.messages import receive, send


def serve() -> None:
    """Answer messages until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    opened: dict[tuple[str, str], _Opened] = {}
    while True:
        try:
            request, arrays = receive(sys.stdin.buffer)
        except EOFError:
            return
        key = request["path"], request["kernels"]
        document: dict[str, Any] = {}
        found: dict[str, np.ndarray] = {}
        try:
            if request["do"] == "open":
                opened[key] = _Opened(*key)
            elif request["do"] == "describe":
                document = opened[key].described()
            else:
                found = opened[key].answers(request["signature"], arrays)
        except Exception as error:  # noqa: BLE001 - a refusal comes as any class
            document = {"error": _text(error)}
        send(answers, document, found)


def _text(error: Exception) -> str:
    return str(error).strip() or type(error).__name__


class _Opened:
    """One interpreter."""

    def __init__(self, path: str, kernels: str) -> None:
        from tensorflow.lite.python.interpreter import Interpreter, OpResolverType

        self.interpreter = Interpreter(path, experimental_op_resolver_type=OpResolverType[kernels], num_threads=1)

    def answers(self, signature: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        feeds = {name: array.astype(object) if array.dtype.kind == "S" else array for name, array in arrays.items()}
        found = self._signature(signature, feeds) if signature else self._main(feeds)
        return {name: array.astype("S") if array.dtype.kind == "O" else array for name, array in found.items()}

    def described(self) -> dict[str, Any]:
        signatures = {}
        for name in self.interpreter.get_signature_list():
            runner = self.interpreter.get_signature_runner(name)
            inputs, outputs = runner.get_input_details(), runner.get_output_details()
            signatures[name] = {"inputs": _tensors(inputs), "outputs": _tensors(outputs)}
        main = {
            "inputs": _tensors(_by_name(self.interpreter.get_input_details())),
            "outputs": _tensors(_by_name(self.interpreter.get_output_details())),
        }
        return {"signatures": signatures, "main": main}

    def _signature(self, name: str, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        runner = self.interpreter.get_signature_runner(name)
        self.interpreter.reset_all_variables()
        return {key: np.asarray(value) for key, value in runner(**feeds).items()}

    def _main(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        details = self.interpreter.get_input_details()
        for number, detail in enumerate(details):
            if list(detail["shape"]) != list(feeds[str(number)].shape):
                self.interpreter.resize_tensor_input(detail["index"], feeds[str(number)].shape)
        self.interpreter.allocate_tensors()
        self.interpreter.reset_all_variables()
        for number, detail in enumerate(details):
            self.interpreter.set_tensor(detail["index"], feeds[str(number)])
        self.interpreter.invoke()
        return {str(number): self.interpreter.get_tensor(detail["index"]) for number, detail in enumerate(self.interpreter.get_output_details())}


def _by_name(details: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The tensors of a file without signatures under their positions, since names need not differ."""
    return {str(number): detail for number, detail in enumerate(details)}


def _tensors(details: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "name": detail["name"],
            "index": int(detail["index"]),
            "dtype": np.dtype(detail["dtype"]).name if detail["dtype"] not in {np.str_, np.bytes_, np.object_} else "string",
            "shape": [int(size) for size in detail["shape"]],
            "signature": [int(size) for size in detail.get("shape_signature", detail["shape"])],
            "scales": [float(scale) for scale in detail["quantization_parameters"]["scales"]],
        }
        for key, detail in details.items()
    ]


if __name__ == "__main__":
    serve()
