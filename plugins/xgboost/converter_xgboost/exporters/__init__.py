"""The ways from an XGBoost model to an ONNX file, one a module."""
