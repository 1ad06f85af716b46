"""The network, its checkpoint files, and its ONNX export."""
