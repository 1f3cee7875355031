"""What a plugin promises, as tests: a subclass names its framework and how its sources are made, and has them all.

class TestPolynomials(FrameworkConformance):
    framework = Polynomials()
    sources = (parabola,)  # functions that make a source in a folder and return its path
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnx
import pytest

import converter
from converter import dtypes, plugins
from converter.cases.data import read_data, sizes_of
from converter.cases.plan import plan
from converter.errors import ConverterError
from converter.framework import ExportRequest, Framework, Match, SourceModel
from converter.inputs import parse_inputs
from converter.request import Request
from converter.source import Source
from converter.specs import ModelSpec, axis_names
from converter.testing.foreign import FOREIGN, bait

Maker = Callable[[Path], Path]

_MODULES_AFTER_IMPORT = """
import importlib, json, sys
import converter.plugin
before = set(sys.modules)
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(name for name in set(sys.modules) - before if "." not in name)))
"""
_MATCH = """
import importlib, json, sys
from pathlib import Path
import converter.plugin
before = set(sys.modules)
done = []
framework = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])()
watched = {"pickle.find_class", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"}
sys.addaudithook(lambda event, _arguments: done.append(event) if event in watched else None)
answer = framework.match(converter.plugin.Source.of(sys.argv[3]))
print(json.dumps([int(answer), done, sorted(name for name in set(sys.modules) - before if "." not in name)]))
"""


class FrameworkConformance:
    """The tests. A subclass whose name begins with `Test` sets `framework` and `sources`, and the others where need be."""

    framework: ClassVar[Framework]
    sources: ClassVar[tuple[Maker, ...]]  # each makes a source in an empty folder and returns its path
    foreign: ClassVar[tuple[Maker, ...]] = FOREIGN  # files and folders that the framework must leave alone
    arguments: ClassVar[Mapping[str, Any]] = {}  # of converter.convert, that the sources want: {"trust": True}

    # The light half

    def test_it_says_what_it_is(self) -> None:
        """Its name, sources, exporters and options have texts for `converter plugins show`."""
        framework = self.framework
        assert framework.name.isidentifier(), "name: what stands after --framework"
        assert framework.requires, "requires: the import names of its packages"
        assert framework.sources, "sources: what it reads"
        assert framework.exporters, "exporters: its ways to ONNX, best first"
        texts = {**framework.sources, **framework.exporters, **{f"-O {option.name}": option.help for option in framework.options}}
        assert [name for name, text in texts.items() if not text.strip()] == [], "without a text"

    def test_its_options_accept_their_defaults(self) -> None:
        """What `converter plugins show` lists as a default can be given back."""
        for option in self.framework.options:
            assert option.parse(str(option.default)) == option.default

    def test_it_is_installed(self) -> None:
        """An entry point of group "converter" leads to it."""
        broken = {plugin.name: plugin.error for plugin in plugins.installed() if plugin.error}
        assert self.framework.name in plugins.frameworks(), f"plugins that failed to load: {broken}"
        assert plugins.missing_packages(self.framework) == []

    def test_importing_it_imports_no_framework(self) -> None:
        """`converter --help` and `converter plugins` stay fast, and one broken framework disturbs no other."""
        modules = _in_a_fresh_process(_MODULES_AFTER_IMPORT, type(self.framework).__module__)
        assert set(self.framework.requires).intersection(modules) == set()

    def test_it_recognises_its_source(self, source: Path) -> None:
        """`match` says more than NO."""
        assert self.framework.match(Source.of(source)) > Match.NO

    def test_it_leaves_foreign_files_alone(self, foreign_file: Path) -> None:
        """`match` says NO."""
        assert self.framework.match(Source.of(foreign_file)) is Match.NO

    def test_matching_executes_nothing(self, source: Path, tmp_path: Path) -> None:
        """Neither the framework is imported, nor a pickle loaded, nor a process started."""
        framework = type(self.framework)
        answer, events, modules = _in_a_fresh_process(_MATCH, framework.__module__, framework.__qualname__, str(source))
        assert answer == self.framework.match(Source.of(source))
        assert events == []
        assert set(self.framework.requires).intersection(modules) == set()
        trap = tmp_path / "executed"
        try:
            self.framework.match(Source.of(bait(tmp_path / f"bait{source.suffix}", trap)))
        except ConverterError:
            pass  # refusing it with a reason is as good
        assert not trap.exists(), "matching unpickled a file"

    # The loaded model

    def test_its_exporters_are_declared(self, source: Path) -> None:
        """Each one of the model's is among the framework's, and none twice."""
        names = [exporter.name for exporter in self.load(source).exporters]
        assert names
        assert len(set(names)) == len(names)
        assert set(names) - self.framework.exporters.keys() == set()

    def test_its_spec_is_sound_and_crosses_the_process_border(self, source: Path) -> None:
        """Names are there once, dtypes are ONNX's, axes are those that the inputs name, and JSON loses nothing."""
        spec = self.load(source).spec
        for side in (spec.inputs, spec.outputs):
            names = [each.name for each in side]
            assert all(names)
            assert len(set(names)) == len(names)
        assert spec.outputs, "a model gives something"
        assert [each.dtype for each in spec.inputs if each.dtype not in dtypes.ALL] == []
        assert [each.dtype for each in spec.outputs if each.dtype and each.dtype not in dtypes.ALL] == []
        assert [each.label_of for each in spec.outputs if each.label_of and each.label_of not in {other.name for other in spec.outputs}] == []
        assert set(spec.axes) == set(axis_names(spec.inputs))
        assert ModelSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec

    def test_samples_fit_the_spec_at_every_size(self, source: Path) -> None:
        """`sample` gives each input at the sizes asked for, in its dtype."""
        model = self.load(source)
        for sizes in _sizes(model):
            feeds = model.sample(np.random.default_rng(0), sizes)
            assert feeds.keys() == {each.name for each in model.inputs}
            assert {name: dtypes.name_of(feed.dtype) for name, feed in feeds.items()} == {each.name: each.dtype for each in model.inputs}
            assert sizes_of(model.inputs, feeds).items() <= sizes.items()

    def test_it_gives_exactly_the_declared_outputs(self, source: Path) -> None:
        """`run` gives an array for each output, of the declared dtype where one is declared, at every size; `rounding` knows no others."""
        model = self.load(source)
        for sizes in _sizes(model):
            answers = model.run(model.sample(np.random.default_rng(0), sizes))
            assert set(answers) == {each.name for each in model.outputs}
            assert [name for name, answer in answers.items() if not isinstance(answer, np.ndarray)] == [], "not NumPy arrays"
            found = {each.name: dtypes.name_of(answers[each.name].dtype) for each in model.outputs if each.dtype}
            assert found == {each.name: each.dtype for each in model.outputs if each.dtype}
        errors = model.rounding(model.sample(np.random.default_rng(0), _sizes(model)[0]))
        assert set(errors) <= {each.name for each in model.outputs}
        assert [name for name, error in errors.items() if not error >= 0] == [], "errors of less than nothing"

    def test_it_answers_the_same_twice(self, source: Path) -> None:
        """The same feeds, the same answers, and the feeds are as they were."""
        model = self.load(source)
        feeds = model.sample(np.random.default_rng(0), _sizes(model)[0])
        first = {name: np.array(answer) for name, answer in model.run({name: np.array(feed) for name, feed in feeds.items()}).items()}
        for name, answer in model.run(feeds).items():
            assert answer.dtype == first[name].dtype
            assert answer.shape == first[name].shape
            if dtypes.is_float(dtypes.name_of(answer.dtype)):
                np.testing.assert_allclose(answer.astype(np.complex128), first[name].astype(np.complex128), rtol=1e-4, atol=1e-6, err_msg=name)
            else:
                np.testing.assert_array_equal(answer, first[name], err_msg=name)

    def test_every_exporter_writes_an_onnx_file_or_says_why_not(self, source: Path, tmp_path: Path) -> None:
        """The file can be read; a failure is a ConverterError."""
        model = self.load(source)
        for exporter in model.exporters:
            path = tmp_path / exporter.name / "raw.onnx"
            path.parent.mkdir()
            try:
                exporter.write(ExportRequest(path))
            except ConverterError:
                continue
            assert path.is_file(), f"{exporter.name} wrote nothing"
            assert onnx.load(path).graph.output, f"{exporter.name} wrote a graph without outputs"

    # The whole way

    def test_a_conversion_agrees(self, source: Path, tmp_path: Path) -> None:
        """`converter.convert` in a worker publishes a graph that stands every case."""
        report = converter.convert(source, tmp_path / "graph.onnx", framework=self.framework.name, **self.arguments)
        assert report.agrees, "; ".join(f"{attempt.exporter}: {attempt.line}" for attempt in report.attempts)
        assert report.published == tmp_path / "graph.onnx"

    # What the tests are given

    def load(self, source: Path) -> SourceModel:
        """Load a source in this process."""
        inputs, axes = parse_inputs(self.arguments.get("inputs", ()))
        data = self.arguments.get("data", ())
        request = Request(
            Source.of(source),
            source.with_suffix(".onnx"),
            model=self.arguments.get("model", ""),
            model_args=self.arguments.get("model_args") or {},
            inputs=inputs,
            axes=axes,
            data=read_data([str(data)] if isinstance(data, str | os.PathLike) else [str(each) for each in data]),
            options={name: str(value) for name, value in self.arguments.get("options", {}).items()},
            trust=self.arguments.get("trust", False),
        )
        return self.framework.load(request.to_load(self.framework))

    @pytest.fixture
    def source(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """One of `sources`, made anew."""
        maker: Maker = request.param
        return maker(tmp_path_factory.mktemp("source"))

    @pytest.fixture
    def foreign_file(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """One of `foreign`, made anew."""
        maker: Maker = request.param
        return maker(tmp_path_factory.mktemp("foreign"))

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        """Run a test once for each source, or each foreign file."""
        for name, makers in (("source", cls.sources), ("foreign_file", cls.foreign)):
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, makers, indirect=True, ids=[maker.__name__ for maker in makers])


def _sizes(model: SourceModel) -> list[Mapping[str, int]]:
    """The sizes of every axis that a conversion records, the example's first."""
    return [planned.sizes for planned in plan(model.axes, seeds=1)]


def _in_a_fresh_process(code: str, *words: str) -> Any:
    """Run `code`, which prints JSON, where nothing is imported yet; what this process imports from, that one does too."""
    paths = os.pathsep.join(filter(None, sys.path))
    ended = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths}
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])
