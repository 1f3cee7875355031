"""The Python face: keyword arguments named like the command line's options."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from converter import checking, pipeline
from converter.benching import BenchReport, Goal, Plan
from converter.benching import bench as measure
from converter.benching.sizes import parse_sizes
from converter.cases.data import read_data
from converter.cases.plan import DEFAULT_SEEDS
from converter.errors import UsageError
from converter.inputs import parse_inputs
from converter.request import Request
from converter.source import Source
from converter.stages import Observer, Stages
from converter.units import parse_bytes
from converter.validation import Report, Tolerance

PathLike = str | os.PathLike[str]


def convert(
    source: Any,
    destination: PathLike | None = None,
    *,
    framework: str = "",
    exporter: str = "",
    model: str = "",
    model_args: Mapping[str, Any] | None = None,
    inputs: Sequence[str] = (),
    data: PathLike | Sequence[PathLike] = (),
    options: Mapping[str, Any] | None = None,
    opset: int | None = None,
    device: str = "cpu",
    atol: float | None = None,
    rtol: float | None = None,
    seeds: int = DEFAULT_SEEDS,
    budget: float | None = None,
    cases: PathLike | None = None,
    keep_rejected: bool = False,
    trust: bool = False,
    timeout: float | None = None,
    memory: int | str | None = None,
    observers: Sequence[Observer] = (),
) -> Report:
    """Convert a model to ONNX, prove the graph against it, and publish the first that agrees.

    Args:
        source: a file or folder, a `package.module:attribute`, or a live object (nn.Module, estimator, booster, keras.Model).
        destination: the .onnx file; without one it lies beside the source's file. A live object needs one.
        framework: the plugin's name, where the source does not tell.
        exporter: only this exporter instead of every one, best first.
        model: the class or factory, `package.module:Class`, that a file of weights belongs to.
        model_args: keyword arguments for `model`, or for a source that is a class or function.
        inputs: texts `NAME:DTYPE[DIMS]{DOMAIN}`; see converter.inputs.
        data: real samples: .npz, .npy, .csv, .parquet or image files.
        options: the plugin's options.
        opset: version of ONNX's default operator set; None is the exporter's own choice.
        device: where the graph is validated: "cpu", "cuda", "cuda:1" or "auto".
        atol: absolute bound in `|graph - model| <= atol + rtol * |model|`, in place of the dtype's.
        rtol: relative bound in the same.
        seeds: how often the example's sizes are sampled.
        budget: seconds for recording, after which the less telling cases are left out.
        cases: a folder for the recorded cases.
        keep_rejected: write a graph that disagrees beside the destination, as `<stem>.rejected.onnx`.
        trust: load sources that execute code.
        timeout: seconds that the worker may take for one request.
        memory: bytes, or a text such as "8GB", that the worker may use.
        observers: told about every stage, see converter.stages.

    Returns:
        The report. `report.agrees` is False where every exporter's graph disagrees; then nothing was published.

    Raises:
        ConverterError: where the model cannot be converted at all; UsageError among them for a request that makes no sense.
    """
    request = _request(
        source,
        inputs,
        data,
        framework=framework,
        exporter=exporter,
        model=model,
        model_args=model_args,
        options=options,
        opset=opset,
        device=device,
        tolerance=Tolerance(atol, rtol),
        seeds=seeds,
        budget=budget,
        cases=Path(cases) if cases is not None else None,
        keep_rejected=keep_rejected,
        trust=trust,
        timeout=timeout,
        memory=memory,
        destination=Path(destination) if destination is not None else None,
    )
    return pipeline.convert(request, Stages(observers))


def validate(
    graph: PathLike,
    *,
    against: Any = None,
    cases: PathLike | None = None,
    framework: str = "",
    model: str = "",
    model_args: Mapping[str, Any] | None = None,
    inputs: Sequence[str] = (),
    data: PathLike | Sequence[PathLike] = (),
    options: Mapping[str, Any] | None = None,
    device: str = "cpu",
    atol: float | None = None,
    rtol: float | None = None,
    seeds: int = DEFAULT_SEEDS,
    trust: bool = False,
    timeout: float | None = None,
    memory: int | str | None = None,
    observers: Sequence[Observer] = (),
) -> Report:
    """Validate an ONNX graph that exists already.

    Against a source model (`against`, as `convert`'s source), or against cases recorded earlier (`cases`, a folder), or alone:
    then the checker judges it, and ONNX Runtime's optimised answers are compared with its unoptimised ones.
    The other arguments are those of `convert`.

    Raises:
        GraphError: where the graph is invalid or cannot be loaded; else as `convert`.
    """
    if against is not None and cases is not None:
        raise UsageError("a graph is validated against a source or against cases, not both", hint="leave out one of --against and --cases")
    path, tolerance, stages = Path(graph), Tolerance(atol, rtol), Stages(observers)
    if cases is not None:
        return checking.validate_against_cases(path, Path(cases), tolerance, device, stages)
    if against is None:
        return checking.validate_alone(path, read_data(_names(data)), parse_inputs(inputs), tolerance, device, seeds, stages)
    request = _request(
        against,
        inputs,
        data,
        framework=framework,
        model=model,
        model_args=model_args,
        options=options,
        device=device,
        tolerance=tolerance,
        seeds=seeds,
        trust=trust,
        timeout=timeout,
        memory=memory,
        destination=path,
    )
    return checking.validate_against_source(path, request, stages)


def bench(
    graph: PathLike,
    *,
    against: Any = None,
    sizes: Mapping[str, int | str | Sequence[int]] | None = None,
    framework: str = "",
    model: str = "",
    model_args: Mapping[str, Any] | None = None,
    inputs: Sequence[str] = (),
    data: PathLike | Sequence[PathLike] = (),
    options: Mapping[str, Any] | None = None,
    device: str = "auto",
    threads: int | None = None,
    seconds: float = 10.0,
    within: float = 0.02,
    confidence: float = 0.95,
    trust: bool = False,
    timeout: float | None = None,
    memory: int | str | None = None,
    observers: Sequence[Observer] = (),
) -> BenchReport:
    """Measure how long an ONNX graph takes: by ONNX Runtime's own call, as a Session, bound, and beside its source model.

    A file's source is measured in a worker process, a live object's in this one. `sizes` gives lengths of free axes, `{"batch": [1, 8, 64], "width": 100}`,
    and every combination is measured: for at most `seconds` each, until every median is known to `within` that share of it at `confidence`.
    `threads` bounds one operator, and the libraries of a source in a worker. The other arguments are those of `convert`.

    Raises:
        ConverterError: see `converter.benching.bench`; UsageError among them for sizes that are none.
    """
    path, wanted = Path(graph), parse_sizes(sizes or {})
    parsed, axes = parse_inputs(inputs)
    read = read_data(_names(data))
    request = None
    if against is not None:
        request = _request(
            against,
            inputs,
            data,
            framework=framework,
            model=model,
            model_args=model_args,
            options=options,
            trust=trust,
            timeout=timeout,
            memory=memory,
            destination=path,
        )
    plan = Plan(path, request, wanted, parsed, axes, read, device, threads, Goal(seconds, within, confidence))
    return measure(plan, Stages(observers))


def default_destination(source: Source) -> Path:
    """Return where a source's graph goes when nobody says: beside the file, or in the working directory; raises UsageError for a live object."""
    if source.path is not None:
        return source.path.with_suffix(".onnx") if source.path.is_file() else source.path.with_name(f"{source.path.name}.onnx")
    if source.reference is not None:
        return Path(f"{source.reference.rpartition('.')[2].rpartition(':')[2]}.onnx")
    raise UsageError("a live object needs a destination", hint="converter.convert(model, 'model.onnx')")


def _request(
    source: Any,
    inputs: Sequence[str],
    data: PathLike | Sequence[PathLike],
    *,
    destination: Path | None,
    model_args: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    memory: int | str | None = None,
    **fields: Any,
) -> Request:
    looked_at = Source.of(source)
    parsed, axes = parse_inputs(inputs)
    return Request(
        looked_at,
        destination or default_destination(looked_at),
        inputs=parsed,
        axes=axes,
        data=read_data(_names(data)),
        model_args=dict(model_args or {}),
        options={name: str(value) for name, value in (options or {}).items()},
        memory=parse_bytes(memory),
        **fields,
    )


def _names(data: PathLike | Sequence[PathLike]) -> list[str]:
    return [str(data)] if isinstance(data, str | os.PathLike) else [str(each) for each in data]
