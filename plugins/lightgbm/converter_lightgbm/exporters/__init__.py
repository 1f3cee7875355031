"""The ways from a LightGBM model to an ONNX file, one a module."""
