"""Rules that others bring: an entry point of their own, loaded when a model holds a layer of their package.

    [project.entry-points."converter_tensorflow.rules"]
    package = "package_onnx.rules"

The entry point's name is the top-level package of the layers; importing what it names registers the rules.
"""

from __future__ import annotations

import importlib.metadata

import keras

GROUP = "converter_tensorflow.rules"


def load_rules_for(model: keras.Model) -> None:
    """Load the rules of the packages of a model's layers; raises what loading one of them raises."""
    packages = {type(each).__module__.partition(".")[0] for each in model._flatten_layers()}
    for entry in importlib.metadata.entry_points(group=GROUP):
        if entry.name in packages:
            entry.load()
