"""Which patches mattered in one export."""

from __future__ import annotations


class Notes:
    """What stood in for torch's own, in a few words each, in the order in which it was first needed."""

    def __init__(self) -> None:
        self._words: dict[str, None] = {}

    def add(self, words: str) -> None:
        """Note that a stand-in did what torch's own would not have done."""
        self._words.setdefault(words)

    @property
    def line(self) -> str:
        """All of them; "" for none."""
        return f"patched: {', '.join(self._words)}" if self._words else ""
