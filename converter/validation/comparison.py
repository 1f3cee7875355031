"""One output of one case: the graph's values against the model's. Shape first, then the kind of dtype, then NaN and infinities, then values."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from converter import dtypes
from converter.validation.tolerance import Tolerance

SLACK = 4  # times the model's rounding: the graph rounds as well, and once more than the most that was seen
DOUBTFUL = 10  # times the relative tolerance: a model that rounds by a larger share of its largest value is not what its author meant
_FLOAT32_RANGE = (np.finfo(np.float32).tiny, np.finfo(np.float32).max / 2)  # of normal numbers whose steps are finite


@dataclass(frozen=True)
class Agreement:
    """How one output of one case compares.

    `fault` is "" where it agrees, else one of "run", "swapped", "shape", "dtype", "nan", "value".
    `ulp` counts float32 steps between the values, at most; `ties` counts labels that differ only between equally good scores,
    and `stepped` the quantised values that differ by one step.
    """

    case: str
    output: str
    fault: str = ""
    detail: str = ""
    max_abs: float = 0.0
    max_rel: float = 0.0
    ulp: float = 0.0
    out: int = 0  # elements outside the tolerance
    size: int = 0  # elements compared
    worst: tuple[int, ...] = ()
    allowed: float = 0.0  # at the worst element
    beyond: float = 0.0  # how many times what is allowed the worst element differs; infinite where nothing may
    rounding: float = 0.0  # of the model, as far as it counts, where the tolerance alone is too small
    tiny: bool = False  # the model's values are all within `atol` of 0, and those of the graph are not near them but for that
    ties: int = 0
    stepped: int = 0
    optimised: bool = True

    @property
    def agrees(self) -> bool:
        """Whether the graph may stand for the model here."""
        return not self.fault


def compare(
    case: str,
    output: str,
    graph: np.ndarray,
    model: np.ndarray,
    tolerance: Tolerance,
    tied: np.ndarray | None = None,
    rounding: float = 0.0,
    step: float = 0.0,
) -> Agreement:
    """Compare the graph's values with the model's.

    `rounding` is how far the model's own values are from exact ones: floats may differ by SLACK times as much where the tolerance alone is too small.
    `tied`, bool, of the shape of a label output, marks labels that may differ since the best scores lie within the tolerance of each other.
    `step` is that of a quantised output: what differs by no more is counted, not wrong.
    Values are compared in float64; what may differ follows from the coarser dtype of the two, since a model's own answer has no more digits than that.
    """
    if graph.shape != model.shape:
        return Agreement(case, output, "shape", f"the graph gives {list(graph.shape)}, the model {list(model.shape)}")
    graph_type, model_type = dtypes.name_of(graph.dtype), dtypes.name_of(model.dtype)
    if _kind(graph_type) != _kind(model_type):
        return Agreement(case, output, "dtype", f"the graph gives {graph_type}, the model {model_type}")
    if _kind(graph_type) != "float":
        return _compare_exactly(case, output, graph, model, tied, step)
    atol, rtol = max(tolerance.of(graph_type), tolerance.of(model_type))
    found = _compare_floats(case, output, graph, model, (atol, rtol))
    if found.fault != "value" or not (rounding or step):
        return found
    largest = float(np.max(np.abs(model), initial=0.0, where=np.isfinite(model)))
    used = min(rounding, DOUBTFUL * rtol * largest)
    looser = _compare_floats(case, output, graph, model, (atol + SLACK * used + step, rtol))
    return replace(looser, rounding=used, stepped=found.out - looser.out if step else 0)


def _kind(dtype: str) -> str:
    if dtypes.is_float(dtype):
        return "float"
    return dtype if dtype in {dtypes.STRING, "bool"} else "integer"


def _compare_exactly(case: str, output: str, graph: np.ndarray, model: np.ndarray, tied: np.ndarray | None, step: float) -> Agreement:
    different = np.asarray(graph != model, bool)
    stepped = different & (np.abs(graph.astype(np.float64) - model.astype(np.float64)) <= step) if step else np.zeros_like(different)
    different &= ~stepped
    steps = int(np.count_nonzero(stepped))
    largest = step if steps else 0.0
    ties = np.count_nonzero(different & tied) if tied is not None and tied.shape == different.shape else 0
    if ties and tied is not None:
        different &= ~tied
    out = int(np.count_nonzero(different))
    if not out:
        return Agreement(case, output, max_abs=largest, size=graph.size, ties=int(ties), stepped=steps)
    worst = tuple(int(place) for place in np.argwhere(different)[0])
    detail = f"differs in {out} of {graph.size} values; first at {list(worst)}: graph {graph[worst]!r}, model {model[worst]!r}"
    return Agreement(case, output, "value", detail, out=out, size=graph.size, worst=worst, beyond=np.inf, ties=int(ties), stepped=steps)


def _compare_floats(case: str, output: str, graph: np.ndarray, model: np.ndarray, bounds: tuple[float, float]) -> Agreement:
    wide = np.complex128 if graph.dtype.kind == "c" or model.dtype.kind == "c" else np.float64
    got, want = np.asarray(graph, wide), np.asarray(model, wide)
    if (fault := _compare_non_finite(case, output, got, want)) is not None:
        return fault
    finite = np.isfinite(want)
    size = np.where(finite, np.abs(want), 0.0)
    with np.errstate(over="ignore"):  # the difference of two huge values is infinite, and beyond any tolerance
        error = np.abs(np.where(finite, got, 0) - np.where(finite, want, 0))
        relative = error / np.where(size > 0, size, np.inf)
        steps = error / np.spacing(np.clip(size, *_FLOAT32_RANGE).astype(np.float32))
    allowed = bounds[0] + bounds[1] * size
    excess = error - allowed
    out = int(np.count_nonzero(excess > 0))
    if not error.size:
        return Agreement(case, output)
    worst = tuple(int(place) for place in np.unravel_index(int(np.argmax(excess)), error.shape))
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = error[worst] / allowed[worst]
    detail = f"differs in {out} of {error.size} values; worst at {list(worst)}: graph {got[worst]:.6g}, model {want[worst]:.6g}, allowed {allowed[worst]:.2g}"
    return Agreement(
        case,
        output,
        "value" if out else "",
        detail if out else "",
        max_abs=float(error.max()),
        max_rel=float(relative.max()),
        ulp=float(steps.max()),
        out=out,
        size=int(error.size),
        worst=worst,
        allowed=float(allowed[worst]),
        beyond=float(beyond) if out else 0.0,
        tiny=bool(size.max() <= bounds[0] and relative.max() > bounds[1]),
    )


def _compare_non_finite(case: str, output: str, got: np.ndarray, want: np.ndarray) -> Agreement | None:
    """NaN and infinities must stand where the model's stand: they pass no threshold by being incomparable."""
    nan = np.isnan(got) != np.isnan(want)
    infinite = (np.isinf(got) | np.isinf(want)) & ~((got == want) | np.isnan(got) | np.isnan(want))
    wrong = nan | infinite
    if not wrong.any():
        return None
    worst = tuple(int(place) for place in np.argwhere(wrong)[0])
    out = int(np.count_nonzero(wrong))
    detail = (
        f"NaN or infinity in {out} of {got.size} values where the other has none; first at {list(worst)}: graph {got[worst]}, model {want[worst]}"
    )
    return Agreement(case, output, "nan", detail, out=out, size=int(got.size), worst=worst)


def near_ties(scores: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """Return, for scores [rows, classes] of the model, whether each row's two best lie within the tolerance of each other: bool [rows].

    Scores [rows] of a two-class model tie at 0.5 or, outside 0 to 1, at 0.
    """
    atol, rtol = tolerance.of("float32")
    if scores.ndim < 2 or scores.shape[-1] < 2:
        flat = scores.reshape(-1)
        middle = 0.5 if flat.size and flat.min() >= 0 and flat.max() <= 1 else 0.0
        return np.asarray(np.abs(flat - middle) <= atol + rtol * abs(middle))
    second, best = np.moveaxis(np.sort(np.asarray(scores, np.float64), axis=-1)[..., -2:], -1, 0)
    with np.errstate(invalid="ignore"):  # infinities tie by being equal
        near = best - second <= 2 * (atol + rtol * np.abs(best))
    return np.asarray((best == second) | (near & np.isfinite(best)))
