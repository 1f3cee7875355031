"""Sounds as inputs: waves of a free length, or frames of features, as many and as wide as the configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converter.plugin import Axis, Dim, Input, MissingInputs

if TYPE_CHECKING:
    from converter_torch.huggingface.opening import Opened

WAVES = "input_values"
_SAMPLES = Axis(1000, 20000, 1, 16000)
_FRAMES = Axis(16, 256)
_WIDTHS = ("feature_projection_input_dim", "input_feat_per_channel", "num_mel_bins", "num_mel_bins_input", "feature_size", "input_dim")


def of(opened: Opened, name: str, batch: str) -> Input:
    """Return the input of waves or of features."""
    audio = getattr(opened.config, "audio_config", opened.config)
    return Input(name, "float32", (batch, *_dims(name, audio)))


def ranges(config: Any) -> dict[str, Axis]:
    """Return the axes of sounds; waves are as long as the strided layers that take them in want."""
    audio = getattr(config, "audio_config", config)
    field = 1
    for kernel, stride in reversed(list(zip(getattr(audio, "conv_kernel", ()), getattr(audio, "conv_stride", ()), strict=False))):
        field = (field - 1) * stride + kernel
    low = 2 * field if field > 1 else _SAMPLES.low
    return {"samples": Axis(low, max(_SAMPLES.high, 8 * low), 1, _SAMPLES.usual), "frames": _FRAMES}


def _dims(name: str, audio: Any) -> tuple[Dim, ...]:
    width = next((value for key in _WIDTHS if isinstance(value := getattr(audio, key, None), int)), 0) * getattr(audio, "input_channels", 1)
    if name == WAVES:
        return (int(audio.max_length), width) if width and hasattr(audio, "max_length") and hasattr(audio, "frequency_stride") else ("samples",)
    if hasattr(audio, "max_source_positions") and hasattr(audio, "num_mel_bins"):  # features first, and always as many frames
        return int(audio.num_mel_bins), 2 * int(audio.max_source_positions)
    if not width:
        raise MissingInputs(f"how many features a frame of {name} has is not in the configuration", hint=f"--input '{name}:float32[batch,frames,80]'")
    return "frames", width
