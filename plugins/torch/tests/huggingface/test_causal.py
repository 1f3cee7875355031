"""Causal language models with their cache: names, a cache that is the model's own, one graph for the prompt and for every step after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.plugin import UsageError, format_input

Save = Callable[[str], Path]


def test_the_cache_has_the_names_of_optimum(save: Save, load: Any) -> None:
    model = load(save("llama"))
    assert [format_input(each, {}) for each in model.inputs[:5]] == [
        "input_ids:int64[batch,sequence]{0..59}",
        "attention_mask:int64[batch,past + sequence]{0..1}",
        "position_ids:int64[batch,sequence]{0..79}",
        "past_key_values.0.key:float32[batch,2,past,4]",
        "past_key_values.0.value:float32[batch,2,past,4]",
    ]
    assert [each.name for each in model.outputs] == ["logits", *(f"present.{layer}.{part}" for layer in (0, 1) for part in ("key", "value"))]
    assert model.axes["past"].low == 0
    assert model.axes["past"].high + model.axes["sequence"].high == 80
    assert "LlamaForCausalLM for text-generation-with-past" in model.summary


def test_a_sampled_cache_is_the_models_own(save: Save, load: Any) -> None:
    """What the model says of all tokens at once, it says of the last ones with the cache of those before."""
    model, whole = load(save("llama")), load(save("llama"), options={"task": "text-generation"})
    sizes = {"batch": 4, "sequence": 3, "past": 6}
    feeds = model.sample(np.random.default_rng(5), sizes)
    earlier = model._sample.__self__._named[0].draw(np.random.default_rng(5), {**sizes, "sequence": 9})
    assert np.array_equal(earlier[:, 6:], feeds["input_ids"])
    mask = feeds["attention_mask"]
    positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)
    answer = whole.run({"input_ids": earlier, "attention_mask": mask, "position_ids": positions})["logits"][:, 6:]
    kept = mask[:, 6:].astype(bool)
    assert (mask[:, 0] == 0).any()
    np.testing.assert_allclose(model.run(feeds)["logits"][kept], answer[kept], rtol=1e-4, atol=1e-5)


def test_a_window_is_kept_although_the_cache_is_not_cut(save: Save, load: Any, transformers: Any) -> None:
    """transformers cuts the cache of a sliding window; here the mask alone has the window, and the answer is the same."""
    import torch

    model = load(save("mistral"))
    own = transformers.AutoModelForCausalLM.from_pretrained(save("mistral"), attn_implementation="eager")
    ids = np.random.default_rng(0).integers(60, size=(1, 20))
    cache = {each.name: np.zeros((1, 2, 0, 4), np.float32) for each in model.inputs[3:]}
    for begin, end in ((0, 15), (15, 16), (16, 20)):
        feeds = {"input_ids": ids[:, begin:end], "attention_mask": np.ones((1, end), np.int64), "position_ids": np.arange(begin, end)[None]}
        answers = model.run({**feeds, **cache})
        cache = {name.replace("present", "past_key_values"): value for name, value in answers.items() if name != "logits"}
    with torch.no_grad():
        wanted = own(torch.from_numpy(ids), use_cache=False).logits[:, 16:].numpy()
    np.testing.assert_allclose(answers["logits"], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "why"),
    [("mamba", "(keeps no keys and values|keeps more than keys and values)"), ("lfm2", "keeps more than keys and values of tokens: Linear")],
)
def test_other_states_are_refused_with_the_reason(save: Save, load: Any, name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        load(save(name))
    assert caught.value.hint == "-O task=text-generation converts it without a cache"


def test_a_task_without_a_cache_has_none(save: Save, load: Any) -> None:
    with pytest.raises(UsageError, match="does fill-mask, which keeps no cache"):
        load(save("bert of words"), options={"task": "fill-mask-with-past"})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["llama", "mistral", "gemma2", "bloom"])
def test_graphs_agree_with_and_without_a_past(save: Save, load: Any, prove: Any, name: str) -> None:
    sizes = [{"batch": 2, "sequence": 9, "past": 0}, {"batch": 3, "sequence": 1, "past": 1}, {"batch": 1, "sequence": 1, "past": 17}]
    prove(load(save(name)), *sizes, {"batch": 4, "sequence": 5, "past": 11}, exporter="patched")
