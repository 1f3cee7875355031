"""Models of images; image sizes are free where the architecture takes others."""

from __future__ import annotations

from typing import Any

from torch_cases.case import Case
from torch_cases.hugging.tiny import architecture

_ENCODER = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 37}
_PATCHES = {**_ENCODER, "image_size": 30, "patch_size": 6}
_FIXED = "pixel_values:float32[batch,3,30,30]"


def _free(kind: str, step: int, *, low: int = 32, high: int = 0, row: str = "", head: str = "AutoModel", **settings: Any) -> Case:
    sizes = ",".join(f"{name}={low}..{high or low + 12 * step}/{step}" for name in ("height", "width"))
    return architecture(kind, f"pixel_values:float32[batch,3,{sizes}]", row=row, head=head, **settings)


CASES = (
    architecture("vit", _FIXED, **_PATCHES),
    architecture("deit", _FIXED, **_PATCHES),
    architecture("beit", _FIXED, use_relative_position_bias=True, vocab_size=99, **_PATCHES),
    architecture("data2vec-vision", _FIXED, use_relative_position_bias=True, **_PATCHES),
    architecture("vit_msn", _FIXED, **_PATCHES),
    architecture("ijepa", _FIXED, **_PATCHES),
    architecture(
        "audio-spectrogram-transformer",
        "input_values:float32[batch,24,16]",
        max_length=24,
        num_mel_bins=16,
        patch_size=4,
        frequency_stride=4,
        time_stride=4,
        **_ENCODER,
    ),
    architecture("dinov2", _FIXED, **_PATCHES),
    architecture("siglip_vision_model", _FIXED, **_PATCHES),
    architecture("clip_vision_model", _FIXED, **_PATCHES),
    _free("dinov2_with_registers", 6, low=30, num_register_tokens=2, **_PATCHES),
    _free("yolos", 6, low=30, head="AutoModelForObjectDetection", **{**_PATCHES, "image_size": [30, 30]}, num_detection_tokens=4),
    architecture(
        "swin", "pixel_values:float32[batch,3,32,32]", image_size=32, patch_size=2, embed_dim=16, depths=[1, 2], num_heads=[2, 2], window_size=2
    ),
    architecture(
        "swinv2", "pixel_values:float32[batch,3,32,32]", image_size=32, patch_size=2, embed_dim=16, depths=[1, 2], num_heads=[2, 2], window_size=2
    ),
    _free("convnext", 8, hidden_sizes=[8, 16], depths=[1, 1], num_stages=2),
    _free("convnextv2", 8, hidden_sizes=[8, 16], depths=[1, 1], num_stages=2, head="AutoModelForImageClassification"),
    _free("resnet", 1, hidden_sizes=[8, 16], depths=[1, 1], embedding_size=8, layer_type="basic"),
    _free("regnet", 1, hidden_sizes=[8, 16], depths=[1, 1], embedding_size=8, groups_width=4),
    _free("bit", 1, hidden_sizes=[8, 16], depths=[1, 1], embedding_size=8, num_groups=2),
    _free("mobilenet_v1", 1, depth_multiplier=0.25, initializer_range=0.3),
    _free("mobilenet_v2", 1, depth_multiplier=0.25, finegrained_output=False, initializer_range=0.2),
    _free("efficientnet", 1, width_coefficient=0.25, depth_coefficient=0.1, hidden_dim=320),
    _free("mobilevit", 32, low=64, high=160, hidden_sizes=[12, 16, 20], neck_hidden_sizes=[8, 8, 12, 16, 20, 24, 24], num_attention_heads=2),
    _free("poolformer", 1, hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1]),
    _free(
        "segformer",
        32,
        low=64,
        high=192,
        head="SegformerForSemanticSegmentation",
        hidden_sizes=[8, 8, 16, 16],
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=16,
    ),
    _free("pvt_v2", 32, low=64, high=192, image_size=64, hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], num_attention_heads=[1, 1, 2, 2]),
    _free("focalnet", 8, image_size=32, patch_size=2, embed_dim=8, depths=[1, 1], focal_levels=[1, 1], focal_windows=[3, 3], hidden_sizes=[8, 16]),
    _free(
        "glpn",
        32,
        low=64,
        high=192,
        hidden_sizes=[8, 8, 16, 16],
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=16,
        head="AutoModelForDepthEstimation",
    ),
    _free(
        "swin2sr",
        8,
        low=8,
        high=32,
        image_size=32,
        patch_size=1,
        embed_dim=8,
        depths=[1, 1],
        num_heads=[2, 2],
        window_size=4,
        head="Swin2SRForImageSuperResolution",
    ),
    architecture(
        "levit",
        "pixel_values:float32[batch,3,64,64]",
        image_size=64,
        hidden_sizes=[16, 32, 48],
        num_attention_heads=[1, 2, 3],
        depths=[1, 1, 1],
        key_dim=[8, 8, 8],
        down_ops=[["Subsample", 8, 2, 2, 2, 2], ["Subsample", 8, 4, 2, 2, 2]],
    ),
)
