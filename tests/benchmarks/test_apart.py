"""The benchmarks of coverage: a conversion that goes wrong costs its own verdict alone."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from measuring import apart
from measuring.kept import Kept
from measuring.verdict import OURS, Verdict

pytestmark = pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")  # JAX, which other tests import: nothing of it runs in the forked processes
DOES = {
    "agrees": lambda: None,
    "crashes": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "hangs": lambda: time.sleep(60),
    "raises": lambda: int("x"),
    "takes half a second": lambda: time.sleep(0.5),
}


class Case(NamedTuple):
    row: str
    setting: str


def judge(case: Case, column: str) -> Verdict:
    DOES[case.setting]()
    return Verdict(case.row, case.setting, column, converted=True)


@pytest.mark.parametrize("together", [1, 3])
def test_a_crash_and_a_hang_cost_one_case(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr(apart, "PATIENCE", 0.01)
    tasks = [(Case("row", setting), OURS) for setting in ("agrees", "crashes", "raises", "hangs", "agrees")]
    found = [verdict.reason for verdict in apart.judged_apart(tasks, judge, together=together, limit=100.0, deadline=float("inf"))]
    assert found == ["", "the process died of SIGKILL", "ValueError: invalid literal for int() with base 10: 'x'", "not done after 100 s", ""]


@pytest.mark.parametrize("together", [1, 9])
def test_nothing_is_begun_after_the_deadline(together: int) -> None:
    tasks = [(Case(str(number), "takes half a second"), OURS) for number in range(9)]
    found = list(apart.judged_apart(tasks, judge, together=together, limit=100.0, deadline=time.perf_counter() + 0.8))
    assert 1 <= len(found) < len(tasks)
    assert all(verdict.agrees for verdict in found)
    assert not list(apart.judged_apart(tasks, judge, together=together, limit=100.0, deadline=time.perf_counter()))


@pytest.mark.parametrize(("jobs", "together"), [(1, 1), (2, 1), (2, 2), (3, 40)])
def test_every_verdict_is_kept_and_ours_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], jobs: int, together: int) -> None:
    cases = [Case(str(number), "raises" if number == 3 else "agrees") for number in range(5)]
    kept = Kept(tmp_path / "verdicts.jsonl")
    apart.measure(
        [(case, column) for case in cases for column in ("another", OURS)],
        judge,
        kept,
        jobs=jobs,
        together=together,
        limit=100.0,
        deadline=float("inf"),
    )
    again = Kept(tmp_path / "verdicts.jsonl")
    for case in cases:
        for column in ("another", OURS):
            verdict = again.get((case.row, case.setting, column))
            assert verdict is not None
            assert verdict == kept.get((case.row, case.setting, column))
            assert verdict.agrees == (case.row != "3")
    assert capsys.readouterr().out == "3(raises): ValueError: invalid literal for int() with base 10: 'x'\n"
    apart.measure([], judge, kept, jobs=jobs, together=together, limit=100.0, deadline=float("inf"))
