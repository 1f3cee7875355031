"""A model folder converts, and greedy decoding through Session gives the tokens of transformers' own `generate`, with the cache bound where it lies."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import converter
from converter.runtime.binding import bound
from torch_cases.case import Case
from torch_cases.hugging import cached
from torch_cases.hugging.tiny import louder

Save = Callable[[str], Path]

STEPS = 32
FAMILIES = [case for case in cached.CASES if case.setting == "text-generation-with-past"]


@pytest.fixture(scope="module")
def graph(save: Save, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GPT-2 with its cache, converted from its folder."""
    folder = tmp_path_factory.mktemp("converted") / "gpt2"
    shutil.copytree(save("gpt2"), folder)
    report = converter.convert(folder)
    assert report.agrees
    assert report.published == folder.with_name("gpt2.onnx")
    assert {case.sizes["past"] for case in report.cases} >= {0, 1}
    assert len({case.sizes["past"] for case in report.cases}) > 3
    return report.published


def decode(session: converter.Session, ids: np.ndarray, mask: np.ndarray, steps: int) -> Iterator[tuple[np.ndarray, dict[str, Any], Any]]:
    """Decode greedily; give each step's tokens, the feeds that were bound, and the outputs."""
    ports = [port for port in session.inputs if port.name.startswith("past_key_values")]
    cache: dict[str, Any] = {port.name: np.zeros((len(ids), port.dims[1], 0, port.dims[3]), np.float32) for port in ports}
    for _ in range(steps):
        positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)[:, -ids.shape[1] :]
        every = {"input_ids": ids, "attention_mask": mask, "position_ids": np.ascontiguousarray(positions), **cache}
        feeds = {port.name: every[port.name] for port in session.inputs}
        outputs = session.bind(feeds).outputs
        ids = np.argmax(outputs["logits"][:, -1:], axis=-1)
        mask = np.concatenate([mask, np.ones_like(ids)], axis=1)
        yield ids, feeds, outputs
        cache = {port.name: outputs[port.name.replace("past_key_values", "present")] for port in ports}


def _generated(transformers: Any, folder: Path, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
    import torch

    model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    model.generation_config.eos_token_id = None  # nothing ends early
    given = {"attention_mask": torch.from_numpy(mask), "max_new_tokens": STEPS, "do_sample": False, "pad_token_id": 0}
    return np.asarray(model.generate(torch.from_numpy(ids), **given))[:, ids.shape[1] :]


def check_tokens(graph: Path, folder: Path, transformers: Any) -> None:
    """Assert that the graph decodes greedily what the folder's model generates, each row padded as it needs."""
    ids = np.random.default_rng(3).integers(4, 60, size=(3, 7))
    mask = np.array([[1] * 7, [0] * 3 + [1] * 4, [0] * 6 + [1]], np.int64)
    session = converter.Session(graph, device="cpu")
    tokens = np.concatenate([step for step, _, _ in decode(session, ids, mask, STEPS)], axis=1)
    wanted = _generated(transformers, folder, ids, mask)
    assert len(np.unique(wanted)) > 3  # a model that repeats itself would prove little
    assert tokens.tolist() == wanted.tolist()


def test_greedy_decoding_equals_generate(save: Save, graph: Path, transformers: Any) -> None:
    check_tokens(graph, save("gpt2"), transformers)


@pytest.mark.slow
@pytest.mark.parametrize("case", FAMILIES, ids=lambda case: case.row)
def test_every_family_decodes_as_it_generates(case: Case, transformers: Any, tmp_path: Path) -> None:
    folder = replace(case, make=lambda: louder(case.make())).source(tmp_path).path
    assert folder is not None
    report = converter.convert(folder, tmp_path / "model.onnx")
    assert report.agrees, [attempt.line for attempt in report.attempts]
    check_tokens(tmp_path / "model.onnx", folder, transformers)


def test_the_cache_is_bound_where_the_step_before_left_it(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[dict[str, int]] = []
    own = bound.bind_input

    def noting(binding: Any, port: Any, block: Any, memory: Any) -> None:
        places[-1][port.name] = block.pointer
        own(binding, port, block, memory)

    monkeypatch.setattr(bound, "bind_input", noting)
    session = converter.Session(graph, device="cpu")
    steps = decode(session, np.array([[3, 4, 5]]), np.ones((1, 3), np.int64), 4)
    before: dict[str, int] = {}
    for _ in range(4):
        places.append({})
        _, _, outputs = next(steps)
        for name, place in before.items():
            assert places[-1][name.replace("present", "past_key_values")] == place
        before = {name: outputs[name].ctypes.data for name in outputs._asdict() if name.startswith("present")}
    assert len(before) == 4
    assert all(len(set(step.values())) == len(step) for step in places)
