"""Python functions of tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sklearn.preprocessing import FunctionTransformer

from converter.plugin import ExportError
from converter.writing import Document, Value
from converter_sklearn.estimators import Block
from converter_sklearn.expressed import Expressed
from converter_sklearn.families.preprocessing.traced import ROWS, Traced

_Function = Callable[..., Any]


class Function(Expressed):
    """A FunctionTransformer: its function is called once with a table that writes what NumPy is asked to do with it."""

    estimator: FunctionTransformer

    @classmethod
    def fault(cls, estimator: FunctionTransformer) -> str:
        """Refuse functions that do what is not written, or cannot be."""
        document = Document(21)
        columns = int(getattr(estimator, "n_features_in_", 2))
        value = Value(document, document.input("x", "float64", ["batch", columns]), "float64")
        try:
            _called(estimator, estimator.func, estimator.kw_args, value, columns)
        except Exception as error:  # noqa: BLE001 - a user's function fails in its own ways
            return f"its function {_name(estimator.func)} is not made of what can be written ({error}): write a Writer for it"
        return ""

    def transform(self) -> Value | list[Block]:
        """Write what the function makes of the columns."""
        if self.estimator.func is None:
            return list(self.blocks)
        return self._made(self.estimator.func, self.estimator.kw_args)

    def inverse_transform(self) -> Value | list[Block]:
        """Write what the inverse function makes of the columns."""
        if self.estimator.inverse_func is None:
            return list(self.blocks)
        return self._made(self.estimator.inverse_func, self.estimator.inv_kw_args)

    def _made(self, function: _Function, options: Mapping[str, Any] | None) -> Value:
        if any(block.dtype == "string" for block in self.blocks):
            raise ExportError("sklearn", "direct", f"the function {_name(function)} reads texts", hint="write a Writer for it")
        columns = sum(block.width for block in self.blocks) or int(getattr(self.estimator, "n_features_in_", 2))
        try:
            return _called(self.estimator, function, options, self.x, columns)
        except Exception as error:
            raise ExportError(
                "sklearn", "direct", f"the function {_name(function)} cannot be written: {error}", hint="write a Writer for it"
            ) from error


def _called(estimator: FunctionTransformer, function: _Function | None, options: Mapping[str, Any] | None, value: Value, columns: int) -> Value:
    """Return what a function makes of a table, [batch, …]."""
    if function is None:
        return value
    names = () if estimator.validate else getattr(estimator, "feature_names_in_", ())
    found = function(Traced.table(value, columns, [str(each) for each in names]), **(options or {}))
    if not isinstance(found, Traced) or found.shape[:1] != (ROWS,):
        raise TypeError("it does not answer a row for each row")
    return found.value


def _name(function: Any) -> str:
    inner = function.func if isinstance(function, partial) else function
    return str(getattr(inner, "__qualname__", getattr(inner, "__name__", repr(inner))))
