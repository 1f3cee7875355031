"""A case: an estimator with settings, and the table that it is fitted to; half of the table's rows are never shown to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from sklearn import datasets

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """Rows that an estimator is fitted to, their target, and rows of the same kind that it never sees."""

    rows: Any
    target: Any
    unseen: Any


@dataclass(frozen=True)
class Case:
    """An estimator that is not fitted, what was set of it, and the name of its table; `fit` are more arguments of its fit."""

    estimator: Any
    setting: str
    table: str
    fit: Settings = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The estimator's class."""
        return type(self.estimator).__name__

    @property
    def title(self) -> str:
        """The class and what was set."""
        return f"{self.name}({self.setting})"

    def fitted(self) -> Any:
        """Return the estimator, fitted, always in the same way: what draws numbers is given a seed."""
        from sklearn import clone

        table = TABLES[self.table]()
        estimator = clone(self.estimator)
        unseeded = [name for name, value in estimator.get_params().items() if name.rpartition("__")[2] == "random_state" and value is None]
        estimator.set_params(**dict.fromkeys(unseeded, 0))
        return estimator.fit(table.rows, table.target, **self.fit) if table.target is not None else estimator.fit(table.rows, **self.fit)


def cases(kind: Callable[..., Any], *settings: Settings, table: str = "wine", **always: Any) -> Iterator[Case]:
    """Yield an estimator with its defaults, and with each of the settings; `always` is set in all of them."""
    for each in ({}, *settings):
        told = ", ".join(f"{name}={getattr(value, '__name__', repr(value))}" for name, value in each.items())
        yield Case(kind(**{**always, **each}), told or "default", table)


def halves(rows: Any, target: Any = None) -> Table:
    """Return a table of every second row; the others are the unseen ones."""
    place = np.arange(len(rows))
    pick = (lambda values, chosen: values.iloc[chosen]) if hasattr(rows, "iloc") else lambda values, chosen: values[chosen]
    return Table(pick(rows, place[::2]), None if target is None else np.asarray(target)[::2], pick(rows, place[1::2]))


