"""The page of the documentation: a row for each class, and why some have nothing to convert."""

from __future__ import annotations

from pathlib import Path

from sklearn_cases.absent import ABSENT
from sklearn_cases.judging import Verdict

Pair = tuple[Verdict, Verdict | None]
"""Ours, and the library's."""

DOCUMENT = Path(__file__).parents[4] / "docs" / "reference" / "coverage-sklearn.md"

_PAGE = """# Coverage of scikit-learn

Every estimator of scikit-learn that answers for new rows, with its defaults and other settings, alone or around others, fitted to half of a table and held to the other half; inputs in float32 and in
float64; every method that it has (`predict`, `predict_proba`, `decision_function`, `transform`, `score_samples`). Written by `python benchmarks/coverage_sklearn.py --write`; a test keeps it true.

- ours: {ours}, {classes} classes
- skl2onnx alone, on the same estimators and rows, asked for the usual outputs only: {peer}

A graph that is not right is never published: the proof refuses it.

| estimator | agree | skl2onnx | not, and why |
|---|---|---|---|
{table}

## Nothing to convert

| estimator | why |
|---|---|
{absent}
"""


def counted(found: list[Verdict]) -> str:
    """Return how many of the verdicts agree, are wrong, and refuse."""
    agreed, wrong = sum(not each.reason for each in found), sum(each.is_wrong for each in found)
    return f"{agreed} of {len(found)} agree ({agreed / max(1, len(found)):.1%}), {wrong} wrong, {len(found) - agreed - wrong} refused"


def document(found: list[Pair]) -> str:
    """Return the page of the documentation with a row for each class."""
    rows: dict[str, list[Pair]] = {}
    for pair in found:
        rows.setdefault(pair[0].case.name, []).append(pair)
    peers = [peer for _, peer in found if peer is not None]
    table = [row(name, pairs) for name, pairs in sorted(rows.items())]
    absent = [f"| {name} | {why} |" for name, why in sorted(ABSENT.items())]
    return _PAGE.format(
        ours=counted([mine for mine, _ in found]),
        peer=counted(peers) if peers else "not measured when this page was written; benchmarks/README.md has a run beside it",
        classes=len(rows),
        table="\n".join(table),
        absent="\n".join(absent),
    )


def row(name: str, pairs: list[Pair]) -> str:
    """Return the row of one class: how many of its cases agree, ours and the library's, and why others do not."""
    agreed = sum(not mine.reason for mine, _ in pairs)
    peers = [peer for _, peer in pairs if peer is not None]
    of_peer = sum(not peer.reason for peer in peers) if peers else "–"
    reasons = dict.fromkeys(f"{mine.case.setting}: {_short(mine)}" for mine, _ in pairs if mine.reason)
    return f"| {name} | {agreed} of {len(pairs)} | {of_peer} | {'; '.join(reasons)} |"


def _short(verdict: Verdict) -> str:
    """Return a reason in one line."""
    reason = verdict.reason.removeprefix("sklearn, exporter direct: ").partition("; skl2onnx: ")[0]
    told = "the proof refuses it" if verdict.is_wrong else reason
    return " ".join(told.split()).replace("|", "\\|")
