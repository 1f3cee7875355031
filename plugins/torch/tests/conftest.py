"""Loading and proving as the host does it, without its worker; and the skip where torch is not installed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.plugin import ExportRequest, LoadRequest, Source, SourceModel, parse_inputs
from converter.runtime import Session
from converter.testing import skip_where_missing
from converter_torch.plugin import Torch

pytest_pycollect_makemodule = skip_where_missing(Torch())
sys.path += [str(Path(__file__).parents[1] / "coverage"), str(Path(__file__).parents[3] / "benchmarks" / "coverage")]

Load = Callable[..., Any]
Prove = Callable[..., Any]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: the models are small, and the machine has other things to do."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    gc.freeze()  # what torch has set up need not be looked through again and again
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def load() -> Load:
    """Load a source: `load(source, *inputs, options={…}, model=…, trust=…)`."""

    def loaded(source: Any, *inputs: str, options: Mapping[str, Any] | None = None, **request: Any) -> SourceModel:
        given, axes = parse_inputs(inputs)
        every = {option.name: option.default for option in Torch.options}
        return Torch().load(LoadRequest(Source.of(source), inputs=given, axes=axes, options={**every, **(options or {})}, **request))

    return loaded


@pytest.fixture
def prove(tmp_path: Path) -> Prove:
    """Export a model and compare its graph's answers with its own: `prove(model, {"batch": 1}, …, exporter=…)`; gives the graph."""

    def proven(model: SourceModel, *sizes: Mapping[str, int], exporter: str = "patched", opset: int | None = None, atol: float = 1e-5) -> Any:
        import onnx

        path = tmp_path / f"{exporter}.onnx"
        write = next(each.write for each in model.exporters if each.name == exporter)
        write(ExportRequest(path, opset))
        graph = onnx.load(path)
        onnx.checker.check_model(path)
        for each in sizes or ({},):
            _compare(model, path, each, atol)
        return graph

    return proven


def _compare(model: SourceModel, path: Path, sizes: Mapping[str, int], atol: float) -> None:
    feeds = model.sample(np.random.default_rng(1), sizes)
    wanted, found = model.run(feeds), Session(path, device="cpu")(feeds)
    for output in model.outputs:
        got, want = found[output.name], wanted[output.name]
        assert got.dtype == want.dtype
        assert want.dtype.name == output.dtype
        assert got.shape == want.shape, f"{output.name} at {sizes}"
        np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=1e-4, atol=atol, err_msg=f"{output.name} at {sizes}")
