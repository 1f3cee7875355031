"""From a source to a model: what is read, and what is refused with which words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter import plugins
from converter.plugin import MissingInputs, SourceError, SourceModel, UnknownName, UnreadableSource, UntrustedSource

Load = Callable[..., SourceModel]


@pytest.fixture
def dense(keras: Any) -> Any:
    return keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3, name="y")])


def answer(model: SourceModel) -> np.ndarray:
    return next(
        iter(model.run({each.name: np.ones([2 if dim == "batch" else int(dim) for dim in each.dims], each.dtype) for each in model.inputs}).values())
    )


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.hdf5"])
def test_keras_files_are_read(load: Load, dense: Any, tmp_path: Path, name: str) -> None:
    dense.save(tmp_path / name)
    model = load(tmp_path / name)
    assert [each.name for each in model.inputs] == ["x"]
    np.testing.assert_array_equal(answer(model), answer(load(dense)))


@pytest.mark.parametrize("saved", ["model.keras", "model.h5"])
def test_a_keras_file_may_have_any_name(load: Load, dense: Any, tmp_path: Path, saved: str) -> None:
    dense.save(tmp_path / saved)
    (tmp_path / saved).rename(tmp_path / "renamed.bin")
    np.testing.assert_array_equal(answer(load(tmp_path / "renamed.bin")), answer(load(dense)))


def test_text_named_keras_is_unreadable(load: Load, tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_text("no model")
    with pytest.raises(UnreadableSource, match=r"model\.keras is neither a Keras archive nor an HDF5 file") as caught:
        load(tmp_path / "model.keras")
    assert caught.value.hint == "model.save('model.keras') writes one"


def test_another_zip_named_keras_is_unreadable(load: Load, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as file:
        file.writestr("other.txt", "")
    with pytest.raises(UnreadableSource, match=r"a zip file without config\.json"):
        load(tmp_path / "model.keras")


def test_a_file_of_another_keras_says_so(load: Load, dense: Any, tmp_path: Path) -> None:
    dense.save(tmp_path / "whole.keras")
    with zipfile.ZipFile(tmp_path / "whole.keras") as whole, zipfile.ZipFile(tmp_path / "model.keras", "w") as file:
        file.writestr("metadata.json", '{"keras_version": "3.99.0"}')
        file.writestr("config.json", whole.read("config.json").replace(b"Dense", b"Denser"))
        file.writestr("model.weights.h5", whole.read("model.weights.h5"))
    with pytest.raises(UnreadableSource, match=r"cannot load model\.keras \(made by Keras 3\.99\.0\): .*'keras\.layers\.Denser'") as caught:
        load(tmp_path / "model.keras")
    assert "--debug" in caught.value.hint


def test_a_truncated_hdf5_file_is_unreadable(load: Load, dense: Any, tmp_path: Path) -> None:
    dense.save(tmp_path / "model.h5")
    (tmp_path / "model.h5").write_bytes((tmp_path / "model.h5").read_bytes()[:3000])
    with pytest.raises(UnreadableSource, match="HDF5 file that is cut off or damaged") as caught:
        load(tmp_path / "model.h5")
    assert caught.value.hint == "copy or download it again"


def test_weights_alone_are_unreadable(load: Load, dense: Any, tmp_path: Path) -> None:
    dense.save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(UnreadableSource, match="holds weights without the model's architecture") as caught:
        load(tmp_path / "model.weights.h5")
    assert "model.save('model.keras')" in caught.value.hint


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_lambda_layer_wants_trust(load: Load, keras: Any, tmp_path: Path, name: str) -> None:
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2)])
    keras.Sequential([keras.Input((4,), name="x"), inner]).save(tmp_path / name)
    with pytest.raises(UntrustedSource, match="carries Python code in a Lambda layer") as caught:
        load(tmp_path / name)
    assert caught.value.hint.startswith("--trust")
    np.testing.assert_array_equal(answer(load(tmp_path / name, trust=True)), np.full((2, 4), 2, np.float32))


def test_custom_classes_are_named(load: Load, keras: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        import keras

        class PlusOne(keras.layers.Layer):
            def call(self, x):
                return x + 1
    """
    (tmp_path / "own_layers.py").write_text(textwrap.dedent(source))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    import own_layers  # type: ignore[import-not-found]

    keras.Sequential([keras.Input((4,), name="x"), own_layers.PlusOne()]).save(tmp_path / "model.keras")
    with pytest.raises(SourceError, match="needs the class 'PlusOne', which Keras does not know") as caught:
        load(tmp_path / "model.keras")
    assert caught.value.hint == "-O custom_objects=package.module:PlusOne says where it is defined"
    np.testing.assert_array_equal(answer(load(tmp_path / "model.keras", custom_objects="own_layers:PlusOne")), np.full((2, 4), 2, np.float32))
    sys.modules.pop("own_layers")


