"""Spectrograms of waves."""

from keras import layers

from keras_cases.case import cases

_WAVE = "wave:float32[batch,samples=64..400,1]"
_LONG = "wave:float32[batch,samples=256..900]"
_SMALL = {"frame_length": 32, "frame_step": 16, "fft_length": 32}

CASES = (
    *cases(
        layers.STFTSpectrogram,
        _WAVE,
        {"mode": "magnitude"},
        {"mode": "psd", "scaling": "spectrum"},
        {"mode": "real"},
        {"mode": "imag"},
        {"mode": "angle"},
        {"mode": "stft"},
        {"mode": "magnitude", "padding": "same"},
        {"mode": "magnitude", "fft_length": 64, "window": "hamming", "periodic": True},
        {"mode": "magnitude", "expand_dims": True},
        **_SMALL,
    ),
    *cases(layers.STFTSpectrogram, "wave:float32[batch,samples=64..400,2]", title="two channels", mode="magnitude", **_SMALL),
    *cases(
        layers.MelSpectrogram,
        _LONG,
        {"power_to_db": False},
        {"num_mel_bins": 8, "min_freq": 100.0, "max_freq": 3000.0},
        {"mag_exp": 1.0, "top_db": 40.0},
        {"window": "hamming", "sequence_length": 48},
        fft_length=64,
        sequence_stride=32,
        num_mel_bins=16,
        sampling_rate=8000,
    ),
)
