"""How long a graph takes: called, bound, through ONNX Runtime's own call, and beside the model that it came from."""

from converter.benching.benching import Plan, bench
from converter.benching.report import BenchReport
from converter.benching.sampling import Goal

__all__ = ["BenchReport", "Goal", "Plan", "bench"]
