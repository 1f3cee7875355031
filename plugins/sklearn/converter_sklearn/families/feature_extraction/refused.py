"""Transformers of what is no table."""

from __future__ import annotations

from typing import Any, ClassVar

from converter_sklearn.expressed import Expressed


class _Refused(Expressed):
    """Writes nothing."""

    why: ClassVar[str]

    @classmethod
    def fault(cls, estimator: Any) -> str:  # noqa: ARG003 - none of its kind is written
        """Return why it is not written."""
        return cls.why


class OfDictionaries(_Refused):
    """A DictVectorizer."""

    why = "it takes dictionaries, and a graph takes tensors"


class OfImages(_Refused):
    """A PatchExtractor."""

    why = "it takes images and makes several rows of each"
