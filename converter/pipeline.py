"""The whole way of the data, from a source to a proven graph. Read this file first.

    match ─ load ─ record ─┬─ export ─ finish ─ validate   (each exporter, until one agrees)
                           └─ publish

Left of `record` everything knows the framework; right of it there is only ONNX and recorded cases.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from converter.cases import Case, plan, record
from converter.cases.folders import check_folder, write_cases
from converter.errors import ConverterError, NoExporterAgrees, UnknownName
from converter.graph import documents, finish
from converter.graph.provenance import provenance
from converter.loading import Loader
from converter.publishing import Publication
from converter.runtime.opening.devices import choose_device
from converter.runtime.tables.columns import to_metadata
from converter.validation import Attempt, Report, explain, settle, summarise, validate
from converter.worker.janitor import Janitor

if TYPE_CHECKING:
    from converter.request import Request
    from converter.stages import Stages


def convert(request: Request, stages: Stages) -> Report:
    """Convert the request's source, prove the graph, and publish it at the request's destination.

    A graph that disagrees is a result: `report.agrees` is False and nothing is published.
    Raises ConverterError where no exporter came as far as a judged graph.
    """
    choose_device(request.device)  # what cannot be is refused before the work, not after it
    if request.cases is not None:
        check_folder(request.cases)
    with Janitor() as janitor, Publication(request.destination, janitor) as target, Loader(request, janitor, target.folder) as loader:
        with stages("match", request.source.name) as stage:
            stage.detail = loader.framework.name
        with stages("load", loader.framework.name) as stage:
            model = loader.model()
            stage.detail = loader.spec.summary
        with stages("record", loader.framework.name) as stage:
            planned = plan(loader.spec.axes, request.data.cases(loader.spec), request.seeds)
            cases = record(model, planned, target.folder / "cases", stage.progress, request.budget)
            stage.detail = summarise(cases, loader.spec, len(planned) - len(cases))
        attempts: list[Attempt] = []
        for exporter in chosen(request.exporter, loader.spec.exporters):
            refuted = next((sizes for each in reversed(attempts) if (sizes := each.refuted(cases))), None)
            attempts.append(attempt(exporter, request, loader, cases, target.folder / exporter, stages, refuted))
            if attempts[-1].agrees:
                break
        report = Report(request.source.name, loader.framework.name, loader.spec, cases, tuple(attempts), request.tolerance, len(planned) - len(cases))
        with stages("publish", target.destination.name) as stage:
            report = publish(report, request, target)
            stage.detail = str(report.published or "")
    return dataclasses.replace(report, seconds=dict(stages.seconds))


def attempt(
    exporter: str,
    request: Request,
    loader: Loader,
    cases: tuple[Case, ...],
    folder: Path,
    stages: Stages,
    refuted: Mapping[str, int] | None = None,
) -> Attempt:
    """Take one exporter from the loaded model to a judged graph; its failure is kept, not raised. `refuted` is ExportRequest's."""
    raw = folder / "raw.onnx"
    try:
        with stages("export", exporter):
            note = loader.export(exporter, raw, request.opset, refuted)
        with stages("finish", exporter) as stage:
            origin = provenance(request.source, loader.framework, exporter, request.to_load(loader.framework).options)
            columns = to_metadata({each.name: each.columns for each in loader.spec.inputs})
            graph = finish(raw, loader.spec, cases, {**loader.spec.metadata, **columns, **origin}, loader.framework.domains)
            stage.detail = f"{graph.nodes} nodes, opset {graph.opset}{'; ' * bool(note)}{note}"
        with stages("validate", exporter) as stage:
            judge = partial(validate, graph.path, loader.spec.outputs, cases, request.tolerance, request.device, stage.progress)
            agreements = settle(judge, cases, request.tolerance, lambda case: loader.model().rounding(case.folder))
            judged = Attempt.judged(exporter, graph, agreements, cases, note)
            stage.detail = judged.line
    except ConverterError as error:
        return Attempt(exporter, error=error)
    return judged


def chosen(wanted: str, exporters: tuple[str, ...]) -> tuple[str, ...]:
    """Return the exporters to try, best first: the wanted one only, where one is; raises UnknownName."""
    if wanted and wanted not in exporters:
        raise UnknownName("exporter for this model", wanted, list(exporters))
    return (wanted,) if wanted else exporters


def publish(report: Report, request: Request, target: Publication) -> Report:
    """Publish the graph that agrees and the recorded cases as far as they were asked for; raises NoExporterAgrees where there is no graph at all."""
    judged = [each for each in report.attempts if each.graph is not None]
    if not judged:
        raise NoExporterAgrees(*explain(report.attempts)) from next((each.error for each in report.attempts), None)
    graph = judged[-1].graph
    assert graph is not None
    if request.cases is not None:
        write_cases(request.cases, report.spec, report.cases, target.janitor)
    if report.agrees:
        documents.append_metadata(graph.path, report.proof)
        return dataclasses.replace(report, published=target.publish(graph))
    if request.keep_rejected:
        rejected = target.publish(graph, rejected=True)
        write_cases(rejected.with_suffix(".cases"), report.spec, report.cases, target.janitor)
        return dataclasses.replace(report, rejected=rejected)
    return report
