"""How far a graph may be from the model: `|graph - model| <= atol + rtol * |model|`, by the coarser dtype of the two."""

from __future__ import annotations

from dataclasses import dataclass

from converter import dtypes

BY_DTYPE = {  # dtype: (atol, rtol); whatever is not here must be equal
    "float64": (1e-9, 1e-7),
    "float32": (1e-5, 1e-4),
    "float16": (2.5e-3, 1e-3),
    "bfloat16": (2e-2, 1e-2),
    "complex128": (1e-9, 1e-7),
    "complex64": (1e-5, 1e-4),
    "float8_e4m3fn": (1e-1, 1.25e-1),  # one step of a 3 bit mantissa
    "float8_e5m2": (2e-1, 2.5e-1),
}


@dataclass(frozen=True)
class Tolerance:
    """The user's own bounds; None stands for the dtype's default."""

    atol: float | None = None
    rtol: float | None = None

    def of(self, dtype: str) -> tuple[float, float]:
        """Return (atol, rtol) for values of a dtype; (0, 0) for integers, bools and strings."""
        if not dtypes.is_float(dtype):
            return 0.0, 0.0
        atol, rtol = BY_DTYPE.get(dtype, BY_DTYPE["float8_e4m3fn"])
        return (atol if self.atol is None else self.atol), (rtol if self.rtol is None else self.rtol)
