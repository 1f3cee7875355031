"""A pipeline of texts and numbers beside its graph, in a worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import converter


def test_a_pipeline_is_measured_beside_its_graph(pipeline: Any, people: Any, files: Any, tmp_path: Path) -> None:
    path = files(pipeline, "skops")
    people.to_csv(tmp_path / "people.csv", index=False)
    data = tmp_path / "people.csv"
    assert converter.convert(path, tmp_path / "model.onnx", data=data).agrees
    report = converter.bench(tmp_path / "model.onnx", against=path, data=data, sizes={"batch": [1, 300]}, device="cpu", threads=1, seconds=0.02)
    assert [dict(result.sizes) for result in report.results] == [{"batch": 1}, {"batch": 300}]
    rows = {row.contender: row for row in report.results[1].rows}
    assert all(rows[name].calls for name in ("session.run", "session", "source"))
    assert rows["bound"].reason.endswith("takes or gives strings or sequences, which cannot be bound")
    assert report.opponent is not None
    assert report.opponent.framework == "sklearn"
    assert set(report.opponent.threads.values()) == {1}
    assert report.machine.packages["scikit-learn"]
    assert report.data == "people.csv, 240 rows"
