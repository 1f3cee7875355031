"""Classes that training checkpoints name beside their weights and that can do nothing: loaded without --trust.

Arguments of the command line, paths, NumPy's scalars, and Lightning's AttributeDict, for which a plain dict stands in.
"""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

_ATTRIBUTE_DICTS = (
    "lightning_fabric.utilities.data.AttributeDict",
    "lightning.fabric.utilities.data.AttributeDict",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning.pytorch.utilities.parsing.AttributeDict",
)
_PATHS = (pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.Path)
_NUMBERS = [kind for name, kind in vars(np.dtypes).items() if name.endswith("DType") and isinstance(kind, type) and "Object" not in name]


def classes() -> list[Callable[..., Any] | tuple[Callable[..., Any], str]]:
    """Return the classes, some with the names that files have for them, as `torch.serialization.safe_globals` takes them."""
    scalar: Callable[..., Any] = np._core.multiarray.scalar  # type: ignore[attr-defined]
    found: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [argparse.Namespace, np.dtype, *_NUMBERS]
    found += [(dict, name) for name in _ATTRIBUTE_DICTS]
    found += [(scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]
    found += [(_as_text, f"{module}.{path.__name__}") for path in _PATHS for module in ("pathlib", "pathlib._local")]
    return found


def _as_text(*parts: str) -> str:
    """A path of another machine is a text here."""
    return "/".join(parts)
