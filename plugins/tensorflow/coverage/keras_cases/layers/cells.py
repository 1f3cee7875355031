"""A cell that Keras does not have."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("keras_cases")
class LeakyCell(keras.layers.Layer):  # type: ignore[misc]
    """A state that leaks: h' = 0.7 h + 0.3 tanh(x W + h U + b)."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, inputs: Any, states: Any) -> Any:
        """Return the new state, as the output and as the state."""
        driven = keras.ops.tanh(inputs @ self.kernel + states[0] @ self.recurrent_kernel + self.bias)
        state = 0.7 * states[0] + 0.3 * driven
        return state, [state]

    def get_config(self) -> dict[str, Any]:
        """Return what the cell is made from."""
        return {**super().get_config(), "units": self.units}
