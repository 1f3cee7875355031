"""Modules of PyTorch's own tests that have nothing to convert, and why."""

from __future__ import annotations

_RANDOM = "pools at random places, in evaluation mode too: it has no answer of its own"

ABSENT: dict[str, str] = {"FractionalMaxPool2d": _RANDOM, "FractionalMaxPool3d": _RANDOM}
