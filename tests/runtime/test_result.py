"""Named results."""

from __future__ import annotations

import copy
import pickle

import pytest

from converter.runtime.result import Result, result_type


def test_outputs_by_position_name_and_attribute() -> None:
    out = result_type(["logits", "state"])([1, 2])
    assert (out.logits, out["logits"], out[0], out[-1], out[:1]) == (1, 1, 1, 2, (1,))
    logits, state = out
    assert (logits, state) == out == (1, 2)
    assert isinstance(out, tuple)
    assert out._asdict() == {"logits": 1, "state": 2}
    assert repr(out) == "Result(logits=1, state=2)"


def test_names_that_a_tuple_has_or_no_attribute_can_have() -> None:
    out = result_type(["count", "index", "dense/BiasAdd:0", "_fields"])([1, 2, 3, 4])
    assert [out["count"], out["index"], out["dense/BiasAdd:0"], out["_fields"]] == [1, 2, 3, 4]
    assert out.count(1) == 1
    assert out.index(2) == 1


def test_a_name_that_is_none() -> None:
    out = result_type(["logits"])([1])
    with pytest.raises(AttributeError, match="no output 'labels'; the graph has logits"):
        _ = out.labels
    with pytest.raises(KeyError, match="no output 'labels'; the graph has logits"):
        _ = out["labels"]
    assert not hasattr(out, "labels")
    with pytest.raises(IndexError):
        _ = out[1]


def test_results_are_pickled_and_copied() -> None:
    out = result_type(["logits", "state"])([1, 2])
    for twin in (pickle.loads(pickle.dumps(out)), copy.copy(out), copy.deepcopy(out)):
        assert isinstance(twin, Result)
        assert twin.state == 2
        assert twin == out