def test_a_file_that_names_a_function_of_python_is_refused_unexecuted(load: Load, dense: Any, tmp_path: Path) -> None:
    dense.save(tmp_path / "whole.keras")
    command = f"touch {tmp_path / 'executed'}"
    with zipfile.ZipFile(tmp_path / "whole.keras") as whole, zipfile.ZipFile(tmp_path / "model.keras", "w") as file:
        config = json.loads(whole.read("config.json"))
        config["config"]["layers"][1] = {"module": "os", "class_name": "system", "config": {"command": command}, "registered_name": None}
        file.writestr("metadata.json", whole.read("metadata.json"))
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", whole.read("model.weights.h5"))
    with pytest.raises(SourceError, match="needs the class 'system', which Keras does not know"):
        load(tmp_path / "model.keras", trust=True)
    assert not (tmp_path / "executed").exists()


def test_a_layer_is_not_a_model(load: Load, keras: Any) -> None:
    with pytest.raises(SourceError, match=r"dense_0 is a Keras layer \(Dense\), not a model") as caught:
        load(keras.layers.Dense(3, name="dense_0"))
    assert "keras.Sequential([keras.Input(shape), layer])" in caught.value.hint


def test_a_saved_model_of_keras(load: Load, recommender: Any, tmp_path: Path) -> None:
    recommender.export(tmp_path / "model", verbose=False)
    model = load(tmp_path / "model")
    assert {each.name: each.dims for each in model.inputs} == {"words": ("batch", "length"), "numbers": ("batch", 8)}
    assert [each.name for each in model.outputs] == ["scores", "value"]
    assert "serving_default" in model.summary


def test_a_saved_model_of_a_module(load: Load, two_functions: Any, tf: Any, tmp_path: Path) -> None:
    tf.saved_model.save(two_functions, str(tmp_path / "model"))
    model = load(tmp_path / "model", signature="__call__")
    feeds = {"x": np.ones((2, 3), np.float32), "state.rows": np.array([2, 0])}
    answers = model.run(feeds)
    assert [each.name for each in model.inputs] == list(feeds)
    np.testing.assert_array_equal(answers["scaled"], [[1, 2, 3]] * 2)
    np.testing.assert_array_equal(answers["rows.1"], [3, 1])


def test_a_saved_model_without_its_variables(load: Load, tf: Any, two_functions: Any, tmp_path: Path) -> None:
    tf.saved_model.save(two_functions, str(tmp_path / "model"))
    next((tmp_path / "model" / "variables").glob("*.data-*")).unlink()
    with pytest.raises(UnreadableSource, match=r"TensorFlow .* cannot load model: .*No such file") as caught:
        load(tmp_path / "model")
    assert "the folder variables" in caught.value.hint
    shutil.rmtree(tmp_path / "model" / "variables")
    with pytest.raises(UnreadableSource, match=r"TensorFlow .* cannot load model: .*; .*model/variables/variables\.index does not exist"):
        load(tmp_path / "model")


def test_a_saved_model_without_its_graph(load: Load, tf: Any, two_functions: Any, tmp_path: Path) -> None:
    tf.saved_model.save(two_functions, str(tmp_path / "model"))
    file = tmp_path / "model" / "saved_model.pb"
    whole = file.read_bytes()
    for content in (whole[: len(whole) // 2], b"no graph at all"):
        file.write_bytes(content)
        with pytest.raises(UnreadableSource, match=r"saved_model\.pb is not a SavedModel: it is cut off, damaged, or another format"):
            load(tmp_path / "model")
    file.write_bytes(b"")
    with pytest.raises(UnreadableSource, match=r"saved_model\.pb is empty") as caught:
        load(tmp_path / "model")
    assert "copy or download it again" in caught.value.hint


@pytest.mark.parametrize(
    ("operation", "named", "hint"),
    [
        ("RegexSplitWithOffsets", "RegexSplitWithOffsets of tensorflow-text", "tokenize outside"),
        ("Addons>Gelu", "Addons>Gelu of tensorflow-addons", "without them"),
        ("Nobodys", "Nobodys", "without them"),
    ],
)
def test_operations_of_a_library_are_named(load: Load, tf: Any, tmp_path: Path, operation: str, named: str, hint: str) -> None:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    module = tf.Module()
    module.lengths = tf.function(tf.strings.length, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(tmp_path / "model"))
    saved = SavedModel.FromString((tmp_path / "model" / "saved_model.pb").read_bytes())
    for node in (node for function in saved.meta_graphs[0].graph_def.library.function for node in function.node_def if node.op == "StringLength"):
        node.op = operation
    (tmp_path / "model" / "saved_model.pb").write_bytes(saved.SerializeToString())
    with pytest.raises(SourceError, match=f"model has operations that TensorFlow does not know: {named}$") as caught:
        load(tmp_path / "model")
    assert hint in caught.value.hint


@pytest.mark.skipif(not plugins.is_installed("torch"), reason="torch, a second backend, is not installed")
def test_a_file_of_another_backend(load: Load, tmp_path: Path) -> None:
    code = """
        import sys, numpy, keras
        assert keras.backend.backend() == "torch"
        layers = [keras.Input((4,), name="x"), keras.layers.Dense(3, activation="gelu"), keras.layers.LayerNormalization(name="y")]
        model = keras.Sequential(layers)
        model.save(sys.argv[1])
        numpy.save(sys.argv[2], model.predict(numpy.ones((2, 4), "float32"), verbose=0))
    """
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    paths = [str(tmp_path / "model.keras"), str(tmp_path / "answer.npy")]
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), *paths], check=True, env=environment, capture_output=True)
    np.testing.assert_allclose(answer(load(tmp_path / "model.keras")), np.load(tmp_path / "answer.npy"), atol=1e-5)


