"""Does the graph compute what the model computes? Comparison, its tolerance, the diagnosis, and the report."""

from converter.validation.comparison import Agreement, compare
from converter.validation.report import Attempt, Report, explain, summarise
from converter.validation.rounding import settle
from converter.validation.tolerance import Tolerance
from converter.validation.validating import validate

__all__ = ["Agreement", "Attempt", "Report", "Tolerance", "compare", "explain", "settle", "summarise", "validate"]
