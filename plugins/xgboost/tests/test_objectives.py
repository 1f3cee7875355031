"""Links and base scores, against XGBoost's own."""

from __future__ import annotations

import numpy as np
import pytest
from xgboost import DMatrix, train

from converter_xgboost.objectives import OBJECTIVES, Link, margins_of, predictions_of

SCORES = {Link.SIGMOID: [0.3, 1e-9, 0.0, 1.0], Link.EXP: [2.5, 1e-3]}


@pytest.mark.parametrize(
    "objective", ["binary:logistic", "reg:logistic", "count:poisson", "reg:gamma", "reg:tweedie", "reg:squarederror", "binary:hinge"]
)
def test_base_scores_become_xgboosts_margins(objective: str) -> None:
    link = OBJECTIVES[objective].link
    data = DMatrix(np.zeros((2, 1)), [1, 1], nthread=1)
    for score in SCORES.get(link, [0.7]):
        booster = train({"objective": objective, "base_score": score, "nthread": 1}, data, 0)
        expected = booster.predict(data, output_margin=True)[:1]
        np.testing.assert_array_max_ulp(margins_of(np.float32([score]), link), expected, 2)


@pytest.mark.parametrize("objective", ["binary:logistic", "count:poisson", "multi:softprob", "binary:hinge", "rank:ndcg"])
def test_predictions_are_xgboosts(objective: str) -> None:
    link = OBJECTIVES[objective].link
    margins = np.float32([[-100, -20, 0], [88, 1e-3, 3], [0, 0, 0]]) if link is Link.SOFTMAX else np.float32([-100, -20, -1e-7, 0, 1e-7, 0.5, 20, 80])
    settings = {"objective": objective, "nthread": 1, **({"num_class": 3} if link is Link.SOFTMAX else {})}
    data = DMatrix(np.zeros((len(margins), 1)), np.zeros(len(margins)), nthread=1)
    booster = train({**settings, "base_score": 0.5}, data, 0)
    data.set_base_margin(margins)
    np.testing.assert_allclose(predictions_of(margins, link), booster.predict(data), rtol=1e-6, atol=1e-37)
