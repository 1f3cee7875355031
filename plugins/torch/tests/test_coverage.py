"""The documented coverage is true: every module is in it, and every case becomes what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers", reason="a part of the coverage is architectures of transformers, which is not installed")

from measuring.kept import Kept
from measuring.tables import NOT_MEASURED
from measuring.verdict import OURS, Verdict
from torch_cases import PARTS
from torch_cases.absent import ABSENT
from torch_cases.batches import free_batch
from torch_cases.case import Case
from torch_cases.judging import COLUMNS, DYNAMO, judge
from torch_cases.modules import name_of, pytorch_tests
from torch_cases.page import CELLS, DOCUMENT, row

SAMPLE = {
    "modules": ("Conv1d", "Embedding", "GELU"),
    "transformers": ("distilbert", "vit", "resnet"),
    "classics": ("MobileNet with squeeze-excite", "PointNet", "DeepFM"),
    "recurrent": ("LSTM", "GRU packed", "RNN with tanh unbatched"),
}
AGREE, WHY = 6, CELLS - 1  # cells of ours: how many agree, and why others do not


def documented() -> dict[tuple[str, str], list[str]]:
    """The cells of each row, by part and name."""
    sections = re.split(r"^## ", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)[1:]
    found = {}
    for part, section in zip(PARTS, sections, strict=False):
        for line in section.splitlines():
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if len(cells) == CELLS and cells[0] in PARTS[part]:
                found[part, cells[0]] = cells
    return found


DOCUMENTED = documented()


def test_every_module_has_cases_or_a_reason() -> None:
    assert {name_of(info) for info in pytorch_tests()} == set(PARTS["modules"]) | set(ABSENT)
    assert not set(PARTS["modules"]) & set(ABSENT)


def test_every_row_is_documented() -> None:
    assert set(DOCUMENTED) == {(part, name) for part, rows in PARTS.items() for name in rows}


def test_the_parts_are_as_large_as_they_should_be() -> None:
    assert len(PARTS["transformers"]) >= 60
    assert len(PARTS["classics"]) >= 30


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, names in SAMPLE.items() for name in names])
def test_a_sample_becomes_what_the_table_says(part: str, name: str) -> None:
    assert_as_documented(PARTS[part][name]()[0], DOCUMENTED[part, name])


@pytest.mark.slow
@pytest.mark.parametrize(("part", "name"), [(part, name) for part in PARTS if part != "recurrent" for name in PARTS[part]])
def test_its_cases_become_what_the_table_says(part: str, name: str) -> None:
    """The recurrent settings are held, case by case, in test_recurrent.py."""
    if NOT_MEASURED in DOCUMENTED[part, name][AGREE]:
        pytest.skip(NOT_MEASURED)
    for case in PARTS[part][name]():
        assert_as_documented(case, DOCUMENTED[part, name])


def assert_as_documented(case: Case, cells: list[str]) -> None:
    """Assert that a case of ours agrees, unless its row says why it does not."""
    verdict = judge(case, OURS)
    assert verdict.agrees == (f"`{case.setting}`: " not in cells[WHY]), verdict.reason
    assert not verdict.is_wrong


def test_a_bare_exporter_is_held_to_every_size() -> None:
    """A loop over the length is unrolled at the example's: the graph is wrong at others, and the verdict says where."""
    import torch
    from torch import nn

    from torch_cases.case import declared

    class Loop(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            total = torch.zeros(x.shape[0])
            for place in range(int(x.shape[1])):
                total = total * 0.5 + x[:, place]
            return total

    verdict = judge(declared("loop", Loop, "x:float32[batch,length]"), "torchscript")
    assert verdict.is_wrong
    assert "'length': 1" in verdict.reason


def test_the_batch_is_found_by_trying() -> None:
    import torch
    from torch import nn

    from converter.plugin import Input

    rows, columns = Input("x", "float32", (4, 3)), Input("x", "float32", (3, 4))
    assert free_batch(nn.Linear(3, 5), [rows]) == (0,)
    assert free_batch(nn.Softmax(0), [rows]) == (1,)
    assert free_batch(nn.BatchNorm1d(3, track_running_stats=False), [rows]) == (None,)
    assert free_batch(nn.Linear(4, 5), [columns]) == (0,)

    class Beside(nn.Module):
        def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
            return left + right.sum(0)

    assert free_batch(Beside(), [rows, Input("y", "float32", (7, 3))]) == (0, None)


def test_verdicts_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    Kept(path).put(Verdict("LSTM", "default", OURS, "first"))
    Kept(path).put(Verdict("LSTM", "default", OURS, converted=True, by="patched", nodes=3, seconds=1.5, tried={"patched": "agrees"}))
    found = Kept(path).get(("LSTM", "default", OURS))
    assert found is not None
    assert found.agrees
    assert found.tried == {"patched": "agrees"}
    assert Kept(path).get(("LSTM", "default", DYNAMO)) is None


def test_a_row_counts_what_is_measured_and_says_why() -> None:
    found: dict[str, list[Any]] = {column: [None, None] for column in COLUMNS}
    found[OURS] = [
        Verdict("net", "small", OURS, converted=True, by="patched", nodes=3, seconds=1.0),
        Verdict("net", "large", OURS, "patched: differs | here", refused=True),
    ]
    found[DYNAMO] = [Verdict("net", "small", DYNAMO, "differs", converted=True), None]
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row("net", found))[1:-1]]
    assert len(cells) == CELLS
    assert cells[:8] == ["net", "2", "1 of 1 measured", "0 of 1 measured", NOT_MEASURED, NOT_MEASURED, "1", "patched"]
    assert cells[-1] == r"`large`: the proof refuses it (patched: differs \| here)"
