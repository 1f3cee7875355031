"""The document that this thread's traced tensors write into."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from converter.writing import Document

_document: ContextVar[Document | None] = ContextVar("document", default=None)


@contextlib.contextmanager
def writing_into(document: Document | None) -> Iterator[None]:
    """Let this thread's traced tensors write into a document; None: compute as if there were none."""
    token = _document.set(document)
    try:
        yield
    finally:
        _document.reset(token)


def is_writing() -> bool:
    """Tell whether this thread writes a document."""
    return _document.get() is not None


def current_document() -> Document:
    """Return the document that is written into."""
    document = _document.get()
    assert document is not None
    return document
