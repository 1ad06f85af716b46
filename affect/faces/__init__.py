"""Face detection, cropping and preprocessing, shared by training and live use."""
