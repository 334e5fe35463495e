"""A trained model as one file that runs without OpenMMLab: ONNX or .pt2."""
