"""The first import of Keras: its backend, and what is left of it in the environment."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from converter import plugins

OTHER_BACKEND = """
import keras
from converter.plugin import SourceError
from converter_tensorflow import startup
try:
    startup.start()
except SourceError as error:
    print(error.message, error.hint, sep="|")
"""


@pytest.mark.usefixtures("keras")
@pytest.mark.skipif(not plugins.is_installed("torch"), reason="another backend to refuse: torch is not installed")
def test_another_backend_is_refused() -> None:
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    done = subprocess.run([sys.executable, "-c", OTHER_BACKEND], capture_output=True, text=True, check=True, env=environment)
    message, hint = done.stdout.strip().split("|")
    assert message == "keras runs on its torch backend in this process, and only tensorflow can be converted"
    assert hint.startswith("set KERAS_BACKEND=tensorflow before the first import of keras")


@pytest.mark.usefixtures("keras")
def test_the_environment_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    from converter_tensorflow.startup import kept_environment

    monkeypatch.setenv("CONVERTER_KEPT", "before")
    monkeypatch.delenv("CONVERTER_ABSENT", raising=False)
    with kept_environment("CONVERTER_KEPT", "CONVERTER_ABSENT"):
        os.environ["CONVERTER_KEPT"] = os.environ["CONVERTER_ABSENT"] = "inside"
    assert os.environ["CONVERTER_KEPT"] == "before"
    assert "CONVERTER_ABSENT" not in os.environ
    assert not {"TF_ENABLE_ONEDNN_OPTS", "KERAS_BACKEND"} & set(os.environ)
