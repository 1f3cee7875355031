"""Products of columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, combinations_with_replacement

from converter.writing import Value, in_chunks, side_by_side
from converter_sklearn.expressed import Expressed

_MANY = 100  # products, which rows share out some at a time
_CHUNK = 1 << 16  # numbers that stay in a core's cache


class Products(Expressed):
    """PolynomialFeatures: the products of each degree are columns times products of the degree below."""

    def transform(self) -> Value:
        """Write the products, [batch, products]."""
        count = int(self.estimator.n_output_features_)
        if count < _MANY:
            return self._products(self.x)
        (found,) = in_chunks(lambda rows: [self._products(rows)], self.x, self.estimator.n_features_in_, max(1, _CHUNK // count))
        return found

    def _products(self, rows: Value) -> Value:
        """Return the products of some rows, [batch, products]."""
        columns = rows.transposed(1, 0)  # whole columns are copied sooner than single numbers
        lowest = max(self.estimator._min_degree, 1)
        kept = [value for degree, value in enumerate(self._degrees(columns), 1) if degree >= lowest]
        ones = [rows.for_each_row([1.0]).transposed(1, 0)] if self.estimator.include_bias else []
        return side_by_side([*ones, *kept], axis=0).transposed(1, 0)

    def _degrees(self, columns: Value) -> Iterator[Value]:
        """Yield the products of 1, 2, … of the columns [columns, batch]: [products, batch]."""
        drawn = combinations if self.estimator.interaction_only else combinations_with_replacement
        places = range(self.estimator.n_features_in_)
        known = columns
        below: dict[tuple[int, ...], int] = {(place,): place for place in places}
        for degree in range(1, self.estimator._max_degree + 1):
            factors = list(drawn(places, degree))
            if not factors:
                return
            if degree > 1:
                known = columns[self._at([each[0] for each in factors])] * known[self._at([below[each[1:]] for each in factors])]
            below = {each: place for place, each in enumerate(factors)}
            yield known

    def _at(self, places: list[int]) -> Value:
        return self.constant(places, "int64")
