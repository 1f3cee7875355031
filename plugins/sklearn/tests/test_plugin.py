"""The light half: what it claims, without importing scikit-learn."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from converter.plugin import Match, Source, UnreadableSource
from converter_sklearn.plugin import Sklearn, converter_frameworks


def test_the_hook_names_the_framework() -> None:
    (framework,) = converter_frameworks()
    assert isinstance(framework, Sklearn)
    assert list(framework.exporters) == ["direct", "skl2onnx"]
    assert framework.types == ("sklearn.base.BaseEstimator",)


def test_it_imports_no_framework() -> None:
    code = (
        "import sys, converter_sklearn.plugin; print([name for name in ('sklearn', 'skl2onnx', 'skops', 'pandas', 'joblib') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("form", ["skops", "pkl", "pickle", "joblib", "joblib compressed"])
def test_content_decides_whatever_the_name(pipeline: Any, files: Any, form: str) -> None:
    path = files(pipeline, form)
    assert Sklearn().match(Source.of(path)) is Match.CONTENT
    assert Sklearn().match(Source.of(path.rename(path.with_name("model.bin")))) is Match.CONTENT


def test_a_pickle_that_names_arrays_first_belongs_to_its_estimator(tmp_path: Path, forest: Any) -> None:
    import numpy as np

    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps({"rows": np.zeros(2), "model": forest}))
    assert Sklearn().match(Source.of(path)) is Match.CONTENT


@pytest.mark.parametrize(("name", "expected"), [("a.pkl", Match.SUFFIX), ("a.joblib", Match.SUFFIX), ("a.skops", Match.SUFFIX), ("a.txt", Match.NO)])
def test_an_unknown_file_is_judged_by_its_name(tmp_path: Path, name: str, expected: Match) -> None:
    path = tmp_path / name
    path.write_bytes(b"nothing that it knows")
    assert Sklearn().match(Source.of(path)) is expected


def test_a_truncated_skops_file_is_called_so(pipeline: Any, files: Any) -> None:
    path = files(pipeline, "skops")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UnreadableSource, match="zip file that is cut off or damaged"):
        Sklearn().match(Source.of(path))


def test_another_zip_file_is_not_claimed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("config.json", "{}")
    assert Sklearn().match(Source.of(tmp_path / "a.zip")) is Match.NO
