"""The Python face: names, defaults, destinations, and requests that make no sense."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import converter
from converter import api, errors, plugin
from converter.errors import ConverterError, InputSyntaxError, SourceNotFound, UnknownName, UsageError
from converter.source import Source
from converter.specs import Axis

PUBLIC = ["BenchReport", "ConverterError", "Report", "Session", "__version__", "bench", "convert", "validate"]
CONTRACT = [
    "Allowed", "Axis", "CTC_METADATA", "ConverterError", "CtcAlphabet", "Dim", "Domain", "ExportError", "ExportRequest", "Exporter",
    "Framework", "IMAGE_METADATA", "ImagePreparation", "Input", "LoadRequest", "Match", "MissingInputs", "MissingPackage", "Option",
    "Output", "PluginError", "Source", "SourceError", "SourceModel", "SourceNotFound", "UnknownName", "UnreadableSource",
    "UnrecognisedSource", "UntrustedSource", "UsageError", "evaluate", "example_sizes", "format_input", "hookimpl", "import_attribute",
    "load_pickle", "open_pickle", "parse_inputs", "protobuf",
]  # fmt: skip


def test_the_public_names() -> None:
    assert sorted(converter.__all__) == PUBLIC
    assert all(getattr(converter, name) is not None for name in PUBLIC)
    with pytest.raises(AttributeError, match="module 'converter' has no attribute 'covert'"):
        _ = converter.covert


def test_the_names_of_the_contract() -> None:
    assert sorted(plugin.__all__) == CONTRACT
    assert all(getattr(plugin, name) is not None for name in CONTRACT)


def test_every_argument_is_documented() -> None:
    arguments = inspect.signature(converter.convert).parameters
    text = inspect.getdoc(converter.convert) or ""
    assert [name for name in arguments if f"\n    {name}: " not in text] == []
    own = {"graph", "against"}
    assert {*inspect.signature(converter.validate).parameters} - own <= {*arguments}


def test_every_keyword_means_the_same_for_both() -> None:
    one, other = (inspect.signature(face).parameters for face in (converter.convert, converter.validate))
    for name in {*one} & {*other} - {"cases"}:
        assert (one[name].default, one[name].annotation) == (other[name].default, other[name].annotation)


@pytest.mark.parametrize(
    ("source", "destination"),
    [("crnn.pth", "crnn.onnx"), ("a.b.keras", "a.b.onnx"), ("saved.model/", "saved.model.onnx"), ("plain", "plain.onnx")],
)
def test_where_a_graph_goes_when_nobody_says(tmp_path: Path, source: str, destination: str) -> None:
    path = tmp_path / source
    path.mkdir() if source.endswith("/") else path.write_bytes(b"x")
    assert api.default_destination(Source.of(path)) == (tmp_path / destination).resolve()


def test_where_the_graph_of_an_object_goes() -> None:
    assert api.default_destination(Source(reference="package.module:Class.build")) == Path("build.onnx")
    assert api.default_destination(Source(reference="package.module:build")) == Path("build.onnx")
    with pytest.raises(UsageError) as caught:
        api.default_destination(Source(live=3))
    assert (caught.value.message, caught.value.hint) == ("a live object needs a destination", "converter.convert(model, 'model.onnx')")


def test_a_source_is_never_its_own_destination(toy: Any, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(ConverterError):
        converter.convert(tmp_path / "model.onnx", framework="toy")
    assert (tmp_path / "model.onnx").read_bytes() == b"x"
    del toy


def test_options_are_given_as_they_are(toy: Any, toy_file: Callable[..., Path], tmp_path: Path) -> None:
    report = converter.convert(toy_file(), tmp_path / "m.onnx", options={"scale": 3, "negate": True, "flavour": "salted"}, seeds=1)
    x = np.ones((1, 1, 3), np.float32)
    assert np.allclose(converter.Session(report.published, device="cpu").run({"x": x})["y"], [[-13.4, 5.15]])  # type: ignore[arg-type]
    for options, kind in (({"scael": 3}, UnknownName), ({"scale": "many"}, UsageError), ({"flavour": "sweet"}, UsageError)):
        with pytest.raises(kind) as caught:
            converter.convert(toy_file(), tmp_path / "m.onnx", options=options)
        assert caught.value.hint
    del toy


def test_texts_stand_for_inputs_and_amounts(tmp_path: Path) -> None:
    (tmp_path / "model.toy").write_bytes(b"x")
    request = api._request(tmp_path / "model.toy", ["x:float32[batch,width=3..9,3]"], (), destination=None)
    assert request.axes == {"batch": Axis(), "width": Axis(3, 9)}
    with pytest.raises(InputSyntaxError):
        converter.convert(tmp_path / "model.toy", inputs=["x=float32"])
    with pytest.raises(UsageError, match="'lots' is no amount of memory"):
        converter.convert(tmp_path / "model.toy", memory="lots")
    with pytest.raises(SourceNotFound, match=r"none\.npz"):
        converter.convert(tmp_path / "model.toy", data=tmp_path / "none.npz")
    with pytest.raises(SourceNotFound, match=r"none\.toy"):
        converter.convert(tmp_path / "none.toy")


def test_a_source_and_cases_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        converter.validate(tmp_path / "m.onnx", against="m.toy", cases=tmp_path)
    assert caught.value.message == "a graph is validated against a source or against cases, not both"
    assert caught.value.hint == "leave out one of --against and --cases"


def test_every_error_is_in_the_tree() -> None:
    def below(kind: type[ConverterError]) -> list[type[ConverterError]]:
        return [each for child in kind.__subclasses__() for each in (child, *below(child))]

    import_everything()
    drawn = errors.__doc__ or ""
    ours = [kind for kind in (ConverterError, *below(ConverterError)) if kind.__module__.startswith("converter.")]
    assert {kind.__module__ for kind in ours} == {"converter.errors"}
    depth = {line.split("─ ")[-1].split()[0]: line for line in drawn.splitlines() if line.strip()}
    for kind in ours:
        assert kind.__name__ in depth
        parent = kind.__mro__[1].__name__
        if kind is not ConverterError:
            assert indent(depth[parent]) < indent(depth[kind.__name__])


def indent(line: str) -> int:
    return next(place for place, letter in enumerate(line) if letter.isalpha())


def import_everything() -> None:
    """Whatever defines an error is imported."""
    import importlib
    import pkgutil

    for module in pkgutil.walk_packages(converter.__path__, "converter."):
        if not module.name.startswith(("converter.testing", "converter.worker.child")):
            importlib.import_module(module.name)
