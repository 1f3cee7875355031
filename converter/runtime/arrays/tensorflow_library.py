"""TensorFlow's tensors and variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.runtime.arrays.block import Block
from converter.runtime.arrays.library import DLPack
from converter.runtime.arrays.places import LEGACY


class TensorFlow(DLPack):
    """TensorFlow, whose door for DLPack takes capsules, and neither strings nor bools."""

    def __init__(self, tensorflow: Any) -> None:
        super().__init__("tensorflow", tensorflow)
        self.from_host = self._from_host
        self._tensorflow = tensorflow

    def host(self, value: Any) -> np.ndarray[Any, Any]:
        """View a tensor or a variable."""
        return np.asarray(value.numpy())

    def from_block(self, block: Block) -> Any:
        """Give a result where it lies to the caller."""
        if block.place.is_host:
            return self._from_host(block.numpy())
        return self._tensorflow.experimental.dlpack.from_dlpack(block.__dlpack__(stream=LEGACY))

    def _from_host(self, array: np.ndarray[Any, Any]) -> Any:
        with self._tensorflow.device("/CPU:0"):
            return self._tensorflow.convert_to_tensor(array)
