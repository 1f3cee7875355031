"""The way of a benchmark: open the graph, load the model beside it, choose the sizes, and measure at each of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from converter.benching.calls import GraphCalls
from converter.benching.machine import Machine
from converter.benching.origins import GraphOrigin, Origin, SourceOrigin
from converter.benching.report import BenchReport, Result, result
from converter.benching.sampling import Goal, measure
from converter.benching.sizes import Sizes, batch_axis, choose, combinations, items, title
from converter.cases.data import Data
from converter.errors import SourceNotFound
from converter.loading import Loader
from converter.specs import Axis, Input, ModelSpec
from converter.worker.janitor import Janitor
from converter.worker.threads import environment

if TYPE_CHECKING:
    from converter.cases.plan import PlannedCase
    from converter.request import Request
    from converter.runtime import Session
    from converter.stages import Stages


@dataclass(frozen=True)
class Plan:
    """What is measured; `against` is the request for the source model, None for the graph alone."""

    graph: Path
    against: Request | None = None
    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    axes: Mapping[str, Axis] = field(default_factory=dict)
    data: Data = Data()
    device: str = "auto"
    threads: int | None = None
    goal: Goal = Goal()


def bench(plan: Plan, stages: Stages) -> BenchReport:
    """Measure a graph.

    Raises:
        SourceNotFound: there is no such file.
        UnknownName: there is no such axis or device.
        GraphError: ONNX Runtime cannot load the graph, it fails at one of the sizes, or its inputs are not those of the model.
        InputError: the feeds do not fit the graph.
        ConverterError: the source model cannot be loaded, or fails at one of the sizes.
    """
    if not plan.graph.is_file():
        raise SourceNotFound(str(plan.graph), hint="check the path; converter convert makes an ONNX file")
    calls = GraphCalls(plan.graph, plan.device, plan.threads)
    with _origin(plan, calls.session, stages) as origin:
        data = next(iter(plan.data.cases(origin.spec)), None)
        choices = choose(origin.spec, plan.sizes, _fixed(origin.spec, data))
        results = tuple(_measure_at(sizes, calls, origin, data, plan.goal, stages) for sizes in combinations(choices))
        machine, opponent = Machine.here(origin.packages), origin.opponent
    return BenchReport(
        plan.graph.name, calls.session.device, plan.threads, plan.goal, machine, choices, results, opponent, data.origin if data else ""
    )


@contextmanager
def _origin(plan: Plan, session: Session, stages: Stages) -> Iterator[Origin]:
    if plan.against is None:
        yield GraphOrigin(session, plan.inputs, plan.axes)
        return
    variables = environment(plan.threads)
    with tempfile.TemporaryDirectory() as name, Janitor() as janitor, Loader(plan.against, janitor, Path(name), variables) as loader:
        janitor.remove(Path(name))
        with stages("load", loader.framework.name) as stage:
            origin = SourceOrigin(loader, session, Path(name))
            stage.detail = origin.spec.summary
        yield origin


def _fixed(spec: ModelSpec, data: PlannedCase | None) -> dict[str, int]:
    """The sizes that the user's data have; its batch alone can be made longer and shorter."""
    return {axis: size for axis, size in data.sizes.items() if axis != batch_axis(spec)} if data is not None else {}


def _measure_at(sizes: Sizes, calls: GraphCalls, origin: Origin, data: PlannedCase | None, goal: Goal, stages: Stages) -> Result:
    with stages("measure", title(sizes)) as stage:
        feeds = origin.feeds(sizes, data)
        contenders = [*calls.contenders(feeds, title(sizes)), *origin.contenders()]
        measured = measure({each.name: each.turn for each in contenders if each.turn is not None}, goal)
        found = result(sizes, items(origin.spec, sizes), contenders, measured, goal)
        stage.detail = f"{found.title}: {found.rounds} rounds{'' if found.is_certain else ', then the time was up'}"
    return found
