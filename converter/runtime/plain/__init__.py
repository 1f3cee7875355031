"""The road of main memory: plans by signature, small calls in slots, large ones through ONNX Runtime's plain call."""
