"""The live half: a frame's way from the camera to eight smoothed probabilities on the screen.

Nothing here imports training or data, and nothing imports PyTorch unless an export has to be made.
"""
