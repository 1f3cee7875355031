"""Keras models and TensorFlow functions for converter: `.keras`, `.h5` and SavedModels become ONNX."""
