"""What training left in a SavedModel.

Keras 3 knows Keras 2's optimizers no more, and TensorFlow cannot load a folder that holds one without its class: the slots, moments of the weights, have no owner.
Here they are variables that nothing reads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import tensorflow as tf
from tensorflow.python.saved_model.load import Loader

_RECREATE = "_recreate_base_user_object"  # TensorFlow's own, private: makes an object of a class that nobody registered


@contextlib.contextmanager
def strange_optimizers() -> Iterator[None]:
    """Let objects of unknown classes have slots while a SavedModel is loaded."""
    own = getattr(Loader, _RECREATE)

    def recreate(self: Any, proto: Any = None, node_id: Any = None) -> Any:
        found, setter = own(self, proto, node_id)
        type(found).add_slot = staticmethod(_slot)  # each has a class of its own
        return found, setter

    setattr(Loader, _RECREATE, recreate)
    try:
        yield
    finally:
        setattr(Loader, _RECREATE, own)


def _slot(var: Any, slot_name: str) -> tf.Variable:
    return tf.Variable(tf.zeros(var.shape, var.dtype), trainable=False, name=slot_name)
