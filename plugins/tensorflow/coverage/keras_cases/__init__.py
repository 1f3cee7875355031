"""What is measured of the tensorflow plugin: rows by part. TensorFlow has to be started before (`converter_tensorflow.startup`).

case.py, weights.py        what a case is, and what its weights are
judging.py, apart.py       what becomes of it, and in a process of its own
page.py                    the page of the documentation
layers/                    every layer of keras.layers, a family a file
applications.py            every model of keras.applications
absent.py                  what has nothing to convert
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from keras_cases import applications, layers
from keras_cases.case import Rows

PARTS: Mapping[str, Rows] = MappingProxyType({"layers": layers.ROWS, "applications": applications.ROWS})
