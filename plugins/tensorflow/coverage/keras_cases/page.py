"""The page of the documentation: a table for each part, what is fused of the recurrent layers, and what has nothing to convert."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from keras_cases.absent import ABSENT
from keras_cases.judging import COLUMNS, KERAS, TF2ONNX
from measuring.tables import Verdicts, agreed, count, counted, exporters, known, line, median, reasons
from measuring.verdict import OURS

DOCUMENT = Path(__file__).parents[4] / "docs" / "reference" / "coverage-keras.md"

_PAGE = """# Coverage of Keras

Keras {keras} on TensorFlow {tensorflow}: every layer of `keras.layers` with default and other settings, each in a model of its own, and every model of `keras.applications`, each converted by
`tf2onnx.convert.from_keras` alone, by Keras's own `model.export(format="onnx")` alone, and by `converter`. Batch, time and space are free. A graph agrees where ONNX Runtime gives the model's own
answers at every size that the proof tries, by the proof's tolerances; one that ONNX Runtime cannot load counts as none. Ours is what the host does: exporter by exporter until a graph stands the
proof. A conversion may take {limit:.0f} s. Written by `python benchmarks/coverage_keras.py --write`; a test keeps it true.

{summary}

In the tables: of how many cases there is a graph, and how many agree; the median of the nodes, of the transposes and of the seconds of graphs that agree. A graph of ours that is not right is never
published: the proof refuses it, and the row says why.

{parts}

## Recurrent layers in one operation

How many cases of each become LSTM, GRU or RNN of ONNX, with no loop beside it.

| layer | cases | tf2onnx | Keras | ours |
|---|---|---|---|---|
{fused}

## Nothing to convert

| class | why |
|---|---|
{absent}
"""

_TITLES: Mapping[str, str] = MappingProxyType({"layers": "Layers", "applications": "Applications"})
_ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "layers": "Weights that start as zeros or ones have values of their own.",
        "applications": "With the top, at the smallest image that each takes, kernels random, and moving statistics of random images.",
    }
)
_HEADER = (
    "| {kind} | cases | tf2onnx: graphs | agree | Keras: graphs | agree | ours: agree | by | nodes: tf2onnx | Keras | ours | transposes: tf2onnx | Keras | ours "
    "| seconds: tf2onnx | Keras | ours | not, and why |"
)
_KINDS: Mapping[str, str] = MappingProxyType({"layers": "layer", "applications": "model"})
CELLS = _HEADER.count("|") - 1

Found = Mapping[str, Verdicts]
"""The verdicts of a row's cases by column."""


def document(parts: Mapping[str, Mapping[str, Found]], recurrent: Mapping[str, Found], *, keras: str, tensorflow: str, limit: float) -> str:
    """Return the page: for each part its rows, for each row the verdicts of its cases by column; `recurrent` has those of recurrent cases alone."""
    return _PAGE.format(
        keras=keras,
        tensorflow=tensorflow,
        limit=limit,
        summary="\n".join(_summary(parts)),
        parts="\n\n".join(_part(name, rows) for name, rows in parts.items()),
        fused="\n".join(_fused(name, found) for name, found in recurrent.items()),
        absent="\n".join(f"| {name} | {why} |" for name, why in sorted(ABSENT.items())),
    )


def row(name: str, found: Found) -> str:
    """Return one row of a table."""
    cells = [name, str(len(found[OURS]))]
    for column in (TF2ONNX, KERAS):
        cells += [count(sum(each.converted for each in known(found[column])), found[column]), count(len(agreed(found[column])), found[column])]
    cells += [count(len(agreed(found[OURS])), found[OURS]), exporters(found[OURS])]
    cells += [median([each.nodes for each in agreed(found[column])]) for column in COLUMNS]
    cells += [median([each.transposes for each in agreed(found[column])]) for column in COLUMNS]
    cells += [median([each.seconds for each in agreed(found[column])], 1) for column in COLUMNS]
    return line([*cells, reasons(found[OURS])])


def _summary(parts: Mapping[str, Mapping[str, Found]]) -> Iterable[str]:
    yield "| part | cases | tf2onnx alone | Keras alone | ours |"
    yield "|---|---|---|---|---|"
    for name, rows in parts.items():
        told = [counted(verdict for found in rows.values() for verdict in found[column]) for column in COLUMNS]
        yield line([f"{_TITLES[name]}, {len(rows)} rows", str(sum(len(found[OURS]) for found in rows.values())), *told])


def _part(name: str, rows: Mapping[str, Found]) -> str:
    header = _HEADER.format(kind=_KINDS[name])
    lines = [f"## {_TITLES[name]}", "", _ABOUT[name], "", header, "|---" * CELLS + "|", *(row(each, found) for each, found in rows.items())]
    return "\n".join(lines)


def _fused(name: str, found: Found) -> str:
    told = [count(sum(each.agrees and each.fused for each in known(found[column])), found[column]) for column in COLUMNS]
    return line([name, str(len(found[OURS])), *told])
