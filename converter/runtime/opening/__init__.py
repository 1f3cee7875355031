"""Opening a graph: what it declares, on which device, and with which of ONNX Runtime's options."""
