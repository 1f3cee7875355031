"""Latent Dirichlet allocation: how much of each topic is in a row of counts."""

from __future__ import annotations

import numpy as np

from converter.writing import Value, loop, side_by_side
from converter_sklearn.expressed import Expressed, dense


class Topics(Expressed):
    """Latent Dirichlet allocation: each row's search for its topics ends on its own."""

    def transform(self) -> Value:
        """Write the shares of the topics, [batch, topics]: `_update_doc_distribution` of `sklearn.decomposition._lda`."""
        words = dense(self.estimator.exp_dirichlet_component_)
        least = float(np.finfo(np.float64).eps)

        def step(_: Value, topics: Value, expected: Value, is_open: Value) -> tuple[Value, list[Value]]:
            found = expected * (self.x / (expected @ words + least) @ words.T) + float(self.estimator.doc_topic_prior_)
            found = is_open.where(found, topics)
            is_open = is_open & (abs(found - topics).mean() >= float(self.estimator.mean_change_tol))
            return is_open.any(), [found, _expectation(found, len(words)), is_open]

        topics = self.x.for_each_row(np.ones(len(words)))
        found = loop(step, [topics, _expectation(topics, len(words)), topics.sum() > 0], self.estimator.max_doc_update_iter)[0]
        return found / found.sum()


def _expectation(topics: Value, count: int) -> Value:
    """Return the exponential of the expected logarithms of shares with a Dirichlet distribution, [batch, topics].

    Below a millionth, where the exponential is 0, `psi` of `sklearn.decomposition._online_lda_fast` is another function than here.
    """
    found = _digamma(side_by_side([topics, topics.sum()]))
    return (found.columns(range(count)) - found.columns([count])).exp()


def _digamma(x: Value) -> Value:
    """The digamma function of positive numbers [batch, n], no nearer than `psi` of `sklearn.decomposition._online_lda_fast`: algorithm AS 103."""
    steps = x.wide(2) + np.arange(6.0)
    is_small = steps < 6
    below = is_small.where(1 / steps, 0).sum(2, keep=False)
    above = x + is_small.cast(x.dtype).sum(2, keep=False)
    r = 1 / above
    square = r * r
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252)))
    return above.log() - r * 0.5 - below - series