def standard(rows: np.ndarray) -> np.ndarray:
    """Return columns of mean 0 and deviation 1."""
    spread = rows.std(axis=0)
    scaled: np.ndarray = (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return scaled


def _known(name: str) -> tuple[np.ndarray, np.ndarray]:
    rows, target = getattr(datasets, f"load_{name}")(return_X_y=True)
    return rows, target


def _wine() -> Table:
    rows, target = _known("wine")
    return halves(standard(rows), target)


def _words() -> Table:
    rows, target = _known("wine")
    return halves(standard(rows), np.array(["red", "white", "rosé"])[target])


def _cancer() -> Table:
    rows, target = _known("breast_cancer")
    return halves(standard(rows)[:, :10], target)


def _diabetes() -> Table:
    rows, target = _known("diabetes")
    return halves(standard(rows), target)


def _counts() -> Table:
    """Whole numbers that are not negative: pixels of digits, and which digit it is."""
    rows, target = _known("digits")
    return halves(rows[:400, 18:38], target[:400] % 3)


def _linnerud() -> Table:
    rows, target = _known("linnerud")
    rng = np.random.default_rng(0)
    many = rng.integers(0, len(rows), 120)
    return halves(standard(rows)[many] + rng.normal(0, 0.1, (120, 3)), standard(target)[many])


def _labels() -> Table:
    """Three answers for each row, each yes or no."""
    rows, target = _known("digits")
    return halves(rows[:400, 18:38] / 16, np.stack([target[:400] % 2, target[:400] > 4, target[:400] % 3 == 0], axis=1).astype(int))


def _holes() -> Table:
    rows, target = _known("wine")
    return halves(np.where(np.random.default_rng(1).random(rows.shape) < 0.1, np.nan, standard(rows)), target)


def _categories() -> Table:
    """Categories as whole numbers: a few in the first columns, fifty in the last, of which some are rare."""
    rng = np.random.default_rng(2)
    rare = np.minimum(rng.geometric(0.1, 300), 50) * 7
    rows = np.stack([rng.integers(0, 2, 300), rng.integers(-3, 4, 300) * 2, rare], axis=1)
    return Table(rows, rows[:, 1] + rng.normal(0, 1, 300), rows[::-1])


def _texts() -> Table:
    """Categories as texts, of which some are rare."""
    texts = np.array([[f"ü{code}" for code in row] for row in _categories().rows], object)
    return Table(texts, np.array(["low", "high", "unknown"])[np.random.default_rng(3).integers(0, 3, len(texts))], texts[::-1])


def _missing_texts() -> Table:
    """Categories as texts, of which some are missing."""
    table, rng = _texts(), np.random.default_rng(4)
    rows = np.where(rng.random(table.rows.shape) < 0.2, np.nan, table.rows)
    return Table(rows, (table.target == "low").astype(int), rows[::-1])


def _missing_categories() -> Table:
    """Categories as numbers that are not whole, of which some are missing."""
    table, rng = _categories(), np.random.default_rng(5)
    rows = np.where(rng.random(table.rows.shape) < 0.2, np.nan, table.rows / 10)
    return Table(rows, table.target, rows[::-1])


def _mixed() -> Table:
    """A DataFrame of texts, whole numbers, floats and flags; some texts and floats are missing."""
    import pandas as pd

    table, texts, rng = _missing_categories(), _missing_texts(), np.random.default_rng(6)
    frame = pd.DataFrame(
        {
            "colour": texts.rows[:, 0],
            "age": rng.integers(18, 30, len(texts.rows)),
            "width": table.rows[:, 1],
            "is_new": rng.random(len(texts.rows)) < 0.5,
            "place": texts.rows[:, 2],
        }
    )
    return Table(frame, texts.target, frame.iloc[::-1])


def _skewed() -> Table:
    """Numbers of which many are equal, a constant column, and one over many orders of magnitude."""
    rng = np.random.default_rng(7)
    rows = np.stack([rng.integers(0, 4, 400) / 3, np.full(400, 2.5), np.exp(rng.normal(0, 4, 400)), rng.normal(9, 0.01, 400)], axis=1)
    return halves(rows, rng.integers(0, 3, 400))


def _kernels() -> Table:
    """A linear kernel between rows and the half that is fitted to."""
    rows, target = _wine().rows, _wine().target
    return Table(rows @ rows.T, target, _wine().unseen @ rows.T)


def _empty() -> Table:
    """Missing values, a column that has no values, and rows without any."""
    table = _holes()
    rows, unseen = table.rows.copy(), table.unseen.copy()
    rows[:, 1], unseen[::3], unseen[1, 2:] = np.nan, np.nan, np.nan
    return Table(rows, table.target, unseen)


def _positive() -> Table:
    rows, target = _known("wine")
    return halves(rows / rows.max(axis=0) + 0.01, target)


def _line() -> Table:
    """One column, and a target that rises with it but for noise."""
    column = np.linspace(0, 10, 201)
    return halves(column[:, None], np.log1p(column) + np.random.default_rng(2).normal(0, 0.2, 201))


def _codes() -> Table:
    """Categories by their numbers."""
    table = _counts()
    return Table(table.rows // 6, table.target, table.unseen // 6)


def _documents() -> Table:
    """Sentences about data sets, and which set each is about; those that are not seen have strange ones among them."""
    names = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")
    told = [(each, name) for name in names for each in re.split(r"(?<=[.:;])\s+", getattr(datasets, f"load_{name}")().DESCR)]
    sentences, about = (np.array(each, object) for each in zip(*told, strict=True))
    table = halves(sentences, about)
    mixed = [f"{strange} {each} {strange}" for strange, each in zip(_STRANGE, table.unseen, strict=False)]
    return Table(table.rows, table.target, np.array([*table.unseen, *_STRANGE, *mixed, " ".join(sentences) * 3], object))


def _words_in_columns() -> Table:
    """Words, three in a row."""
    table = _documents()
    return halves(np.array([(*each.split(), "", "", "")[:3] for each in (*table.rows, *table.unseen)], object))


_STRANGE = (
    *("", " ", "\u3000\x1c\x1d\x1e\x1f\x85\u2028", "İstanbul", "DİYARBAKIR'IN", "ΟΔΥΣΣΕΥΣ", "ΑΣ ΑΣ'Α ΑΣ1ΑΣ", "σοφος σοφός ΣΟΦΌΣ", "Σ"),
    *(
        "Straße",
        "ＤＡＴＡ ｆｕｌｌ",
        "cafe\u0301 café CAFÉ",
        "\u0301data\u0301",
        "naïve",
        "ﬁle",
        "𝔡𝔞𝔱𝔞",
        "😀 data👩‍👩‍👧data",
        "数据 データ 데이터",
        "البيانات ٣٤",
    ),
    *("data\x01data\x7f", "data\u200bset\ufeff", "x\u00adx", "__data__ a_b", "don't well-known e.g. 3.14 ½ Ⅷ"),
)

TABLES: dict[str, Callable[[], Table]] = {
    name: cache(make)
    for name, make in {
        "wine": _wine,
        "words": _words,
        "cancer": _cancer,
        "diabetes": _diabetes,
        "counts": _counts,
        "linnerud": _linnerud,
        "labels": _labels,
        "holes": _holes,
        "positive": _positive,
        "categories": _categories,
        "texts": _texts,
        "missing categories": _missing_categories,
        "missing texts": _missing_texts,
        "mixed": _mixed,
        "skewed": _skewed,
        "kernels": _kernels,
        "empty": _empty,
        "line": _line,
        "codes": _codes,
        "documents": _documents,
        "words in columns": _words_in_columns,
    }.items()
}
"""Tables by name: standardised numbers unless the name says otherwise."""
