"""The ways from a loaded torch model to an ONNX file, one a module."""
