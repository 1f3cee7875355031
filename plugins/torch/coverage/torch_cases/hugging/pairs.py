"""Models of images and texts together."""

from __future__ import annotations

from typing import Any

from torch_cases.case import Case
from torch_cases.hugging.tiny import IDS, MASK, SMALL, architecture

_IMAGE = "pixel_values:float32[images,3,30,30]"
_SAME = "pixel_values:float32[batch,3,30,30]"
_VISION = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 37, "image_size": 30, "patch_size": 6}
_TEXT = {**SMALL, "projection_dim": 16, "eos_token_id": 2}


def _twin(kind: str, text: dict[str, Any], vision: dict[str, Any], **settings: Any) -> Case:
    return architecture(
        kind,
        IDS,
        MASK,
        _IMAGE,
        text_config={**_TEXT, **text},
        vision_config={**_VISION, "projection_dim": 16, **vision},
        projection_dim=16,
        **settings,
    )


CASES = (
    _twin("clip", {}, {}),
    _twin("siglip", {}, {}),
    _twin("chinese_clip", {}, {}),
    _twin("altclip", {"project_dim": 16}, {}),
    _twin("groupvit", {}, {"depths": [1, 1, 0], "num_group_tokens": [4, 2, 0], "num_output_groups": [4, 2, 0], "hidden_size": 32}),
    _twin("metaclip_2", {}, {}),
    architecture("blip", IDS, MASK, _SAME, head="BlipModel", text_config=_TEXT, vision_config=_VISION, projection_dim=16, row="blip"),
    architecture("vilt", IDS, MASK, _SAME, **{**SMALL, "image_size": 30, "patch_size": 6, "max_image_length": -1}),
    architecture(
        "visual_bert",
        IDS,
        MASK,
        "visual_embeds:float32[batch,regions=3..30,16]",
        "visual_attention_mask:float32[batch,regions]{1..1}",
        visual_embedding_dim=16,
        **SMALL,
    ),
    architecture(
        "lxmert",
        *(IDS, MASK, "visual_feats:float32[batch,regions=3..30,16]", "visual_pos:float32[batch,regions,4]{0..1}"),
        vocab_size=99,
        hidden_size=32,
        num_attention_heads=4,
        intermediate_size=37,
        l_layers=1,
        x_layers=1,
        r_layers=1,
        visual_feat_dim=16,
    ),
    architecture(
        "layoutlmv3",
        IDS,
        MASK,
        "bbox:int64[batch,sequence,4]{0..0}",
        _SAME,
        **{
            **SMALL,
            "input_size": 30,
            "patch_size": 6,
            "coordinate_size": 4,
            "shape_size": 8,
            "max_2d_position_embeddings": 32,
            "max_position_embeddings": 256,
        },
    ),
    architecture(
        "clipseg",
        IDS,
        MASK,
        _SAME,
        head="CLIPSegForImageSegmentation",
        text_config=_TEXT,
        vision_config=_VISION,
        projection_dim=16,
        extract_layers=[0, 1],
        reduce_dim=8,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=16,
    ),
    architecture("git", IDS, MASK, _SAME, head="AutoModelForCausalLM", **{**SMALL, "use_cache": False, "vision_config": _VISION}),
    architecture(
        "owlvit",
        "input_ids:int64[batch,7]{3..98}",
        "pixel_values:float32[batch,3,30,30]",
        text_config={**_TEXT, "max_position_embeddings": 7},
        vision_config=_VISION,
        projection_dim=16,
    ),
)
