"""The CRNN of Shi, Bai and Yao 2015 in Keras: convolutions that fold the height away, two bidirectional LSTMs along the width, scores for CTC."""

from __future__ import annotations

import keras
from keras import layers

HEIGHT = 32
STAGES = ((16, (2, 2)), (32, (2, 2)), (64, None), (64, (2, 1)), (128, None), (128, (2, 1)))  # channels of a convolution, and the pool behind it
NORMALIZED = 128  # stages of so many channels are normalised


def crnn(classes: int, units: int = 96) -> keras.Model:
    """Return an untrained network: images float32 [batch, 32, width, 3], 0 to 255, to scores [batch, width // 4, classes], class 0 the blank."""
    images = keras.Input((HEIGHT, None, 3), name="images")
    hidden = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for number, (channels, pool) in enumerate(STAGES):
        hidden = layers.Conv2D(channels, 3, padding="same", use_bias=channels != NORMALIZED, name=f"conv{number}")(hidden)
        if channels == NORMALIZED:
            hidden = layers.BatchNormalization(name=f"norm{number}")(hidden)
        hidden = layers.ReLU(name=f"relu{number}")(hidden)
        if pool:
            hidden = layers.MaxPooling2D(pool, name=f"pool{number}")(hidden)
    hidden = layers.Conv2D(128, (2, 1), activation="relu", name="fold")(hidden)
    hidden = layers.Reshape((-1, 128), name="columns")(hidden)
    for number in range(2):
        hidden = layers.Bidirectional(layers.LSTM(units, return_sequences=True), name=f"lstm{number}")(hidden)
    return keras.Model(images, layers.Dense(classes, name="scores")(hidden), name="crnn")