@pytest.mark.parametrize(
    ("module", "layer", "reason"),
    [
        ("keras.layers", "TorchModuleWrapper", "holds a module of PyTorch"),
        ("keras.layers", "JaxLayer", "holds a function of JAX"),
        ("keras.layers", "FlaxLayer", "holds a module of Flax"),
        ("keras.layers", "TFSMLayer", "refers to a SavedModel beside the file"),
    ],
)
def test_layers_that_are_code_of_another_framework(load: Load, dense: Any, tmp_path: Path, module: str, layer: str, reason: str) -> None:
    dense.save(tmp_path / "whole.keras")
    with zipfile.ZipFile(tmp_path / "whole.keras") as whole, zipfile.ZipFile(tmp_path / "model.keras", "w") as file:
        config = json.loads(whole.read("config.json"))
        config["config"]["layers"][1] |= {"module": module, "class_name": layer, "registered_name": layer, "config": {"name": "foreign"}}
        file.writestr("metadata.json", whole.read("metadata.json"))
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", whole.read("model.weights.h5"))
    with pytest.raises(SourceError, match=rf"model\.keras: the layer foreign \({layer}\) {reason}") as caught:
        load(tmp_path / "model.keras")
    assert caught.value.hint


def test_a_saved_model_as_a_layer_wants_trust(load: Load, keras: Any, dense: Any, tmp_path: Path) -> None:
    dense.export(tmp_path / "inner", verbose=False)
    layer = keras.layers.TFSMLayer(str(tmp_path / "inner"), call_endpoint="serving_default")
    x = keras.Input((4,), name="x")
    keras.Model(x, layer(x)).save(tmp_path / "model.keras")
    with pytest.raises(SourceError, match=r"\(TFSMLayer\) refers to a SavedModel beside the file") as caught:
        load(tmp_path / "model.keras")
    assert "--trust" in caught.value.hint
    np.testing.assert_allclose(answer(load(tmp_path / "model.keras", trust=True)), answer(load(dense)), rtol=1e-6)


def test_signatures_are_chosen_by_name(load: Load, two_functions: Any) -> None:
    assert "__call__" in load(two_functions).summary
    with pytest.raises(UnknownName, match="no signature 'nope'") as caught:
        load(two_functions, signature="nope")
    assert caught.value.hint == "known: __call__, count, untyped"


def test_a_choice_between_functions_is_left_to_the_user(load: Load, tf: Any) -> None:
    module = tf.Module()
    module.first, module.second = tf.function(lambda x: x), tf.function(lambda x: -x)
    with pytest.raises(SourceError, match="several functions: first, second") as caught:
        load(module)
    assert caught.value.hint == "-O signature=first names the one to convert"


def test_a_module_without_functions_is_refused(load: Load, tf: Any) -> None:
    with pytest.raises(SourceError, match=r"the Module has no tf\.function to convert") as caught:
        load(tf.Module())
    assert "@tf.function" in caught.value.hint


def test_a_property_that_raises_is_no_function(load: Load, tf: Any) -> None:
    class Fragile(tf.Module):  # type: ignore[misc]
        @property
        def broken(self) -> Any:
            raise RuntimeError("not ready")

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
        def double(self, x: Any) -> Any:
            return x * 2

    np.testing.assert_array_equal(answer(load(Fragile())), np.full((2, 3), 2, np.float32))


def test_an_untyped_function_takes_its_types_from_the_user(load: Load, two_functions: Any) -> None:
    with pytest.raises(MissingInputs, match="the input types of untyped are not known") as caught:
        load(two_functions, signature="untyped")
    assert "--input 'x:float32[batch,3]'" in caught.value.hint
    with pytest.raises(MissingInputs, match="untyped does not take the inputs q") as caught:
        load(two_functions, ["q:float32[batch,3]"], signature="untyped")
    assert caught.value.hint == "its arguments: x"
    assert load(two_functions, ["x:float32[batch,width=2..9]"], signature="untyped").inputs[0].dims == ("batch", "width")
