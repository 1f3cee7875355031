"""How a fitted estimator becomes a model, and a model a graph that answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Small trees are trained and asked sooner by one thread than by several that wait for each other."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


@pytest.fixture
def run_graph(tmp_path: Path) -> Callable[..., dict[str, np.ndarray]]:
    """Return a function that writes a loaded model's graph, first of all its exporters or as named, and gives its answers to feeds."""
    import onnx
    import onnxruntime

    from converter.plugin import ExportRequest

    def run(model: Any, feeds: Mapping[str, np.ndarray], exporter: str = "direct") -> dict[str, np.ndarray]:
        path = tmp_path / "graph.onnx"
        next(each for each in model.exporters if each.name == exporter).write(ExportRequest(path))
        onnx.checker.check_model(path, full_check=True)
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 3, 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return dict(zip([each.name for each in session.get_outputs()], session.run(None, dict(feeds)), strict=True))

    return run


@pytest.fixture(scope="session")
def load_model() -> Callable[..., Any]:
    """Return a function that loads a fitted estimator with options of the plugin."""
    from converter.plugin import LoadRequest, Source
    from converter_sklearn.model import load

    def load_estimator(estimator: Any, **options: str) -> Any:
        return load(LoadRequest(Source.of(estimator), options={"method": "predict", "dtype": "float32", **options}))

    return load_estimator


@pytest.fixture
def agree(load_model: Callable[..., Any], run_graph: Callable[..., dict[str, np.ndarray]]) -> Callable[..., dict[str, np.ndarray]]:
    """Return a function that asserts that the graph of an estimator of one table answers rows as the estimator does, and gives these answers."""

    def check(estimator: Any, rows: np.ndarray, tolerance: float = 1e-10, **options: str) -> dict[str, np.ndarray]:
        model = load_model(estimator, **{"dtype": "float64", **options})
        (given,) = model.inputs
        feeds = {given.name: np.asarray(rows, object if given.dtype == "string" else given.dtype)}
        got, want = run_graph(model, feeds), model.run(feeds)
        for name, answer in want.items():
            assert got[name].shape == answer.shape
            if answer.dtype.kind == "f":
                np.testing.assert_allclose(got[name], answer, rtol=tolerance, atol=tolerance)
            else:
                np.testing.assert_array_equal(got[name], answer)
        return want

    return check
