"""The ways from an estimator to an ONNX file, one a module."""
