"""What a model takes is known from its forward and its configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.plugin import UsageError, format_input
from converter_torch.plugin import Torch

Save = Callable[[str], Path]

CASES = {
    "bert": ("input_ids attention_mask token_type_ids", "last_hidden_state pooler_output"),
    "roberta": ("input_ids attention_mask", "logits"),
    "bert of answers": ("input_ids attention_mask token_type_ids", "start_logits end_logits"),
    "layoutlm": ("input_ids bbox attention_mask token_type_ids", "logits"),
    "vit": ("pixel_values", "logits"),
    "resnet": ("pixel_values", "logits"),
    "wav2vec2": ("input_values", "logits"),
    "ast": ("input_values", "logits"),
    "clip": ("input_ids pixel_values attention_mask", "logits_per_image logits_per_text text_embeds image_embeds"),
}


@pytest.mark.parametrize("name", CASES)
def test_inputs_and_outputs_have_their_names(save: Save, load: Any, name: str) -> None:
    inputs, outputs = CASES[name]
    model = load(save(name))
    assert [each.name for each in model.inputs] == inputs.split()
    assert [each.name for each in model.outputs][: len(outputs.split())] == outputs.split()
    for axis, sizes in model.axes.items():
        smallest = {each: model.axes[each].low for each in model.axes} | {axis: sizes.nearest(3)}
        assert model.run(model.sample(np.random.default_rng(0), smallest))


def test_token_ids_and_positions_stay_inside_their_tables(save: Save, load: Any) -> None:
    model = load(save("roberta"))
    assert model.inputs[0].domain.high == 59
    longest = {"batch": 2, "sequence": model.axes["sequence"].high}
    assert longest["sequence"] == 78
    assert model.run(model.sample(np.random.default_rng(0), longest))["logits"].shape[1] == longest["sequence"]


def test_images_are_free_where_the_network_takes_every_size(save: Save, load: Any) -> None:
    free, fixed = load(save("resnet")), load(save("vit"))
    assert free.inputs[0].dims == ("batch", 3, "height", "width")
    assert free.axes["height"].step == 32
    assert fixed.inputs[0].dims == ("batch", 3, 24, 24)
    assert free.metadata["classes"] == json.dumps(["LABEL_0", "LABEL_1"])


def test_the_user_frees_an_image_whose_positions_are_interpolated(save: Save, load: Any) -> None:
    model = load(save("vit"), "pixel_values:float32[batch,3,height=16..64/8,width=16..64/8]")
    feeds = model.sample(np.random.default_rng(0), {"batch": 2, "height": 40, "width": 32})
    assert feeds["pixel_values"].shape == (2, 3, 40, 32)
    assert model.run(feeds)["logits"].shape == (2, 2)


def test_the_users_inputs_are_the_models_inputs(save: Save, load: Any) -> None:
    model = load(save("bert"), "input_ids:int64[batch,sequence=2..20]{5..9}")
    assert [each.name for each in model.inputs] == ["input_ids"]
    assert model.axes["sequence"].high == 20
    with pytest.raises(UsageError, match="pixels is no parameter of BertModel"):
        load(save("bert"), "pixels:float32[batch,3]")


def test_the_language_model_alone_when_asked(save: Save, load: Any) -> None:
    model = load(save("gpt2"), options={"task": "text-generation"})
    assert [each.name for each in model.inputs] == ["input_ids", "attention_mask", "position_ids"]
    assert [each.name for each in model.outputs] == ["logits"]
    assert "GPT2LMHeadModel for text-generation, " in model.summary


def test_sounds_of_whisper_have_their_frames(save: Save, load: Any) -> None:
    model = load(save("whisper"), options={"part": "encoder"})
    assert format_input(model.inputs[0], {}) == "input_features:float32[batch,8,20]"


def test_options_of_folders_are_refused_elsewhere(load: Any) -> None:
    import torch

    with pytest.raises(UsageError, match="takes no option task"):
        load(torch.nn.Linear(2, 2), "x:float32[n,2]", options={"task": "fill-mask"})
    assert {"task", "part"} <= {each.name for each in Torch.options}
