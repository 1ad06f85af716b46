"""The network, its checkpoints, and its ONNX export."""
