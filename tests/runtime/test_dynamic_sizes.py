"""The CRNN at many random sizes: every output right, and what is kept for later calls within its bound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import converter
from converter.runtime import Device, Session

CHECKPOINT = Path(__file__).parents[2] / "examples" / "crnn" / "crnn.pth"
POOL = 2_000_000  # bytes


@pytest.fixture(scope="module")
def crnn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="the CRNN is a torch model")
    path = tmp_path_factory.mktemp("crnn") / "crnn.onnx"
    assert converter.convert(CHECKPOINT, path).agrees
    return path


@pytest.mark.parametrize("calls", [200, pytest.param(1000, marks=pytest.mark.slow)])
def test_calls_at_random_sizes(crnn: Path, device_as_cuda: Callable[[], Device], rng: np.random.Generator, calls: int) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    raw = onnxruntime.InferenceSession(crnn, options, providers=["CPUExecutionProvider"])
    plain, binding = (Session(crnn, device=device, threads=1, pool_bytes=POOL) for device in ("cpu", device_as_cuda()))
    kept = []
    for call in range(calls):
        batch, width = rng.integers(1, 4), rng.integers(8, 100)
        images = rng.normal(size=(batch, 3, 32, width)).astype(np.float32)
        expected = raw.run(None, {"images": images})[0]
        for session in (plain, binding):
            logits = session(images).logits
            assert logits.shape == (width // 4 + 1, batch, 37)
            np.testing.assert_allclose(logits, expected, atol=1e-6)
            if call % 20 == 0:
                kept.append((logits, expected))
        assert plain._call.__self__.plans.nbytes <= POOL  # type: ignore[attr-defined]
        assert binding._call.__self__.binding.pool.idle_bytes <= POOL  # type: ignore[attr-defined]
    for logits, expected in kept:
        np.testing.assert_allclose(logits, expected, atol=1e-6)
