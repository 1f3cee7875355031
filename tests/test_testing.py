"""The conformance kit as a plugin's author uses it: a sound framework passes every test, a broken one fails the test of its fault."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

TOY = Path(__file__).parent / "toy"
TESTS = """
import json

import pytest
from broken_toys import BROKEN, Misplaced
from converter_toy import Toy

from converter.testing import FrameworkConformance


def affine(folder):
    path = folder / "affine.toy"
    path.write_text(json.dumps({"weight": [[1.0, -2.0], [0.5, 0.25]], "bias": [0.1, -0.1]}))
    return path


class TestToy(FrameworkConformance):
    framework = Toy()
    sources = (affine,)


class TestOptions(TestToy):
    arguments = {"options": {"exporters": "baked,right", "scale": 2}, "inputs": ["x:float32[batch,width,2]"]}


for kind in (*BROKEN, Misplaced):
    globals()[f"Test{kind.__name__}"] = type(f"Test{kind.__name__}", (FrameworkConformance,), {"framework": kind(), "sources": (affine,)})
"""
RESULT = re.compile(r"^(PASSED|FAILED|ERROR|SKIPPED) \S+::Test(\w+)::test_(\w+)", re.MULTILINE)
ALL = {
    "it_says_what_it_is",
    "its_options_accept_their_defaults",
    "it_is_installed",
    "importing_it_imports_no_framework",
    "it_recognises_its_source",
    "it_leaves_foreign_files_alone",
    "matching_executes_nothing",
    "its_exporters_are_declared",
    "its_spec_is_sound_and_crosses_the_process_border",
    "samples_fit_the_spec_at_every_size",
    "it_gives_exactly_the_declared_outputs",
    "it_answers_the_same_twice",
    "every_exporter_writes_an_onnx_file_or_says_why_not",
    "a_conversion_agrees",
}
ENDS_THE_CONVERSION = {"a_conversion_agrees"}


def run_pytest(folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A run of pytest of its own on the tests of a folder, without this repository's settings."""
    plain = ["-q", "-rA", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist", "-c", os.devnull, "--rootdir", "."]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plain], cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, set[str]]]:
    """What became of each test of each class: results["Toy"]["FAILED"]; one run of pytest in a folder of its own."""
    folder = tmp_path_factory.mktemp("kit")
    site = folder / "site"
    for module in ("converter_toy", "broken_toys"):
        info = site / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[converter]\n{module} = {module}\n")
        shutil.copy(TOY / f"{module}.py", site)
    (folder / "test_kit.py").write_text(TESTS)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))}
    ended = run_pytest(folder, environment)
    found: dict[str, dict[str, set[str]]] = {}
    for outcome, kind, test in RESULT.findall(ended.stdout):
        found.setdefault(kind, {}).setdefault(outcome, set()).add(test)
    assert found, ended.stdout + ended.stderr
    found["output"] = {ended.stdout: set()}
    return found


@pytest.mark.parametrize("kind", ["Toy", "Options"])
def test_a_sound_framework_passes_every_test(results: dict[str, dict[str, set[str]]], kind: str) -> None:
    assert results[kind] == {"PASSED": ALL}


@pytest.mark.parametrize(
    ("kind", "failed"),
    [
        ("Silent", {"it_says_what_it_is"}),
        ("Contrary", {"its_options_accept_their_defaults"}),
        ("Misplaced", {"it_is_installed", "a_conversion_agrees"}),
        ("Needy", {"importing_it_imports_no_framework", "matching_executes_nothing"}),
        ("Blind", {"it_recognises_its_source"}),
        ("Greedy", {"it_leaves_foreign_files_alone"}),
        ("Trusting", {"matching_executes_nothing"}),
        ("Secretive", {"its_exporters_are_declared"}),
        ("Metadata", {"its_spec_is_sound_and_crosses_the_process_border", "a_conversion_agrees"}),
        ("Axes", {"its_spec_is_sound_and_crosses_the_process_border"}),
        ("Sample", {"samples_fit_the_spec_at_every_size"}),
        ("Outputs", {"it_gives_exactly_the_declared_outputs"}),
        ("Random", {"it_answers_the_same_twice", "a_conversion_agrees"}),
        ("Rude", {"every_exporter_writes_an_onnx_file_or_says_why_not"}),
        ("Biased", {"a_conversion_agrees"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_framework_fails_the_test_of_its_fault(results: dict[str, dict[str, set[str]]], kind: str, failed: set[str]) -> None:
    assert results[kind]["FAILED"] == failed
    assert results[kind]["PASSED"] == ALL - failed


def test_a_failure_explains_itself(results: dict[str, dict[str, set[str]]]) -> None:
    (output,) = results["output"]
    assert "matching unpickled a file" in output
    assert "biased: rejected: output" in output
    assert re.search(r"assert <Match\.SUFFIX: 1> is <Match\.NO: 0>|assert <Match.NO: 0> > <Match.NO: 0>", output), "asserts are rewritten"


@pytest.mark.parametrize(("needed", "outcome"), [("nowhere_to_be_found", "1 skipped"), ("onnx", "1 passed")])
def test_modules_are_skipped_unseen_where_the_framework_is_missing(tmp_path: Path, needed: str, outcome: str) -> None:
    (tmp_path / "conftest.py").write_text(
        "from converter.testing import skip_where_missing\nfrom converter_toy import Toy\n\n"
        f"class Needy(Toy):\n    requires = ({needed!r},)\n\npytest_pycollect_makemodule = skip_where_missing(Needy())\n"
    )
    (tmp_path / "test_toy.py").write_text(f"import {needed}\n\n\ndef test_it():\n    assert {needed}\n")
    ended = run_pytest(tmp_path, {**os.environ, "PYTHONPATH": str(TOY)})
    assert outcome in ended.stdout
    assert ("not installed: nowhere_to_be_found" in ended.stdout) == ("skipped" in outcome)


def test_the_kit_imports_no_framework() -> None:
    code = "import sys, converter.testing; print(*sorted(name for name in sys.modules if '.' not in name))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert set(ended.stdout.split()) & {"torch", "tensorflow", "keras", "sklearn", "lightgbm", "jax"} == set()
