"""The example of a mixed table: what its script makes, and what the graph says of cars that it was not trained on."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import converter

FOLDER = Path(__file__).parents[3] / "examples" / "tabular"
pytest.importorskip("lightgbm", reason="the example ends with LightGBM, which is not installed")
pd = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def script() -> Any:
    pytest.importorskip("vega_datasets", reason="the package that ships the example's table is not installed")
    spec = importlib.util.spec_from_file_location("train", FOLDER / "train.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_makes_the_files_beside_it(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    script.main()
    assert capsys.readouterr().out == "298 cars to train, 100 held out: off by 1.86 miles per gallon\n"
    for name in ("train.csv", "held-out.csv"):
        assert (tmp_path / name).read_text() == (FOLDER / name).read_text()
    mine, theirs = (predictions(folder / "pipeline.skops") for folder in (tmp_path, FOLDER))
    np.testing.assert_allclose(mine, theirs, rtol=1e-9)


def test_the_graph_predicts_the_same_from_csv_to_csv(tmp_path: Path) -> None:
    report = converter.convert(FOLDER / "pipeline.skops", tmp_path / "cars.onnx", data=FOLDER / "held-out.csv")
    assert report.agrees
    assert report.attempts[0].exporter == "direct"
    inputs = {each.name: each.dtype for each in report.spec.inputs}
    assert inputs["horsepower"] == "float32"
    assert inputs["cylinders"] == "int64"
    assert inputs["brand"] == "string"
    held_out = pd.read_csv(FOLDER / "held-out.csv")
    assert held_out["horsepower"].isna().any()
    session = converter.Session(tmp_path / "cars.onnx")
    feeds = {name: held_out[name].to_numpy(object if dtype == "string" else dtype).reshape(-1, 1) for name, dtype in inputs.items()}
    np.testing.assert_allclose(session.run(feeds)["prediction"], predictions(FOLDER / "pipeline.skops"), rtol=1e-6)


def predictions(file: Path) -> np.ndarray:
    import skops.io

    pipeline = skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))
    answer: np.ndarray = pipeline.predict(pd.read_csv(FOLDER / "held-out.csv"))
    return answer
