"""What the sequence model is made of; whatever trains needs torch and onnx, the extra `neural`."""
