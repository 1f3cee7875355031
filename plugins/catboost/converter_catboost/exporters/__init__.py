"""The ways from a CatBoost model to an ONNX file, one a module."""
