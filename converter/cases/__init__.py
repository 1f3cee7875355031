"""Cases: feeds and the source model's answers to them, planned, recorded once, and kept on disk."""

from converter.cases.case import Case
from converter.cases.plan import PlannedCase, plan
from converter.cases.recording import record

__all__ = ["Case", "PlannedCase", "plan", "record"]
