"""The ways from a TensorFlow function to an ONNX file, one a module."""
