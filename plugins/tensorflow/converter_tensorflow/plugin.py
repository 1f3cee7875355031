"""The light half of the tensorflow plugin: recognises sources without importing TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from converter.plugin import Framework, Match, Option, hookimpl

if TYPE_CHECKING:
    from converter.plugin import LoadRequest, Source, SourceModel

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
GRAPH_SUFFIX, CHECKPOINT_SUFFIX, TFLITE_SUFFIX = ".pb", ".meta", ".tflite"
TFLITE_MAGIC = b"TFL3"  # bytes 4 to 7, a flatbuffer's identifier
KEEP = "keep"  # the layout that the model has
SAVED_MODEL = "saved_model.pb"  # in a SavedModel's folder
EXPLICIT = "explicit"  # of the option `state`
_FIRST_NODE = re.compile(
    rb"\n[\x00-\xff]{1,5}?\n[\x01-\x7f][\w.>/-]+\x12[\x01-\x7f]\w+", re.ASCII
)  # of a GraphDef: field 1, a node: its name, its operation


class TensorFlow(Framework):
    """Keras models, SavedModels and tf.functions."""

    name = "tensorflow"
    requires = ("tensorflow", "keras", "tf2onnx")
    packages = ("tensorflow", "tensorflow-cpu", "keras", "tf2onnx")
    types = (
        "keras.src.models.model.Model",
        "tensorflow.python.module.module.Module",
        "tensorflow.python.trackable.autotrackable.AutoTrackable",  # what tf.saved_model.load returns; every Keras layer too
        "tensorflow.python.eager.polymorphic_function.polymorphic_function.Function",
        "tensorflow.python.eager.polymorphic_function.concrete_function.ConcreteFunction",
    )
    sources: ClassVar[Mapping[str, str]] = {
        "*.keras": "a Keras model, saved with any backend",
        "*.h5": "a Keras model in the legacy HDF5 format",
        "folder with saved_model.pb": "a SavedModel, of Keras's export or of a tf.Module",
        "*.pb": "a frozen graph of TensorFlow 1",
        "*.meta": "a checkpoint of TensorFlow 1, its weights beside it",
        "*.tflite": "a TensorFlow Lite model, float or quantised",
        "live object": "keras.Model, tf.Module, tf.function, a loaded SavedModel",
    }
    exporters: ClassVar[Mapping[str, str]] = {
        "traced": "a Keras model's own call, each layer and function written in ONNX; what has no rule through tf2onnx alone",
        "tf2onnx": "the frozen function through tf2onnx",
        "tflite": "tf2onnx's reader of TensorFlow Lite, repaired; .tflite files only",
        "keras": "Keras's own model.export(format='onnx'); Keras models only",
    }
    options = (
        Option("signature", "the function of a SavedModel, tf.Module or .tflite file to convert; else serving_default, __call__, or the only one"),
        Option("inputs", "the tensors that a frozen graph or a checkpoint takes, several with commas; else its placeholders"),
        Option("outputs", "the tensors that a frozen graph or a checkpoint gives; else those that nothing reads"),
        Option("layout", "the order of the axes of images, in and out: as the model has them, or nchw", default=KEEP, choices=(KEEP, "nchw")),
        Option("charset", "models that read text: the characters of the classes, in order, the blank left out"),
        Option("blank", "models that read text: which class is the blank", default="first", choices=("first", "last")),
        Option("state", "explicit: the variables that a function changes are inputs and outputs of the graph", choices=(EXPLICIT,)),
        Option("custom_objects", "classes and functions that a Keras file needs: package.module:Name, several with commas"),
    )

    def match(self, source: Source) -> Match:
        """Match Keras archives by their members, SavedModels by their folder, HDF5 files by what their head mentions, graphs by their first node, .tflite by its identifier."""
        if {"config.json", "metadata.json"} <= set(source.zip_names) or SAVED_MODEL in source.folder_names:
            return Match.CONTENT
        if source.head[4:8] == TFLITE_MAGIC:
            return Match.CONTENT
        if source.head.startswith(HDF5_MAGIC) and b"model_config" in source.head:
            return Match.CONTENT
        if source.suffix == GRAPH_SUFFIX and (_FIRST_NODE.match(source.head) or source.name == SAVED_MODEL):
            return Match.CONTENT
        if source.suffix == CHECKPOINT_SUFFIX and source.path is not None and source.path.with_suffix(".index").is_file():
            return Match.CONTENT
        return Match.SUFFIX if source.suffix in (*KERAS_SUFFIXES, GRAPH_SUFFIX, CHECKPOINT_SUFFIX, TFLITE_SUFFIX) else Match.NO

    def choices(self, source: Source) -> dict[str, dict[str, str]]:
        """Return a SavedModel's signatures and functions; see `listing.functions_of` for what is refused."""
        from converter_tensorflow.sources.listing import functions_of

        if source.path is None or not (SAVED_MODEL in source.folder_names or source.name == SAVED_MODEL):
            return {}
        return {"signature": functions_of(source.path / SAVED_MODEL if source.path.is_dir() else source.path)}

    def load(self, request: LoadRequest) -> SourceModel:
        """Load the model; see `loading.load` for what is refused."""
        from converter_tensorflow import startup

        startup.start()  # before anything imports Keras, which settles its backend at import
        from converter_tensorflow.loading import load
        from converter_tensorflow.model import TensorFlowModel

        return TensorFlowModel.of(load(request), request)


@hookimpl
def converter_frameworks() -> list[Framework]:
    """Offer the TensorFlow framework."""
    return [TensorFlow()]
