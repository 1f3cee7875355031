"""The page of the documentation: a table for each part, a row for each module or architecture, and what has nothing to convert."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from measuring.tables import Verdicts, agreed, count, counted, exporters, known, line, median, reasons
from measuring.verdict import OURS
from torch_cases.absent import ABSENT
from torch_cases.judging import COLUMNS, DYNAMO, TORCHSCRIPT

DOCUMENT = Path(__file__).parents[4] / "docs" / "reference" / "coverage-torch.md"

_PAGE = """# Coverage of PyTorch

PyTorch {torch}: its own module tests, architectures of transformers, classic architectures, and every setting of the recurrent layers, each converted by torch's two exporters alone and by
`converter`. The bare exporters, `torch.onnx.export(dynamo=True)` and the older TorchScript one (`dynamo=False`), get the same example and every free axis; a graph of theirs agrees where ONNX Runtime
gives the model's own answers at every size that the proof tries, by the proof's tolerances. Ours is what the host does: exporter by exporter until a graph stands the proof. Each conversion has a
process of its own and at most {limit:.0f} s. Written by `python benchmarks/coverage_torch.py --write`; a test keeps it true.

{summary}

In the tables: of how many cases there is a graph, and how many agree; the median of the nodes and of the seconds of graphs that agree. A graph of ours that is not right is never published: the proof
refuses it, and the row says why.

{parts}

## Nothing to convert

| module | why |
|---|---|
{absent}
"""

_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "modules": "PyTorch's own module tests",
        "transformers": "Architectures of transformers, tiny and random",
        "classics": "Classic architectures",
        "recurrent": "Recurrent layers",
    }
)
_ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "modules": "`torch.testing._internal.common_modules.module_db`, evaluation mode, float32; of samples that differ in values alone one, and of more than 24 of a module as many. The batch is free "
        "where the module takes another and rows do not mix, and the sample's own values are a case as well.",
        "transformers": "Free batch, sequence length and, where the model takes others, image size. Rows with a cache have the keys and values of earlier tokens as inputs and outputs.",
        "classics": "Every axis free that makes sense.",
        "recurrent": "1 and 2 layers × bidirectional × batch_first × bias × given states; unbatched sequences; packed ones, also with enforce_sorted and total_length.",
    }
)
_HEADER = "| {kind} | cases | dynamo: graphs | agree | TorchScript: graphs | agree | ours: agree | by | nodes: dynamo | TorchScript | ours | seconds: dynamo | TorchScript | ours | not, and why |"
_KINDS: Mapping[str, str] = MappingProxyType({"modules": "module", "transformers": "architecture", "classics": "architecture", "recurrent": "layer"})
CELLS = _HEADER.count("|") - 1

Found = Mapping[str, Verdicts]
"""The verdicts of a row's cases by column."""


def document(parts: Mapping[str, Mapping[str, Found]], *, torch: str, limit: float) -> str:
    """Return the page: for each part its rows, for each row the verdicts of its cases by column."""
    return _PAGE.format(
        torch=torch,
        limit=limit,
        summary="\n".join(_summary(parts)),
        parts="\n\n".join(_part(name, rows) for name, rows in parts.items()),
        absent="\n".join(f"| {name} | {why} |" for name, why in sorted(ABSENT.items())),
    )


def row(name: str, found: Found) -> str:
    """Return one row of a table."""
    cells = [name, str(len(found[OURS]))]
    for column in (DYNAMO, TORCHSCRIPT):
        cells += [count(sum(each.converted for each in known(found[column])), found[column]), count(len(agreed(found[column])), found[column])]
    cells += [count(len(agreed(found[OURS])), found[OURS]), exporters(found[OURS])]
    cells += [median([each.nodes for each in agreed(found[column])]) for column in COLUMNS]
    cells += [median([each.seconds for each in agreed(found[column])], 1) for column in COLUMNS]
    return line([*cells, reasons(found[OURS])])


def _summary(parts: Mapping[str, Mapping[str, Found]]) -> Iterable[str]:
    yield "| part | cases | dynamo alone | TorchScript alone | ours |"
    yield "|---|---|---|---|---|"
    for name, rows in parts.items():
        told = [counted(verdict for found in rows.values() for verdict in found[column]) for column in COLUMNS]
        yield f"| {_TITLES[name]}, {len(rows)} rows | {sum(len(found[OURS]) for found in rows.values())} | {' | '.join(told)} |"


def _part(name: str, rows: Mapping[str, Found]) -> str:
    header = _HEADER.format(kind=_KINDS[name])
    lines = [f"## {_TITLES[name]}", "", _ABOUT[name], "", header, "|---" * CELLS + "|", *(row(each, found) for each, found in rows.items())]
    return "\n".join(lines)
