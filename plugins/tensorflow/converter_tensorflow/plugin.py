"""The light half of the tensorflow plugin: recognises sources without importing TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from converter.plugin import Framework, Match, Option, hookimpl

if TYPE_CHECKING:
    from converter.plugin import LoadRequest, Source, SourceModel

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")


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
        "live object": "keras.Model, tf.Module, tf.function, a loaded SavedModel",
    }
    exporters: ClassVar[Mapping[str, str]] = {
        "tf2onnx": "the frozen function through tf2onnx",
        "keras": "Keras's own model.export(format='onnx'); Keras models only",
    }
    options = (
        Option("signature", "the function of a SavedModel or tf.Module to convert; else serving_default, __call__, or the only one"),
        Option("custom_objects", "classes and functions that a Keras file needs: package.module:Name, several with commas"),
    )

    def match(self, source: Source) -> Match:
        """Match Keras archives by their members, SavedModels by their folder, HDF5 files by their name and what their head mentions."""
        if {"config.json", "metadata.json"} <= set(source.zip_names) or "saved_model.pb" in source.folder_names:
            return Match.CONTENT
        if source.head.startswith(HDF5_MAGIC) and b"model_config" in source.head:
            return Match.CONTENT
        return Match.SUFFIX if source.suffix in KERAS_SUFFIXES else Match.NO

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
