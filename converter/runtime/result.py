"""The outputs of one call: by position, by name, and as attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar


class Result(tuple[Any, ...]):
    """`out.logits`, `out["logits"]` and `out[0]` are the same; it unpacks as a tuple in the order of the graph's outputs.

    A name that no attribute can have, or that a tuple has already (`count`, `index`), is reached by brackets.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()
    _at: ClassVar[Mapping[str, int]] = {}

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, str):
            try:
                at = self._at[at]
            except KeyError:
                raise KeyError(f"no output '{at}'; the graph has {', '.join(self._fields)}") from None
        return tuple.__getitem__(self, at)

    def __getattr__(self, name: str) -> Any:
        try:
            return tuple.__getitem__(self, self._at[name])
        except KeyError:
            raise AttributeError(f"no output '{name}'; the graph has {', '.join(self._fields)}", name=name, obj=self) from None

    def __repr__(self) -> str:
        return f"Result({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (self._fields, tuple(self)))

    def _asdict(self) -> dict[str, Any]:
        """The outputs by name, as a namedtuple gives them."""
        return dict(zip(self._fields, self, strict=True))


def result_type(names: Iterable[str]) -> type[Result]:
    """The class of the results of one graph."""
    fields = tuple(names)
    return type("Result", (Result,), {"__slots__": (), "_fields": fields, "_at": {name: at for at, name in enumerate(fields)}})


def _rebuild(fields: tuple[str, ...], values: tuple[Any, ...]) -> Result:
    return result_type(fields)(values)
