"""The road of device memory, and bound loops on any device: inputs bound where they lie, outputs in buffers."""
