"""Stages are told before and after, whatever comes of them."""

from __future__ import annotations

import pytest

from converter.stages import Event, Stages


def test_what_observers_are_told() -> None:
    told: list[Event] = []
    others: list[Event] = []
    stages = Stages([told.append, others.append])
    with stages("record", "toy") as stage:
        stage.progress(1, 2)
        stage.detail = "all of them"
    assert [(event.state, event.done, event.total, event.detail) for event in told] == [
        ("started", 0, 0, ""),
        ("progress", 1, 2, ""),
        ("finished", 0, 0, "all of them"),
    ]
    assert told == others
    assert {(event.stage, event.subject) for event in told} == {("record", "toy")}
    assert 0 <= told[1].seconds <= told[2].seconds
    assert stages.seconds == {"record": pytest.approx(told[2].seconds, abs=0.1)}


@pytest.mark.parametrize("error", [ValueError("it broke"), KeyboardInterrupt("stopped")])
def test_a_stage_that_fails_is_told_and_raises_on(error: BaseException) -> None:
    told: list[Event] = []
    stages = Stages([told.append])
    with pytest.raises(type(error)), stages("export", "right"):
        raise error
    assert [(event.state, event.detail) for event in told] == [("started", ""), ("failed", str(error))]
    assert list(stages.seconds) == ["export right"]


def test_nobody_listens() -> None:
    with Stages()("load", "toy") as stage:
        stage.progress(1, 1)


def test_the_trace(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CONVERTER_TRACE", "1")
    with Stages()("load", "toy") as stage:
        stage.progress(1, 2)
        stage.detail = "affine"
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("stage load toy: started")
    assert lines[1].startswith("stage load toy: finished")
    assert lines[1].endswith("affine")
    assert len(lines) == 2
