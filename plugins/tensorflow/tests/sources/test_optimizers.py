"""SavedModels that hold an optimizer of a class that nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.plugin import SourceModel

Load = Callable[..., SourceModel]


def test_a_trained_module_loads_without_its_optimizer(load: Load, tf: Any, tmp_path: Path) -> None:
    from tensorflow.python.saved_model.load import Loader

    class Trained(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight = tf.Variable([[1.0, 2.0, 3.0]])
            self.optimizer = tf.compat.v1.train.AdamOptimizer(0.1)

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def __call__(self, x: Any) -> Any:
            return x * self.weight

    module, own = Trained(), Loader._recreate_base_user_object
    module.optimizer.minimize(lambda: tf.reduce_sum(module.weight**2))
    tf.saved_model.save(module, str(tmp_path / "model"))
    with pytest.raises(AttributeError, match="add_slot"):
        tf.saved_model.load(str(tmp_path / "model"))
    model = load(tmp_path / "model")
    feeds = {"x": np.ones((2, 3), np.float32)}
    np.testing.assert_array_equal(next(iter(model.run(feeds).values())), np.tile(module.weight.numpy(), (2, 1)))
    assert Loader._recreate_base_user_object is own
