"""Build a small Keras model with an embedding and an LSTM and write it as a .keras file: python keras_lstm.py FILE."""

from __future__ import annotations

import sys

import keras


def main(path: str) -> None:
    """Write a classifier of token sequences of any length to `path`; its weights are random but seeded."""
    keras.utils.set_random_seed(0)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    hidden = keras.layers.LSTM(16)(keras.layers.Embedding(50, 8)(tokens))
    keras.Model(tokens, keras.layers.Dense(3, activation="softmax", name="scores")(hidden)).save(path)


if __name__ == "__main__":
    main(sys.argv[1])
