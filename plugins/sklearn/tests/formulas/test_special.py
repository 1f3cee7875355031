"""Special functions made of plain arithmetic are exact to a few last places, in both precisions and under older opsets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from scipy import special as scipy

from converter.writing import Document, Value
from converter_sklearn.formulas import special

RNG = np.random.default_rng(0)
SMALL = RNG.normal(size=3000) * 10.0 ** RNG.integers(-20, 2, 3000)
SHARES = RNG.random(3000)
CASES: dict[str, tuple[Callable[[Value], Value], Callable[[np.ndarray], np.ndarray], np.ndarray]] = {
    "log1p": (special.log1p, np.log1p, np.concatenate([np.maximum(SMALL, -1), [0, -1, np.inf, np.nan, 1e300, -0.5]])),
    "expm1": (special.expm1, np.expm1, np.concatenate([np.minimum(SMALL, 80), [0, -np.inf, np.inf, np.nan, -0.5, 0.5]])),
    "atan": (special.atan, np.arctan, np.concatenate([SMALL, RNG.normal(size=500), [0, 0.66, 1, np.tan(3 * np.pi / 8), np.inf, -np.inf, np.nan]])),
    "ndtri": (special.ndtri, scipy.ndtri, np.concatenate([SHARES, 10.0 ** -RNG.uniform(0, 12, 1000), [0.5, np.exp(-2), 1 - np.exp(-2), np.nan]])),
    "ndtr": (special.ndtr, scipy.ndtr, np.concatenate([RNG.normal(size=3000) * 3, [0, 1, -1, np.sqrt(0.5), 40, np.nan]])),
    "erf": (special.erf, scipy.erf, np.concatenate([RNG.normal(size=3000) * 2, [0, 1, -1, 50, -50, np.nan]])),
    "erfc": (special.erfc, scipy.erfc, np.concatenate([np.abs(RNG.normal(size=3000) * 2), [0, 1, 7.9]])),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("opset", [17, 21])
@pytest.mark.filterwarnings("ignore:.* encountered in")
def test_they_give_what_scipy_gives(name: str, dtype: str, opset: int, tmp_path: Path) -> None:
    ours, wanted, numbers = CASES[name]
    document = Document(opset)
    found = ours(Value(document, document.input("x", dtype, ["batch"]), dtype))
    document.output("y", found.name, found.dtype, ["batch"])
    document.write(tmp_path / "graph.onnx")
    numbers = numbers.astype(dtype)
    (got,) = onnxruntime.InferenceSession(tmp_path / "graph.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": numbers})
    np.testing.assert_allclose(got, wanted(numbers.astype(np.float64)), rtol=1e-5 if dtype == "float32" else 3e-15, atol=1e-12)
