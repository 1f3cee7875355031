"""Sparse codes: few atoms of a dictionary that add up to a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.writing import Value, loop, side_by_side
from converter_sklearn.expressed import Expressed, dense
from converter_sklearn.families.decomposition.descent import descended


class Coding(Expressed):
    """Rows as codes [batch, atoms] of a dictionary that was learned."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return that its algorithm is not written."""
        if estimator.transform_algorithm == "lasso_lars" and estimator.positive_code:
            return "with positive_code LARS stops before it reaches the lasso's codes"
        return "" if estimator.transform_algorithm in _ALGORITHMS else f"transform_algorithm={estimator.transform_algorithm!r} is not written"

    @property
    def atoms(self) -> np.ndarray:
        """The dictionary, [atoms, columns]."""
        return dense(self.estimator.components_)

    @property
    def penalty(self) -> float:
        """The weight of the sum of a code's sizes."""
        alpha = self.estimator.transform_alpha
        found = getattr(self.estimator, "alpha", None) if alpha is None else alpha
        return 1.0 if found is None else float(found)

    def transform(self) -> Value:
        """Write the codes; with split_sign what is above 0 and, behind it, what is below."""
        code = _ALGORITHMS[self.estimator.transform_algorithm](self)
        return side_by_side([code.positive(), (-code).positive()]) if self.estimator.split_sign else code

    def inverse_transform(self) -> Value:
        """Write the columns that codes stand for."""
        count = len(self.atoms)
        code = self.x.columns(range(count)) - self.x.columns(range(count, 2 * count)) if self.estimator.split_sign else self.x
        return code @ self.atoms

    def threshold(self) -> Value:
        """Write codes: what atoms and a row have in common, as far as it is above the penalty."""
        return self._shrunk(self.x @ self.atoms.T)

    def lasso(self, tolerance: float, most: int) -> Value:
        """Write the codes that a lasso finds by coordinate descent, `enet_coordinate_descent_gram` of scikit-learn.

        A row's search ends where its steps are small beside its largest coefficient, and the duality gap beside the row's squared length.
        """
        gram, common = self.atoms @ self.atoms.T, (self.x @ self.atoms.T).transposed(1, 0)
        squares = (self.x * self.x).sum().transposed(1, 0)

        def step(_: Value, codes: Value, is_open: Value) -> tuple[Value, list[Value]]:
            moved, _ = descended(
                codes, self.constant(gram) @ codes - common, gram, lambda code, slope, size: self._shrunk(code * size - slope) / size
            )
            found = is_open.where(moved, codes)
            is_moving = abs(found - codes).max(0) > abs(found).max(0) * tolerance
            is_open = is_open & (is_moving | (self._gap(found, common, gram, squares) > squares * tolerance))
            return is_open.any(), [found, is_open]

        zeros = self.x.for_each_row(np.zeros(len(gram))).transposed(1, 0)
        return loop(step, [zeros, zeros.sum(0) == 0], most)[0].transposed(1, 0)

    def _gap(self, codes: Value, common: Value, gram: np.ndarray, squares: Value) -> Value:
        """Return how far the lasso's value of codes [atoms, batch] can be from the least, [1, batch]: `gap_enet_gram` of scikit-learn."""
        left = common - self.constant(gram) @ codes
        if not self.penalty:
            return (left * left).sum(0)
        steepest = (left if self.estimator.positive_code else abs(left)).max(0)
        scale = (steepest > self.penalty).where(self.penalty / steepest, 1)
        own = (codes * common).sum(0)
        rest = squares - own - (codes * left).sum(0)
        return rest * (scale * scale + 1) / 2 + abs(codes).sum(0) * self.penalty - scale * (squares - own)

    def pursuit(self) -> Value:
        """Write codes by orthogonal matching pursuit: the atom that has most in common with what is left comes next, `_gram_omp` of scikit-learn."""
        count, columns = self.atoms.shape
        wanted = int(self.estimator.transform_n_nonzero_coefs or min(max(columns / 10, 1), count))
        gram, common = self.atoms @ self.atoms.T, self.x @ self.atoms.T
        least = float(np.finfo(np.float64).eps)
        numbers = self.constant(np.arange(wanted)[None, :, None], "int64")

        def step(number: Value, bases: Value, images: Value, codes: Value, left: Value, is_open: Value) -> tuple[Value, list[Value]]:
            atom = (abs(left).argmax().wide() == np.arange(count)).cast(left.dtype)
            known = (images * atom.wide()).sum(2)
            base = atom - (bases * known).sum(1, keep=False)
            image = base @ gram
            size = (image * atom).sum()
            is_open = is_open & ((left * left).max() >= least) & (size > least)
            scale = is_open.where(1 / is_open.where(size, 1).sqrt(), 0)
            base, image = base * scale, image * scale
            share = (common * base).sum()
            is_new = numbers == number
            state = [is_new.where(base.wide(), bases), is_new.where(image.wide(), images), codes + base * share, left - image * share, is_open]
            return is_open.any(), state

        zeros = self.x.for_each_row(np.zeros(count))
        none = self.x.for_each_row(np.zeros((wanted, count)))
        return loop(step, [none, none, zeros, common, zeros.sum() == 0], wanted)[2]

    def _shrunk(self, code: Value) -> Value:
        if self.estimator.positive_code:
            return (code - self.penalty).positive()
        return code.sign() * (abs(code) - self.penalty).positive()


class GivenAtoms(Coding):
    """Rows as codes of a dictionary that was given."""

    @property
    def atoms(self) -> np.ndarray:
        """The dictionary, [atoms, columns]."""
        return dense(self.estimator.dictionary)


_ALGORITHMS: dict[str, Any] = {
    "lasso_cd": lambda coding: coding.lasso(1e-8, coding.estimator.transform_max_iter),
    "lasso_lars": lambda coding: coding.lasso(1e-13, 10_000),
    "omp": Coding.pursuit,
    "threshold": Coding.threshold,
}
