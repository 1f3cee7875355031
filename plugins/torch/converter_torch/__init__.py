"""PyTorch models for converter: checkpoints, modules, exported programs and TorchScript become ONNX."""
