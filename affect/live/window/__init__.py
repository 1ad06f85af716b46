"""The live window: layout, drawing and keyboard input."""
